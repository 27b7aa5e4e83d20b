#include <pybind11/pybind11.h>

#include "basnet_rt/version.h"
#include "bindings.h"

PYBIND11_MODULE(_core, module, pybind11::mod_gil_not_used()) {
  module.doc() = "The compiled core of basnet_rt; use it through the basnet_rt package.";
  module.attr("__version__") = basnet_rt::version();
  basnet_rt::python::bind_errors(module);
  basnet_rt::python::bind_bundle(module);
  basnet_rt::python::bind_config(module);
  basnet_rt::python::bind_engine(module);
  basnet_rt::python::bind_postprocess(module);
  basnet_rt::python::bind_nms(module);
  basnet_rt::python::bind_stream(module);
  basnet_rt::python::bind_network_state(module);
  basnet_rt::python::bind_network_localizer(module);
  basnet_rt::python::bind_stream_pool(module);
  basnet_rt::python::bind_onset(module);
  basnet_rt::python::bind_evaluate(module);
  basnet_rt::python::bind_cuda(module);
  basnet_rt::python::bind_cuda_streams(module);
}
