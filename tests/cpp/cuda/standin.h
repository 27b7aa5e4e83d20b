#pragma once

// Runs the CUDA backend's passes on the host, with memory that is exactly as large as planned.

#include <cstdint>
#include <vector>

#include "basnet_rt/postprocess.h"
#include "cuda/batch/pipeline.h"
#include "cuda/batch/plan.h"
#include "cuda/batch/read_result.h"
#include "serial_launcher.h"

namespace basnet_rt::testing {

/// A batch as a GPU would hold it: the videos' rows one after the other.
struct StandinBatch {
  std::vector<cuda::PlannedVideo> videos;
  std::int64_t num_classes = 1;
  std::vector<float> cas;
  std::vector<float> scores;
  std::vector<float> raw_cas;
};

StandinBatch standin_batch(const std::vector<VideoInput>& videos);

/// Sizes to run with; 0: what the plan holds usual.
struct StandinSizes {
  std::int64_t max_detections = 0;
  std::int64_t pool_bytes = 0;
};

struct StandinRun {
  cuda::Needed needed;
  cuda::PlanSizes given;
  std::vector<Detections> detections;  ///< empty where `needed` asks for a second try
};

StandinRun run_standin(const StandinBatch& batch, const PostprocessConfig& config,
                       cuda::Order order, StandinSizes sizes = {});

/// The same with threads for lanes, which run side by side (lane_team.h).
StandinRun run_lanes(const StandinBatch& batch, const PostprocessConfig& config, int lanes,
                     StandinSizes sizes = {});

/// Tries again with what was asked for, as callers do; fails after 20 tries.
std::vector<Detections> run_standin_until_done(const StandinBatch& batch,
                                               const PostprocessConfig& config, cuda::Order order,
                                               StandinSizes sizes = {}, int* tries = nullptr);

}  // namespace basnet_rt::testing
