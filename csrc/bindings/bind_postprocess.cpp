#include <pybind11/stl.h>

#include <string>

#include "arrays.h"
#include "basnet_rt/cuda.h"
#include "basnet_rt/error.h"
#include "basnet_rt/postprocess.h"
#include "bindings.h"

namespace basnet_rt::python {
namespace {

using MaybeArray = std::optional<py::array>;

VideoInput video_input(const py::array& cas, const MaybeArray& video_scores, double snippet_seconds,
                       std::optional<double> duration, const MaybeArray& raw_cas) {
  VideoInput video;
  video.cas = cas_view(cas, "cas");
  if (video_scores) {
    video.video_scores =
        vector_data<float>(*video_scores, "video_scores", video.cas.num_classes, "(C,) float32");
  }
  if (raw_cas) video.raw_cas = cas_view(*raw_cas, "raw_cas");
  video.snippet_seconds = snippet_seconds;
  video.duration = duration;
  return video;
}

py::tuple propose_arrays(const py::array& cas, const MaybeArray& video_scores,
                         const PostprocessConfig& config, double snippet_seconds,
                         std::optional<double> duration, const MaybeArray& raw_cas) {
  const VideoInput video = video_input(cas, video_scores, snippet_seconds, duration, raw_cas);
  Proposals found = without_gil([&] { return propose(video, config); });
  return py::make_tuple(to_array(std::move(found.threshold_index)),
                        to_array(std::move(found.labels)), to_array(std::move(found.scores)),
                        to_array(std::move(found.segments)));
}

py::tuple postprocess_arrays(const py::array& cas, const MaybeArray& video_scores,
                             const PostprocessConfig& config, double snippet_seconds,
                             std::optional<double> duration, const MaybeArray& raw_cas) {
  const VideoInput video = video_input(cas, video_scores, snippet_seconds, duration, raw_cas);
  return to_arrays(without_gil([&] { return postprocess(video, config); }));
}

// On the CPU, or on the GPU `device`. `single`: the user gave one video, not a batch.
py::list postprocess_batch_arrays(const std::vector<py::array>& cas,
                                  const std::vector<MaybeArray>& video_scores,
                                  const PostprocessConfig& config,
                                  const std::vector<double>& snippet_seconds,
                                  const std::vector<std::optional<double>>& durations,
                                  const std::vector<MaybeArray>& raw_cas, int num_threads,
                                  bool single, std::optional<int> device) {
  std::vector<VideoInput> videos;
  for (std::size_t i = 0; i < cas.size(); ++i) {
    try {
      videos.push_back(
          video_input(cas[i], video_scores[i], snippet_seconds[i], durations[i], raw_cas[i]));
    } catch (const Error& error) {
      if (single) throw;
      throw error.in_video(i);
    }
  }
  std::vector<Detections> found = of_videos(single, [&] {
    return device ? postprocess_batch_cuda(videos, config, *device)
                  : postprocess_batch(videos, config, num_threads);
  });
  py::list results;
  for (Detections& one : found) results.append(to_arrays(std::move(one)));
  return results;
}

}  // namespace

void bind_postprocess(py::module_& module) {
  module.def("propose", &propose_arrays, py::arg("cas"), py::arg("video_scores").none(true),
             py::arg("config"), py::arg("snippet_seconds"), py::arg("duration").none(true),
             py::arg("raw_cas").none(true));
  module.def("postprocess", &postprocess_arrays, py::arg("cas"), py::arg("video_scores").none(true),
             py::arg("config"), py::arg("snippet_seconds"), py::arg("duration").none(true),
             py::arg("raw_cas").none(true));
  module.def("postprocess_batch", &postprocess_batch_arrays, py::arg("cas"),
             py::arg("video_scores"), py::arg("config"), py::arg("snippet_seconds"),
             py::arg("durations"), py::arg("raw_cas"), py::arg("num_threads"), py::arg("single"),
             py::arg("device").none(true));
}

}  // namespace basnet_rt::python
