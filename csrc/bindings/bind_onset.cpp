#include <pybind11/stl.h>

#include "arrays.h"
#include "basnet_rt/onset.h"
#include "bindings.h"

namespace basnet_rt::python {
namespace {

py::list push(OnsetDetector& detector, const py::array& activations) {
  py::list events;
  for (const Onset& onset : detector.push(cas_view(activations, "activations"))) {
    events.append(py::make_tuple(onset.label, onset.time, onset.decided, onset.activation));
  }
  return events;
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
      .def("save", [](const OnsetDetector& self) { return py::bytes(self.save()); })
      .def("load", [](OnsetDetector& self, const py::bytes& state) {
        self.load(static_cast<std::string_view>(state));
      });
}

}  // namespace basnet_rt::python
