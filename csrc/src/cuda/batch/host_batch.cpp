#include "cuda/batch/host_batch.h"

#include <string>

#include "basnet_rt/error.h"
#include "settings/validate.h"

namespace basnet_rt::cuda {
namespace {

void append(std::vector<float>& values, const CasView& rows) {
  for (std::int64_t t = 0; t < rows.num_snippets; ++t) {
    values.insert(values.end(), rows.row(t), rows.row(t) + rows.num_classes);
  }
}

void append(HostBatch& batch, const VideoInput& video, const PostprocessConfig& config) {
  check_video(video, config);
  const std::int64_t columns = video.cas.num_classes;
  if (batch.shapes.empty()) batch.num_classes = columns;
  if (columns != batch.num_classes) {
    fail("cas has " + std::to_string(columns) + " classes; on a GPU all videos of a batch must " +
         "have as many as the first, " + std::to_string(batch.num_classes));
  }
  batch.shapes.push_back({video.cas.num_snippets, video.snippet_seconds, video.duration});
  append(batch.cas, video.cas);
  if (config.gate == Gate::kHorizon) append(batch.raw_cas, video.raw_cas);
  if (config.gate != Gate::kVideo) return;
  batch.video_scores.insert(batch.video_scores.end(), video.video_scores,
                            video.video_scores + columns);
}

}  // namespace

HostBatch pack(const std::vector<VideoInput>& videos, const PostprocessConfig& config) {
  check(config);
  HostBatch batch;
  for (std::size_t i = 0; i < videos.size(); ++i) {
    try {
      append(batch, videos[i], config);
    } catch (const Error& error) {
      throw error.in_video(i);
    }
  }
  return batch;
}

}  // namespace basnet_rt::cuda
