#include <pybind11/stl.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "arrays.h"
#include "basnet_rt/engine.h"
#include "bindings.h"
#include "locked.h"

namespace basnet_rt::python {
namespace {

engine::Model load(const std::string& path, std::optional<std::string> dtype, int num_threads) {
  return engine::Model::load(path, {std::move(dtype), num_threads});
}

/// (activations (T, C), video scores (C,), foreground (T,), cas (T, C+1)), float32.
py::tuple forward(const engine::Model& model, const py::array& features) {
  const CasView view = cas_view(features, "features");
  const FeatureView rows{view.data, view.num_snippets, view.num_classes};
  Activations found = without_gil([&] { return model.forward(rows); });
  const auto snippets = static_cast<py::ssize_t>(found.num_snippets);
  const auto classes = static_cast<py::ssize_t>(found.num_classes);
  return py::make_tuple(to_array(std::move(found.activations)).reshape({snippets, classes}),
                        to_array(std::move(found.video_scores)),
                        to_array(std::move(found.foreground)),
                        to_array(std::move(found.cas)).reshape({snippets, classes + 1}));
}

/// [(name, available, why not)]
py::list kernels() {
  py::list listed;
  for (const engine::KernelInfo& one : engine::kernel_infos()) {
    listed.append(py::make_tuple(one.name, one.available, one.reason));
  }
  return listed;
}

}  // namespace

void bind_engine(py::module_& module) {
  py::class_<engine::Model>(module, "EngineModel")
      .def(py::init([](const std::string& path, std::optional<std::string> dtype, int threads) {
             return without_gil([&] { return load(path, std::move(dtype), threads); });
           }),
           py::arg("path"), py::arg("dtype").none(true), py::arg("num_threads"))
      .def("forward", &forward, py::arg("features"))
      .def_property_readonly("dtype", &engine::Model::dtype)
      .def_property_readonly("kernel", &engine::Model::kernel)
      .def_property_readonly("num_threads", &engine::Model::num_threads);
  module.def("kernels", &kernels);
}

}  // namespace basnet_rt::python
