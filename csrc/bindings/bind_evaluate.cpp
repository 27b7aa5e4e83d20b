#include <pybind11/stl.h>

#include "arrays.h"
#include "basnet_rt/evaluate.h"
#include "bindings.h"
#include "locked.h"

namespace basnet_rt::python {
namespace {

LabelledSegments labelled(const py::array& videos, const py::array& labels,
                          const py::array& segments, const std::string& prefix) {
  LabelledSegments rows;
  rows.size = labels.ndim() > 0 ? labels.shape(0) : 0;
  rows.videos = vector_data<std::int64_t>(videos, prefix + "videos", rows.size, "(N,) int64");
  rows.labels = vector_data<std::int64_t>(labels, prefix + "labels", rows.size, "(N,) int64");
  rows.segments = segment_data(segments, prefix + "segments", rows.size);
  return rows;
}

py::tuple evaluate_arrays(const py::array& truth_videos, const py::array& truth_labels,
                          const py::array& truth_segments, const py::array& videos,
                          const py::array& labels, const py::array& segments,
                          const py::array& scores, std::int64_t num_labels,
                          const std::vector<double>& tiou_thresholds,
                          std::vector<std::string> video_names, int num_threads) {
  EvaluationInput input;
  input.truths = labelled(truth_videos, truth_labels, truth_segments, "truth_");
  input.detections = labelled(videos, labels, segments, "");
  input.scores = vector_data<double>(scores, "scores", input.detections.size, "(N,) float64");
  input.num_labels = num_labels;
  input.video_names = std::move(video_names);
  Evaluation found = without_gil([&] { return evaluate(input, tiou_thresholds, num_threads); });
  const auto columns = static_cast<py::ssize_t>(tiou_thresholds.size());
  return py::make_tuple(to_array(std::move(found.ap)).reshape({num_labels, columns}),
                        to_array(std::move(found.mean_ap)), found.average_mean_ap);
}

}  // namespace

void bind_evaluate(py::module_& module) {
  module.def("evaluate", &evaluate_arrays, py::arg("truth_videos"), py::arg("truth_labels"),
             py::arg("truth_segments"), py::arg("videos"), py::arg("labels"), py::arg("segments"),
             py::arg("scores"), py::arg("num_labels"), py::arg("tiou_thresholds"),
             py::arg("video_names"), py::arg("num_threads"));
}

}  // namespace basnet_rt::python
