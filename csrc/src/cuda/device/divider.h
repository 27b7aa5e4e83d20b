#pragma once

// Divides a block of memory among arrays.

#include <cstdint>

namespace basnet_rt::cuda {

/// Gives out places in a block of memory; with a null block it only computes the size.
class Divider {
 public:
  explicit Divider(char* memory) : memory_(memory) {}

  template <class T>
  T* take(std::int64_t count) {
    constexpr std::int64_t kAlignment = 256;
    T* found = memory_ == nullptr ? nullptr : reinterpret_cast<T*>(memory_ + used_);
    const std::int64_t bytes = count * static_cast<std::int64_t>(sizeof(T));
    used_ += (bytes + kAlignment - 1) / kAlignment * kAlignment;
    return found;
  }

  std::int64_t used() const { return used_; }

 private:
  char* memory_;
  std::int64_t used_ = 0;
};

}  // namespace basnet_rt::cuda
