#include <pybind11/stl.h>

#include <memory>

#include "arrays.h"
#include "basnet_rt/onset.h"
#include "bindings.h"
#include "locked.h"

namespace basnet_rt::python {
namespace {

using Detector = Locked<OnsetDetector>;

py::list push(Detector& detector, const py::array& activations) {
  const CasView view = cas_view(activations, "activations");
  return to_list(detector.run([&](OnsetDetector& own) { return own.push(view); }));
}

std::unique_ptr<Detector> make(const std::vector<double>& thresholds, double hold,
                               const PostprocessConfig& config, std::int64_t num_classes,
                               double snippet_seconds) {
  return std::make_unique<Detector>(
      OnsetDetector({thresholds, hold}, config, num_classes, snippet_seconds));
}

void gap(Detector& detector, std::int64_t snippets) {
  detector.run([&](OnsetDetector& own) { own.gap(snippets); });
}

py::bytes save(Detector& detector) {
  return detector.run([](OnsetDetector& own) { return own.save(); });
}

void load(Detector& detector, const py::bytes& state) {
  const auto bytes = static_cast<std::string_view>(state);
  detector.run([&](OnsetDetector& own) { own.load(bytes); });
}

}  // namespace

void bind_onset(py::module_& module) {
  py::class_<Detector>(module, "OnsetDetector")
      .def(py::init(&make), py::arg("thresholds"), py::arg("hold"), py::arg("config"),
           py::arg("num_classes"), py::arg("snippet_seconds"))
      .def("push", &push, py::arg("activations"))
      .def("gap", &gap, py::arg("snippets"))
      .def("save", &save)
      .def("load", &load, py::arg("state"));
}

}  // namespace basnet_rt::python
