#pragma once

// Checks a batch's shapes and pointers on the host; its values are checked on the device.

#include <cstdint>
#include <vector>

#include "basnet_rt/cuda.h"
#include "cuda/batch/plan.h"

namespace basnet_rt::cuda {

/// @throws Error (kInvalidArgument) naming the setting or the video.
std::vector<PlannedVideo> planned(const std::vector<VideoShape>& videos,
                                  const PostprocessConfig& config, std::int64_t num_classes);

/// Pointers that the settings ask for, and a stride that holds the classes.
void check_batch(const DeviceBatch& batch, const Plan& plan);

/// Whether lists of that length can be sorted in one go.
void check_listed(const Plan& plan, std::int64_t max_detections);

}  // namespace basnet_rt::cuda
