#include "standin.h"

#include <utility>

#include "lane_team.h"

namespace basnet_rt::testing {

StandinBatch standin_batch(const std::vector<VideoInput>& videos) {
  StandinBatch batch;
  for (const VideoInput& video : videos) {
    batch.videos.push_back({video.cas.num_snippets, video.snippet_seconds, video.duration});
    batch.num_classes = video.cas.num_classes;
    for (std::int64_t t = 0; t < video.cas.num_snippets; ++t) {
      const float* row = video.cas.row(t);
      batch.cas.insert(batch.cas.end(), row, row + video.cas.num_classes);
      if (video.raw_cas.data == nullptr) continue;
      const float* raw = video.raw_cas.row(t);
      batch.raw_cas.insert(batch.raw_cas.end(), raw, raw + video.cas.num_classes + 1);
    }
    if (video.video_scores == nullptr) continue;
    batch.scores.insert(batch.scores.end(), video.video_scores,
                        video.video_scores + video.cas.num_classes);
  }
  return batch;
}

namespace {

template <class Launcher>
StandinRun run_on(Launcher& launcher, const StandinBatch& batch, const PostprocessConfig& config,
                  StandinSizes sizes) {
  const cuda::Plan plan(config, batch.videos, batch.num_classes);
  StandinRun run;
  run.given.max_detections =
      sizes.max_detections > 0 ? sizes.max_detections : plan.usual_detections();
  run.given.pool_bytes = sizes.pool_bytes > 0 ? sizes.pool_bytes : plan.usual_pool_bytes();
  run.given.num_teams = 3;

  // Blocks of their own, so that AddressSanitizer sees a step past either end.
  std::int64_t scratch_bytes = 0;
  std::int64_t result_bytes = 0;
  plan.divide(nullptr, run.given, &scratch_bytes);
  plan.divide_result(nullptr, run.given.max_detections, &result_bytes);
  std::vector<char> scratch(static_cast<std::size_t>(scratch_bytes), static_cast<char>(0x5a));
  std::vector<char> result(static_cast<std::size_t>(result_bytes), static_cast<char>(0x5a));
  const std::vector<char> constants = plan.constants();

  const cuda::Scratch places = plan.divide(scratch.data(), run.given, &scratch_bytes);
  const cuda::BatchResult answer =
      plan.divide_result(result.data(), run.given.max_detections, &result_bytes);
  cuda::run_pipeline(
      launcher, plan.settings(constants.data(), run.given.max_detections),
      {batch.cas.data(), batch.num_classes, batch.scores.data(), batch.raw_cas.data()}, places,
      answer);
  run.needed = cuda::needed(plan, *answer.outcome, run.given);
  if (run.needed.max_detections == run.given.max_detections &&
      run.needed.pool_bytes == run.given.pool_bytes) {
    run.detections = cuda::read_result(plan, answer);
  }
  return run;
}

}  // namespace

StandinRun run_standin(const StandinBatch& batch, const PostprocessConfig& config,
                       cuda::Order order, StandinSizes sizes) {
  cuda::SerialLauncher launcher(order);
  return run_on(launcher, batch, config, sizes);
}

StandinRun run_lanes(const StandinBatch& batch, const PostprocessConfig& config, int lanes,
                     StandinSizes sizes) {
  LaneLauncher launcher(lanes);
  return run_on(launcher, batch, config, sizes);
}

std::vector<Detections> run_standin_until_done(const StandinBatch& batch,
                                               const PostprocessConfig& config, cuda::Order order,
                                               StandinSizes sizes, int* tries) {
  for (int n = 1; n <= 20; ++n) {
    StandinRun run = run_standin(batch, config, order, sizes);
    if (tries != nullptr) *tries = n;
    if (!run.detections.empty()) return std::move(run.detections);
    sizes = {run.needed.max_detections, run.needed.pool_bytes};
  }
  return {};
}

}  // namespace basnet_rt::testing
