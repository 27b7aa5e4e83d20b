#pragma once

// One function per binding file; each file binds one public header.

#include <pybind11/pybind11.h>

namespace basnet_rt::python {

void bind_errors(pybind11::module_& module);
void bind_bundle(pybind11::module_& module);
void bind_config(pybind11::module_& module);
void bind_engine(pybind11::module_& module);
void bind_postprocess(pybind11::module_& module);
void bind_network_localizer(pybind11::module_& module);
void bind_network_state(pybind11::module_& module);
void bind_nms(pybind11::module_& module);
void bind_stream(pybind11::module_& module);
void bind_stream_pool(pybind11::module_& module);
void bind_onset(pybind11::module_& module);
void bind_evaluate(pybind11::module_& module);
void bind_cuda(pybind11::module_& module);
void bind_cuda_streams(pybind11::module_& module);

}  // namespace basnet_rt::python
