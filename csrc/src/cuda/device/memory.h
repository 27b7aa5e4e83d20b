#pragma once

// Memory of a team while it works on one item: the team's own slab, and a common pool for the few
// items that need more.

#include <cstdint>

#include "formulas/host_device.h"

namespace basnet_rt::cuda {

// Atomic on the host, too: tests run lanes as threads.

/// Adds to a counter that many lanes share; returns its previous value.
BASNET_RT_HOST_DEVICE inline std::int64_t fetch_add(std::int64_t* counter, std::int64_t value) {
#ifdef __CUDA_ARCH__
  return static_cast<std::int64_t>(atomicAdd(reinterpret_cast<unsigned long long*>(counter),
                                             static_cast<unsigned long long>(value)));
#else
  return __atomic_fetch_add(counter, value, __ATOMIC_RELAXED);
#endif
}

BASNET_RT_HOST_DEVICE inline void fetch_min(std::int64_t* least, std::int64_t value) {
#ifdef __CUDA_ARCH__
  atomicMin(reinterpret_cast<long long*>(least), static_cast<long long>(value));
#else
  std::int64_t seen = __atomic_load_n(least, __ATOMIC_RELAXED);
  while (value < seen && !__atomic_compare_exchange_n(least, &seen, value, true, __ATOMIC_RELAXED,
                                                      __ATOMIC_RELAXED)) {
  }
#endif
}

BASNET_RT_HOST_DEVICE inline void fetch_max(std::int64_t* most, std::int64_t value) {
#ifdef __CUDA_ARCH__
  atomicMax(reinterpret_cast<long long*>(most), static_cast<long long>(value));
#else
  std::int64_t seen = __atomic_load_n(most, __ATOMIC_RELAXED);
  while (value > seen && !__atomic_compare_exchange_n(most, &seen, value, true, __ATOMIC_RELAXED,
                                                      __ATOMIC_RELAXED)) {
  }
#endif
}

/// `used` only grows; if it exceeds `size`, it is the size that would have been needed.
struct Pool {
  char* data = nullptr;
  std::int64_t size = 0;
  std::int64_t* used = nullptr;

  BASNET_RT_HOST_DEVICE char* allocate(std::int64_t bytes) const {
    const std::int64_t at = fetch_add(used, bytes);
    return at + bytes <= size ? data + at : nullptr;
  }
};

/// One item's memory; every lane holds an equal copy.
class Arena {
 public:
  BASNET_RT_HOST_DEVICE Arena(char* slab, std::int64_t size, Pool pool)
      : slab_(slab), size_(size), pool_(pool) {}

  /// @return `count` uninitialised entries; null if the pool is used up.
  template <class T, class Team>
  BASNET_RT_HOST_DEVICE T* take(const Team& team, std::int64_t count) {
    constexpr std::int64_t kAlignment = 16;
    const std::int64_t bytes =
        (count * static_cast<std::int64_t>(sizeof(T)) + kAlignment - 1) / kAlignment * kAlignment;
    char* found = nullptr;
    if (bytes <= size_ - used_) {
      found = slab_ + used_;
      used_ += bytes;
    } else {
      found = team.once([&] { return pool_.allocate(bytes); });
    }
    return reinterpret_cast<T*>(found);
  }

 private:
  char* slab_;
  std::int64_t size_;
  std::int64_t used_ = 0;
  Pool pool_;
};

}  // namespace basnet_rt::cuda
