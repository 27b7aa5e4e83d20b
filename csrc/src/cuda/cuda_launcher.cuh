#pragma once

// Launches the passes of pipeline.h on a GPU: kernels for threads and teams, CUB for running sums
// and the sort. Nothing synchronises, and nothing is allocated: a CUDA graph can record it.

#include <cuda_runtime.h>

#include <algorithm>
#include <cstdint>
#include <cub/device/device_scan.cuh>
#include <cub/device/device_segmented_radix_sort.cuh>

#include "cuda/memory.h"
#include "cuda/plan.h"
#include "cuda/warp_team.cuh"

namespace basnet_rt::cuda {

inline constexpr int kThreads = 128;
inline constexpr int kWarpsPerBlock = kThreads / WarpTeam::kLanes;

template <class Body>
__global__ void __launch_bounds__(kThreads) thread_kernel(std::int64_t count, Body body) {
  const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (i < count) body(i);
}

// One team per warp, as many as there are slabs; each takes every num_teams-th item. All lanes of a
// warp leave together: the phases inside need a full warp.
template <class Body>
__global__ void __launch_bounds__(kThreads)
    team_kernel(const std::int64_t* items, char* slabs, std::int64_t slab_bytes,
                std::int64_t num_teams, Pool pool, Body body) {
  const std::int64_t warp =
      static_cast<std::int64_t>(blockIdx.x) * kWarpsPerBlock + threadIdx.x / WarpTeam::kLanes;
  if (warp >= num_teams) return;
  const std::int64_t count = *items;
  for (std::int64_t item = warp; item < count; item += num_teams) {
    Arena arena(slabs + warp * slab_bytes, slab_bytes, pool);
    body(WarpTeam{}, arena, item);
    __syncwarp();
  }
}

class CudaLauncher {
 public:
  explicit CudaLauncher(cudaStream_t stream) : stream_(stream) {}

  template <class Body>
  void threads(std::int64_t count, const Body& body) {
    if (count == 0) return;
    thread_kernel<<<blocks(count, kThreads), kThreads, 0, stream_>>>(count, body);
    keep(cudaGetLastError());
  }

  template <class Body>
  void teams(const std::int64_t* items, const Scratch& scratch, const Body& body) {
    team_kernel<<<blocks(scratch.num_teams, kWarpsPerBlock), kThreads, 0, stream_>>>(
        items, scratch.slabs, scratch.slab_bytes, scratch.num_teams, scratch.work.pool, body);
    keep(cudaGetLastError());
  }

  void running_sum(const std::int64_t* counts, std::int64_t* begins, std::int64_t count,
                   const Scratch& scratch) {
    auto bytes = static_cast<std::size_t>(scratch.sort.temporary_bytes);
    keep(cub::DeviceScan::ExclusiveSum(scratch.sort.temporary, bytes, counts, begins, count,
                                       stream_));
  }

  void sort_falling(const SortWork& sort, std::int64_t count, std::int64_t num_segments) {
    auto bytes = static_cast<std::size_t>(sort.temporary_bytes);
    keep(sort_pairs(sort.temporary, bytes, sort, count, num_segments, stream_));
  }

  /// Temporary memory that the two need.
  static std::int64_t temporary_bytes(std::int64_t listed, std::int64_t num_videos,
                                      std::int64_t num_rows, cudaError_t& error) {
    std::size_t sort = 0;
    std::size_t sum = 0;
    error = sort_pairs(nullptr, sort, SortWork{}, listed, num_videos, nullptr);
    if (error != cudaSuccess) return 0;
    const std::int64_t* counts = nullptr;
    std::int64_t* begins = nullptr;
    error = cub::DeviceScan::ExclusiveSum(nullptr, sum, counts, begins,
                                          std::max(num_rows, num_videos) + 1);
    return static_cast<std::int64_t>(std::max(sort, sum));
  }

  /// The first error of all launches.
  cudaError_t error() const { return error_; }

 private:
  static unsigned blocks(std::int64_t count, std::int64_t per_block) {
    return static_cast<unsigned>((count + per_block - 1) / per_block);
  }

  static cudaError_t sort_pairs(void* temporary, std::size_t& bytes, const SortWork& sort,
                                std::int64_t count, std::int64_t num_segments,
                                cudaStream_t stream) {
    return cub::DeviceSegmentedRadixSort::SortPairsDescending(
        temporary, bytes, sort.keys, sort.sorted_keys, sort.places, sort.sorted_places, count,
        num_segments, sort.begins, sort.ends, 0, 64, stream);
  }

  void keep(cudaError_t error) {
    if (error_ == cudaSuccess) error_ = error;
  }

  cudaStream_t stream_;
  cudaError_t error_ = cudaSuccess;
};

}  // namespace basnet_rt::cuda
