#pragma once

// Launches the passes of batch/pipeline.h on a GPU: kernels for threads and teams, CUB for running
// sums and the sort. Nothing synchronises, and nothing is allocated: a CUDA graph can record it.
//
//   keys    [ video 0: .5 .9 .7 . . | video 1: .2 .8 . . . ]      begins = 0 5, ends = 3 7
//   sorted  [ video 0: .9 .7 .5 . . | video 1: .8 .2 . . . ]      places move with their keys

#include <cuda_runtime.h>

#include <algorithm>
#include <cstdint>
#include <cub/device/device_segmented_radix_sort.cuh>

#include "cuda/launch/kernel_launcher.cuh"
#include "cuda/launch/scratch.h"

namespace basnet_rt::cuda {

class CudaLauncher : public KernelLauncher {
 public:
  using KernelLauncher::KernelLauncher;

  void sort_falling(const SortWork& sort, std::int64_t count, std::int64_t num_segments) {
    auto bytes = static_cast<std::size_t>(sort.temporary_bytes);
    keep(sort_pairs(sort.temporary, bytes, sort, count, num_segments, stream()));
  }

  /// Temporary memory that sort and running sums need.
  static std::int64_t temporary_bytes(std::int64_t listed, std::int64_t num_videos,
                                      std::int64_t num_rows, cudaError_t& error) {
    std::size_t sort = 0;
    error = sort_pairs(nullptr, sort, SortWork{}, listed, num_videos, nullptr);
    if (error != cudaSuccess) return 0;
    const std::int64_t sum = sum_bytes(std::max(num_rows, num_videos) + 1, error);
    return std::max(static_cast<std::int64_t>(sort), sum);
  }

 private:
  static cudaError_t sort_pairs(void* temporary, std::size_t& bytes, const SortWork& sort,
                                std::int64_t count, std::int64_t num_segments,
                                cudaStream_t stream) {
    return cub::DeviceSegmentedRadixSort::SortPairsDescending(
        temporary, bytes, sort.keys, sort.sorted_keys, sort.places, sort.sorted_places, count,
        num_segments, sort.begins, sort.ends, 0, 64, stream);
  }
};

}  // namespace basnet_rt::cuda
