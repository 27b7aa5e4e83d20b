#pragma once

// Four int32 sums of int8 products, as both NEON kernels hold them. Included as tiles.h is.

#include <arm_neon.h>

#include <cstdint>

namespace basnet_rt::engine {
namespace {

struct NeonInts {
  using Sum = int32x4_t;
  static constexpr int kWidth = 4;
  static int32x4_t zero() { return vdupq_n_s32(0); }
  static int8x16_t value(const std::uint8_t* row, int) {
    std::int32_t bytes;
    __builtin_memcpy(&bytes, row, sizeof bytes);
    return vreinterpretq_s8_s32(vdupq_n_s32(bytes));
  }
  static int8x16_t weights(const std::int8_t* panel, int) { return vld1q_s8(panel); }
  static void add_to(std::int32_t* at, int32x4_t sum) {
    vst1q_s32(at, vaddq_s32(vld1q_s32(at), sum));
  }
};

}  // namespace
}  // namespace basnet_rt::engine
