#include <pybind11/stl.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "arrays.h"
#include "basnet_rt/engine.h"
#include "bindings.h"
#include "locked.h"

namespace basnet_rt::python {
namespace {

engine::Model load(const std::string& path, std::optional<std::string> dtype, int num_threads,
                   bool exact) {
  return engine::Model::load(path, {std::move(dtype), num_threads, exact});
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

/// The network of one stream, as in a localizer of the core, for users who need activations.
class Stream {
  template <class Call>
  auto run(const Call& call) {
    return network_.run([&](std::shared_ptr<StreamNetwork>& own) { return call(*own); });
  }

 public:
  Stream(const engine::Model& model, bool with_cas)
      : feature_dim_(model.metadata().feature_dim),
        num_classes_(model.metadata().num_classes()),
        with_cas_(with_cas),
        network_(engine::stream_network(model, with_cas)) {}

  /// (activations (M, C), cas (M, C+1) or None), float32.
  py::tuple push(const py::array& features) {
    const CasView view = cas_view(features, "features");
    if (view.num_classes != feature_dim_) {
      throw Error(ErrorCode::kInvalidArgument, "features has " + std::to_string(view.num_classes) +
                                                   " channels; the model takes " +
                                                   std::to_string(feature_dim_));
    }
    const FeatureView rows{view.data, view.num_snippets, view.num_classes};
    return arrays(run([&](StreamNetwork& own) { return own.push(rows); }));
  }

  py::tuple flush() {
    return arrays(run([](StreamNetwork& own) { return own.flush(); }));
  }

  void undo() {
    run([](StreamNetwork& own) { own.undo(); });
  }

  void reset() {
    run([](StreamNetwork& own) { own.reset(); });
  }

  py::bytes save() {
    return run([](StreamNetwork& own) { return own.save(); });
  }

  void load(const py::bytes& state) {
    const auto bytes = static_cast<std::string_view>(state);
    run([&](StreamNetwork& own) { own.load(bytes); });
  }

 private:
  py::tuple arrays(StreamActivations&& certain) const {
    const auto snippets = static_cast<py::ssize_t>(certain.num_snippets);
    const auto classes = static_cast<py::ssize_t>(num_classes_);
    py::object cas = py::none();
    if (with_cas_) cas = to_array(std::move(certain.cas)).reshape({snippets, classes + 1});
    return py::make_tuple(to_array(std::move(certain.activations)).reshape({snippets, classes}),
                          std::move(cas));
  }

  std::int64_t feature_dim_, num_classes_;
  bool with_cas_;
  Locked<std::shared_ptr<StreamNetwork>> network_;
};

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
      .def(py::init([](const std::string& path, std::optional<std::string> dtype, int threads,
                       bool exact) {
             return without_gil([&] { return load(path, std::move(dtype), threads, exact); });
           }),
           py::arg("path"), py::arg("dtype").none(true), py::arg("num_threads"), py::arg("exact"))
      .def("forward", &forward, py::arg("features"))
      .def_property_readonly("dtype", &engine::Model::dtype)
      .def_property_readonly("kernel", &engine::Model::kernel)
      .def_property_readonly("num_threads", &engine::Model::num_threads);
  py::class_<Stream>(module, "EngineStream")
      .def(py::init<const engine::Model&, bool>(), py::arg("model"), py::arg("with_cas"))
      .def("push", &Stream::push, py::arg("features"))
      .def("flush", &Stream::flush)
      .def("undo", &Stream::undo)
      .def("reset", &Stream::reset)
      .def("save", &Stream::save)
      .def("load", &Stream::load, py::arg("state"));
  module.def("kernels", &kernels);
}

}  // namespace basnet_rt::python
