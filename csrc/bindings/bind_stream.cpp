#include <pybind11/stl.h>

#include <optional>
#include <string>

#include "arrays.h"
#include "basnet_rt/postprocess.h"
#include "basnet_rt/stream.h"
#include "bindings.h"

namespace basnet_rt::python {
namespace {

using MaybeArray = std::optional<py::array>;

py::tuple arrays(StreamDetections&& found) {
  return py::make_tuple(to_array(std::move(found.labels)), to_array(std::move(found.scores)),
                        to_array(std::move(found.segments)), to_array(std::move(found.decided)));
}

py::tuple push(StreamPostprocessor& stream, const py::array& activations, const MaybeArray& cas) {
  const CasView view = cas_view(activations, "activations");
  const CasView raw = cas ? cas_view(*cas, "cas") : CasView{};
  StreamDetections found;
  {
    const py::gil_scoped_release release;
    found = stream.push(view, raw);
  }
  return arrays(std::move(found));
}

py::tuple pending(const StreamPostprocessor& stream) {
  Detections found = stream.pending();
  return py::make_tuple(to_array(std::move(found.labels)), to_array(std::move(found.scores)),
                        to_array(std::move(found.segments)));
}

py::tuple finish(StreamPostprocessor& stream, std::optional<double> duration,
                 const MaybeArray& video_scores) {
  const float* scores = video_scores ? vector_data<float>(*video_scores, "video_scores",
                                                          stream.num_classes(), "(C,) float32")
                                     : nullptr;
  return arrays(stream.finish(duration, scores));
}

py::array_t<float> scores_of(const py::array& raw_cas, const PostprocessConfig& config) {
  return to_array(video_scores(cas_view(raw_cas, "cas"), config));
}

}  // namespace

void bind_stream(py::module_& module) {
  py::class_<StreamPostprocessor>(module, "StreamPostprocessor")
      .def(py::init<const PostprocessConfig&, std::int64_t, double>(), py::arg("config"),
           py::arg("num_classes"), py::arg("snippet_seconds"))
      .def("push", &push, py::arg("activations"), py::arg("cas").none(true))
      .def("pending", &pending)
      .def(
          "gap",
          [](StreamPostprocessor& self, std::int64_t snippets) {
            return arrays(self.gap(snippets));
          },
          py::arg("snippets"))
      .def("finish", &finish, py::arg("duration").none(true), py::arg("video_scores").none(true))
      .def("reset", &StreamPostprocessor::reset)
      .def("save", [](const StreamPostprocessor& self) { return py::bytes(self.save()); })
      .def_static("load",
                  [](const py::bytes& state) {
                    return StreamPostprocessor::load(static_cast<std::string_view>(state));
                  })
      .def("same_settings", &StreamPostprocessor::same_settings, py::arg("other"))
      .def_property_readonly("num_snippets", &StreamPostprocessor::num_snippets)
      .def_property_readonly("num_classes", &StreamPostprocessor::num_classes)
      .def_property_readonly("snippet_seconds", &StreamPostprocessor::snippet_seconds)
      .def_property_readonly("finished", &StreamPostprocessor::finished)
      .def_property_readonly("buffered_snippets", &StreamPostprocessor::buffered_snippets);
  module.def("video_scores", &scores_of, py::arg("raw_cas"), py::arg("config"));
}

}  // namespace basnet_rt::python
