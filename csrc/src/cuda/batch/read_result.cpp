#include "cuda/batch/read_result.h"

#include <algorithm>
#include <string>

#include "cuda/passes/check_rows.h"
#include "settings/validate.h"

namespace basnet_rt::cuda {
namespace {

std::string text_of(BadKind kind) {
  switch (kind) {
    case BadKind::kNaN:
      return "nan";
    case BadKind::kInfinity:
      return "inf";
    case BadKind::kMinusInfinity:
      return "-inf";
    case BadKind::kOutOfRange:
      break;
  }
  return "out of range";
}

void fail_at(const Plan& plan, const BadValue& bad) {
  const auto& videos = plan.videos();
  const auto after = std::upper_bound(
      videos.begin(), videos.end(), bad.batch_row,
      [](std::int64_t row, const VideoPlan& video) { return row < video.first_row; });
  const VideoPlan& video = *(after - 1);
  const auto refuse = [&](const std::string& text) {
    throw Error(ErrorCode::kInvalidArgument, text)
        .in_video(static_cast<std::size_t>(after - 1 - videos.begin()));
  };
  const std::string column = std::to_string(bad.column) + "] is " + text_of(bad.kind);
  if (bad.array == InputArray::kVideoScores) {
    refuse("video_scores[" + column + "; video scores must be in [0, 1]");
  }
  const std::string name = bad.array == InputArray::kCas ? "cas[" : "raw_cas[";
  refuse(name + std::to_string(bad.batch_row - video.first_row) + ", " + column +
         "; activations must be finite");
}

}  // namespace

Needed needed(const Plan& plan, const Outcome& outcome, const PlanSizes& given) {
  if (outcome.bad_value != kFine) {
    fail_at(plan, BadValue::decode(outcome.bad_value, plan.num_classes() + 1));
  }
  Needed needed{given.max_detections, given.pool_bytes};
  // The count stops when memory runs out, so request more than that.
  if (outcome.pool_used > given.pool_bytes) needed.pool_bytes = 2 * outcome.pool_used;
  if (outcome.most_found > given.max_detections) needed.max_detections = outcome.most_found;
  return needed;
}

std::vector<Detections> read_result(const Plan& plan, const BatchResult& result) {
  std::vector<Detections> videos(static_cast<std::size_t>(plan.num_videos()));
  for (std::size_t v = 0; v < videos.size(); ++v) {
    const std::int64_t begin = result.begins[v];
    const std::int64_t end = result.begins[v + 1];
    videos[v].labels.assign(result.labels + begin, result.labels + end);
    videos[v].scores.assign(result.scores + begin, result.scores + end);
    videos[v].segments.assign(result.segments + begin, result.segments + end);
  }
  return videos;
}

}  // namespace basnet_rt::cuda
