#pragma once

// Videos in host memory, checked and packed for a GPU.

#include <cstdint>
#include <vector>

#include "basnet_rt/cuda.h"

namespace basnet_rt::cuda {

struct HostBatch {
  std::vector<VideoShape> shapes;
  std::int64_t num_classes = 1;
  std::vector<float> cas;           ///< (sum of T, C)
  std::vector<float> video_scores;  ///< (N, C); empty if the gate ignores them
  std::vector<float> raw_cas;       ///< (sum of T, C+1); gate kHorizon only
};

/// @throws Error as `postprocess_batch`; (kInvalidArgument): the numbers of classes differ.
HostBatch pack(const std::vector<VideoInput>& videos, const PostprocessConfig& config);

}  // namespace basnet_rt::cuda
