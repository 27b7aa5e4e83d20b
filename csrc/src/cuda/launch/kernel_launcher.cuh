#pragma once

// Kernels for threads and teams, and CUB's running sum: what every pipeline launches.
//
//   thread_kernel                         team_kernel
//   block of 128 threads                  block of 4 warps, num_teams warps in all
//   | i = 0 1 2 ... 127 | 128 ... |       | warp 0 | warp 1 | warp 2 | warp 3 | ...
//   one index each, one step              items w, w + num_teams, ... until none is left;
//                                         slab w of the scratch memory is warp w's

#include <cuda_runtime.h>

#include <cstdint>
#include <cub/device/device_scan.cuh>

#include "cuda/device/memory.h"
#include "cuda/device/warp_team.cuh"
#include "cuda/launch/scratch.h"

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

class KernelLauncher {
 public:
  explicit KernelLauncher(cudaStream_t stream) : stream_(stream) {}

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

  /// Temporary memory of a running sum over up to `count` entries.
  static std::int64_t sum_bytes(std::int64_t count, cudaError_t& error) {
    std::size_t bytes = 0;
    const std::int64_t* counts = nullptr;
    std::int64_t* begins = nullptr;
    error = cub::DeviceScan::ExclusiveSum(nullptr, bytes, counts, begins, count);
    return static_cast<std::int64_t>(bytes);
  }

  /// The first error of all launches.
  cudaError_t error() const { return error_; }

 protected:
  static unsigned blocks(std::int64_t count, std::int64_t per_block) {
    return static_cast<unsigned>((count + per_block - 1) / per_block);
  }

  void keep(cudaError_t error) {
    if (error_ == cudaSuccess) error_ = error;
  }

  cudaStream_t stream() const { return stream_; }

 private:
  cudaStream_t stream_;
  cudaError_t error_ = cudaSuccess;
};

}  // namespace basnet_rt::cuda
