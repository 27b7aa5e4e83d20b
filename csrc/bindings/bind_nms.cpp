#include <pybind11/stl.h>

#include "arrays.h"
#include "basnet_rt/nms.h"
#include "bindings.h"
#include "locked.h"

namespace basnet_rt::python {
namespace {

ScoredSegments scored_segments(const py::array& segments, const py::array& scores,
                               const py::array& labels) {
  ScoredSegments input;
  input.size = segments.ndim() > 0 ? segments.shape(0) : 0;
  input.segments = segment_data(segments, "segments", input.size);
  input.scores = vector_data<double>(scores, "scores", input.size, "(N,) float64");
  input.labels = vector_data<std::int64_t>(labels, "labels", input.size, "(N,) int64");
  return input;
}

py::array_t<std::int64_t> nms_arrays(const py::array& segments, const py::array& scores,
                                     const py::array& labels, double iou) {
  const ScoredSegments input = scored_segments(segments, scores, labels);
  return to_array(without_gil([&] { return nms(input, iou); }));
}

py::tuple soft_nms_arrays(const py::array& segments, const py::array& scores,
                          const py::array& labels, bool gaussian, double iou, double sigma,
                          double min_score) {
  const ScoredSegments input = scored_segments(segments, scores, labels);
  const NmsKind kind = gaussian ? NmsKind::kGaussian : NmsKind::kLinear;
  SoftNmsResult kept = without_gil([&] { return soft_nms(input, kind, iou, sigma, min_score); });
  return py::make_tuple(to_array(std::move(kept.indices)), to_array(std::move(kept.scores)));
}

}  // namespace

void bind_nms(py::module_& module) {
  module.def("nms", &nms_arrays, py::arg("segments"), py::arg("scores"), py::arg("labels"),
             py::arg("iou"));
  module.def("soft_nms", &soft_nms_arrays, py::arg("segments"), py::arg("scores"),
             py::arg("labels"), py::arg("gaussian"), py::arg("iou"), py::arg("sigma"),
             py::arg("min_score"));
}

}  // namespace basnet_rt::python
