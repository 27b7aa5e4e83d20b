#pragma once

// The memory that a launcher needs in addition to that of the passes.
//
//   slabs   | slab of team 0 | slab of team 1 | ... |     slab_bytes each; what an item needs
//   beyond
//                                                         its team's slab comes from the common
//                                                         pool

#include <cstdint>

#include "cuda/passes/batch.h"

namespace basnet_rt::cuda {

/// Arrays of the sort by score.
struct SortWork {
  double* keys = nullptr;  ///< (N * max_detections,)
  double* sorted_keys = nullptr;
  std::int32_t* places = nullptr;
  std::int32_t* sorted_places = nullptr;
  std::int64_t* begins = nullptr;  ///< (N,)
  std::int64_t* ends = nullptr;    ///< (N,)
  char* temporary = nullptr;
  std::int64_t temporary_bytes = 0;
};

/// The caller's scratch memory, divided.
struct Scratch {
  BatchWork work;
  SortWork sort;
  char* slabs = nullptr;  ///< (num_teams, slab_bytes)
  std::int64_t slab_bytes = 0;
  std::int64_t num_teams = 0;
  std::int64_t* num_rows = nullptr;  ///< the number of rows, for kernels that count on the device
};

}  // namespace basnet_rt::cuda
