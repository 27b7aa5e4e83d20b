#include "cuda/batch/shapes.h"

#include <limits>
#include <string>

#include "basnet_rt/error.h"
#include "settings/validate.h"

namespace basnet_rt::cuda {
namespace {

void check_shape(const VideoShape& video, const PostprocessConfig& config, std::int64_t end_row) {
  if (video.num_snippets < 1 || video.num_snippets > std::numeric_limits<std::int32_t>::max()) {
    fail("cas has " + std::to_string(video.num_snippets) +
         " snippets; it needs at least one, and at most 2147483647 on a GPU");
  }
  check_positive_seconds(video.snippet_seconds, "snippet_seconds");
  if (video.duration) check_positive_seconds(*video.duration, "duration");
  check_max_duration(config, video.snippet_seconds);
  if (video.first_row.value_or(end_row) < end_row) {
    fail("first_row is " + std::to_string(*video.first_row) + "; the video before it ends at row " +
         std::to_string(end_row));
  }
}

}  // namespace

std::vector<PlannedVideo> planned(const std::vector<VideoShape>& videos,
                                  const PostprocessConfig& config, std::int64_t num_classes) {
  check(config);
  if (num_classes < 1) {
    fail("num_classes is " + std::to_string(num_classes) + "; it must be at least 1");
  }
  check_fixed_range(config, num_classes);
  std::vector<PlannedVideo> planned;
  std::int64_t end_row = 0;
  for (std::size_t i = 0; i < videos.size(); ++i) {
    try {
      check_shape(videos[i], config, end_row);
    } catch (const Error& error) {
      throw error.in_video(i);
    }
    const std::int64_t first_row = videos[i].first_row.value_or(end_row);
    planned.push_back(
        {videos[i].num_snippets, videos[i].snippet_seconds, videos[i].duration, first_row});
    end_row = first_row + videos[i].num_snippets;
  }
  return planned;
}

void check_batch(const DeviceBatch& batch, const Plan& plan) {
  if (batch.cas == nullptr) fail("cas is null");
  if (batch.row_stride < plan.num_classes()) {
    fail("row_stride is " + std::to_string(batch.row_stride) + "; it must be at least " +
         std::to_string(plan.num_classes()) + ", the number of classes");
  }
  const PostprocessConfig& config = plan.config();
  const bool asks_scores = config.mode == Mode::kPublished || config.gate == Gate::kVideo;
  if (asks_scores && batch.video_scores == nullptr) {
    fail("video_scores is None; give (C,) scores in [0, 1], or use gate=\"none\"");
  }
  if (config.gate == Gate::kHorizon && batch.raw_cas == nullptr) {
    fail("raw_cas is None; gate=\"horizon\" needs the raw CAS (T, C+1) with its background column");
  }
}

void check_listed(const Plan& plan, std::int64_t max_detections) {
  const double listed =
      static_cast<double>(plan.num_videos()) * static_cast<double>(max_detections);
  if (listed <= 2147483647.0) return;
  fail("the batch may hold " + to_text(listed) +
       " detections; at most 2147483647 fit into one, so divide it");
}

}  // namespace basnet_rt::cuda
