#include <pybind11/stl.h>

#include <string_view>

#include "arrays.h"
#include "basnet_rt/onset.h"
#include "bindings.h"

namespace basnet_rt::python {
namespace {

py::list push(OnsetDetector& detector, const py::array& activations) {
  const CasView view = cas_view(activations, "activations");
  py::list events;
  for (const Onset& onset : without_gil([&] { return detector.push(view); })) {
    events.append(py::make_tuple(onset.label, onset.time, onset.decided, onset.activation));
  }
  return events;
}

py::bytes save(const OnsetDetector& detector) {
  return without_gil([&] { return detector.save(); });
}

void load(OnsetDetector& detector, const py::bytes& state) {
  const auto view = static_cast<std::string_view>(state);
  without_gil([&] { detector.load(view); });
}

OnsetDetector make(const std::vector<double>& thresholds, double hold,
                   const PostprocessConfig& config, std::int64_t num_classes,
                   double snippet_seconds) {
  return OnsetDetector({thresholds, hold}, config, num_classes, snippet_seconds);
}

}  // namespace

void bind_onset(py::module_& module) {
  py::class_<OnsetDetector>(module, "OnsetDetector")
      .def(py::init(&make), py::arg("thresholds"), py::arg("hold"), py::arg("config"),
           py::arg("num_classes"), py::arg("snippet_seconds"))
      .def("push", &push, py::arg("activations"))
      .def("gap", &OnsetDetector::gap, py::arg("snippets"))
      .def("save", &save)
      .def("load", &load, py::arg("state"));
}

}  // namespace basnet_rt::python
