#include <pybind11/stl.h>

#include <optional>
#include <string_view>

#include "arrays.h"
#include "basnet_rt/postprocess.h"
#include "basnet_rt/stream.h"
#include "bindings.h"

namespace basnet_rt::python {
namespace {

using MaybeArray = std::optional<py::array>;

py::tuple push(StreamPostprocessor& stream, const py::array& activations, const MaybeArray& cas) {
  const CasView view = cas_view(activations, "activations");
  const CasView raw = cas ? cas_view(*cas, "cas") : CasView{};
  return to_arrays(without_gil([&] { return stream.push(view, raw); }));
}

py::tuple pending(const StreamPostprocessor& stream) {
  return to_arrays(without_gil([&] { return stream.pending(); }));
}

py::tuple finish(StreamPostprocessor& stream, std::optional<double> duration,
                 const MaybeArray& video_scores) {
  const float* scores = video_scores ? vector_data<float>(*video_scores, "video_scores",
                                                          stream.num_classes(), "(C,) float32")
                                     : nullptr;
  return to_arrays(without_gil([&] { return stream.finish(duration, scores); }));
}

py::array_t<float> scores_of(const py::array& raw_cas, const PostprocessConfig& config) {
  const CasView view = cas_view(raw_cas, "cas");
  return to_array(without_gil([&] { return video_scores(view, config); }));
}

py::tuple gap(StreamPostprocessor& stream, std::int64_t snippets) {
  return to_arrays(without_gil([&] { return stream.gap(snippets); }));
}

py::bytes save(const StreamPostprocessor& stream) {
  return without_gil([&] { return stream.save(); });
}

StreamPostprocessor load(const py::bytes& state) {
  const auto view = static_cast<std::string_view>(state);
  return without_gil([&] { return StreamPostprocessor::load(view); });
}

}  // namespace

void bind_stream(py::module_& module) {
  py::class_<StreamPostprocessor>(module, "StreamPostprocessor")
      .def(py::init<const PostprocessConfig&, std::int64_t, double>(), py::arg("config"),
           py::arg("num_classes"), py::arg("snippet_seconds"))
      .def("push", &push, py::arg("activations"), py::arg("cas").none(true))
      .def("pending", &pending)
      .def("gap", &gap, py::arg("snippets"))
      .def("finish", &finish, py::arg("duration").none(true), py::arg("video_scores").none(true))
      .def("reset", &StreamPostprocessor::reset, py::call_guard<py::gil_scoped_release>())
      .def("save", &save)
      .def_static("load", &load, py::arg("state"))
      .def("same_settings", &StreamPostprocessor::same_settings, py::arg("other"))
      .def_property_readonly("num_snippets", &StreamPostprocessor::num_snippets)
      .def_property_readonly("num_classes", &StreamPostprocessor::num_classes)
      .def_property_readonly("snippet_seconds", &StreamPostprocessor::snippet_seconds)
      .def_property_readonly("finished", &StreamPostprocessor::finished)
      .def_property_readonly("buffered_snippets", &StreamPostprocessor::buffered_snippets);
  module.def("video_scores", &scores_of, py::arg("raw_cas"), py::arg("config"));
}

}  // namespace basnet_rt::python
