#pragma once

// A warp as a team (team.h). Every member function is for all 32 lanes together.

#include <cstdint>

namespace basnet_rt::cuda {

class WarpTeam {
 public:
  static constexpr int kLanes = 32;

  template <class Body>
  __device__ void for_each(std::int64_t count, Body&& body) const {
    for (std::int64_t i = lane(); i < count; i += kLanes) body(i);
    __syncwarp();  // orders memory among the lanes, too
  }

  template <class Find>
  __device__ auto once(Find&& find) const {
    decltype(find()) found{};
    if (lane() == 0) found = find();
    __syncwarp();
    return broadcast(found, 0);
  }

  template <class Predicate>
  __device__ std::int64_t count(std::int64_t count, Predicate&& holds) const {
    std::int64_t found = 0;
    for (std::int64_t first = 0; first < count; first += kLanes) {
      const std::int64_t i = first + lane();
      found += __popc(__ballot_sync(kAll, i < count && holds(i)));
    }
    __syncwarp();  // a ballot orders no memory
    return found;
  }

  template <class Predicate, class Sink>
  __device__ void compact(std::int64_t count, Predicate&& holds, Sink&& sink) const {
    std::int64_t before = 0;
    for (std::int64_t first = 0; first < count; first += kLanes) {
      const std::int64_t i = first + lane();
      const bool mine = i < count && holds(i);
      const unsigned all = __ballot_sync(kAll, mine);
      if (mine) sink(i, before + __popc(all & ((1u << lane()) - 1u)));
      before += __popc(all);
    }
    __syncwarp();
  }

  template <class Predicate, class Before>
  __device__ std::int64_t best(std::int64_t count, Predicate&& holds, Before&& before) const {
    std::int64_t found = -1;
    for (std::int64_t i = lane(); i < count; i += kLanes) {
      if (holds(i) && (found < 0 || before(i, found))) found = i;
    }
    for (int step = kLanes / 2; step > 0; step /= 2) {
      const std::int64_t other = __shfl_down_sync(kAll, found, step);
      if (lane() + step < kLanes && other >= 0 && (found < 0 || before(other, found))) {
        found = other;
      }
    }
    __syncwarp();
    return broadcast(found, 0);
  }

 private:
  static constexpr unsigned kAll = 0xffffffffu;

  __device__ static int lane() { return static_cast<int>(threadIdx.x) % kLanes; }

  /// For any type of one or two words.
  template <class T>
  __device__ static T broadcast(T value, int from) {
    static_assert(sizeof(T) == 4 || sizeof(T) == 8 || sizeof(T) == 1);
    if constexpr (sizeof(T) == 8) {
      long long bits;
      memcpy(&bits, &value, sizeof bits);
      bits = __shfl_sync(kAll, bits, from);
      memcpy(&value, &bits, sizeof bits);
      return value;
    } else if constexpr (sizeof(T) == 4) {
      int bits;
      memcpy(&bits, &value, sizeof bits);
      bits = __shfl_sync(kAll, bits, from);
      memcpy(&value, &bits, sizeof bits);
      return value;
    } else {
      return static_cast<T>(__shfl_sync(kAll, static_cast<int>(value), from));
    }
  }
};

}  // namespace basnet_rt::cuda
