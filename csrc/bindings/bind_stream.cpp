#include <pybind11/stl.h>

#include <memory>
#include <optional>
#include <string>

#include "arrays.h"
#include "basnet_rt/postprocess.h"
#include "basnet_rt/stream.h"
#include "bindings.h"
#include "locked.h"

namespace basnet_rt::python {
namespace {

using MaybeArray = std::optional<py::array>;
using Stream = Locked<StreamPostprocessor>;

std::unique_ptr<Stream> make(const PostprocessConfig& config, std::int64_t num_classes,
                             double snippet_seconds) {
  return std::make_unique<Stream>(StreamPostprocessor(config, num_classes, snippet_seconds));
}

py::tuple push(Stream& stream, const py::array& activations, const MaybeArray& cas) {
  const CasView view = cas_view(activations, "activations");
  const CasView raw = cas ? cas_view(*cas, "cas") : CasView{};
  return to_arrays(stream.run([&](StreamPostprocessor& own) { return own.push(view, raw); }));
}

py::tuple pending(Stream& stream) {
  return to_arrays(stream.run([](StreamPostprocessor& own) { return own.pending(); }));
}

py::tuple gap(Stream& stream, std::int64_t snippets) {
  return to_arrays(stream.run([&](StreamPostprocessor& own) { return own.gap(snippets); }));
}

py::tuple finish(Stream& stream, std::optional<double> duration, const MaybeArray& video_scores) {
  const std::int64_t columns =
      stream.look([](StreamPostprocessor& own) { return own.num_classes(); });
  const float* scores =
      video_scores ? vector_data<float>(*video_scores, "video_scores", columns, "(C,) float32")
                   : nullptr;
  return to_arrays(
      stream.run([&](StreamPostprocessor& own) { return own.finish(duration, scores); }));
}

void reset(Stream& stream) {
  stream.run([](StreamPostprocessor& own) { own.reset(); });
}

py::bytes save(Stream& stream) {
  return stream.run([](StreamPostprocessor& own) { return own.save(); });
}

std::unique_ptr<Stream> load(const py::bytes& state) {
  const auto bytes = static_cast<std::string_view>(state);
  return without_gil([&] { return std::make_unique<Stream>(StreamPostprocessor::load(bytes)); });
}

bool same_settings(Stream& stream, Stream& other) {
  return stream.look([&](StreamPostprocessor& own) {
    return &stream == &other ||
           other.look([&](StreamPostprocessor& second) { return own.same_settings(second); });
  });
}

/// The first difference between the saved stream's settings and those of `other`.
std::string differing_settings(Stream& stream, Stream& other) {
  return stream.look([&](StreamPostprocessor& own) {
    return other.look([&](StreamPostprocessor& second) { return own.differing_settings(second); });
  });
}

py::array_t<float> scores_of(const py::array& raw_cas, const PostprocessConfig& config) {
  const CasView view = cas_view(raw_cas, "cas");
  return to_array(without_gil([&] { return video_scores(view, config); }));
}

/// A property that is cheap to read.
template <class Value>
auto property(Value (StreamPostprocessor::*member)() const) {
  return [member](Stream& stream) {
    return stream.look([&](StreamPostprocessor& own) { return (own.*member)(); });
  };
}

}  // namespace

void bind_stream(py::module_& module) {
  py::class_<Stream>(module, "StreamPostprocessor")
      .def(py::init(&make), py::arg("config"), py::arg("num_classes"), py::arg("snippet_seconds"))
      .def("push", &push, py::arg("activations"), py::arg("cas").none(true))
      .def("pending", &pending)
      .def("gap", &gap, py::arg("snippets"))
      .def("finish", &finish, py::arg("duration").none(true), py::arg("video_scores").none(true))
      .def("reset", &reset)
      .def("save", &save)
      .def_static("load", &load, py::arg("state"))
      .def("same_settings", &same_settings, py::arg("other"))
      .def("differing_settings", &differing_settings, py::arg("other"))
      .def_property_readonly("num_snippets", property(&StreamPostprocessor::num_snippets))
      .def_property_readonly("num_classes", property(&StreamPostprocessor::num_classes))
      .def_property_readonly("snippet_seconds", property(&StreamPostprocessor::snippet_seconds))
      .def_property_readonly("finished", property(&StreamPostprocessor::finished))
      .def_property_readonly("buffered_snippets",
                             property(&StreamPostprocessor::buffered_snippets));
  module.def("video_scores", &scores_of, py::arg("raw_cas"), py::arg("config"));
}

}  // namespace basnet_rt::python
