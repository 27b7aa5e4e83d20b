// NEON with dot products (ARMv8.2): four int8 products and their sum by one instruction.

#include "engine/kernels/kernel.h"

#if defined(__aarch64__)

#include <arm_neon.h>

#include "engine/kernels/target.h"

#if defined(__clang__)
BASNET_RT_TARGET_BEGIN("dotprod")
#else
BASNET_RT_TARGET_BEGIN("arch=armv8.2-a+dotprod")
#endif

namespace basnet_rt::engine {
namespace {

// R rows by V registers of 4 outputs; a panel has eight.
template <int R, int V>
void int8_tile(const std::uint8_t* rows, const std::int8_t* panel, std::int64_t length,
               std::int32_t* out, std::int64_t stride) {
  int32x4_t sums[R][V];
  BASNET_RT_UNROLL
  for (int i = 0; i < R * V; ++i) sums[i / V][i % V] = vdupq_n_s32(0);
  for (std::int64_t k = 0; k < length; ++k, panel += 4 * kPanel) {
    int8x16_t weights[V];
    BASNET_RT_UNROLL
    for (int v = 0; v < V; ++v) weights[v] = vld1q_s8(panel + 16 * v);
    BASNET_RT_UNROLL
    for (int r = 0; r < R; ++r) {
      std::int32_t bytes;
      __builtin_memcpy(&bytes, rows + r * kInt8Block + 4 * k, sizeof bytes);
      const int8x16_t quad = vreinterpretq_s8_s32(vdupq_n_s32(bytes));
      BASNET_RT_UNROLL
      for (int v = 0; v < V; ++v) sums[r][v] = vdotq_s32(sums[r][v], weights[v], quad);
    }
  }
  BASNET_RT_UNROLL
  for (int i = 0; i < R * V; ++i) {
    std::int32_t* at = out + (i / V) * stride + 4 * (i % V);
    vst1q_s32(at, vaddq_s32(vld1q_s32(at), sums[i / V][i % V]));
  }
}

template <int R>
void int8_halves(const std::uint8_t* rows, const std::int8_t* panel, std::int64_t length,
                 std::int32_t* out, std::int64_t stride) {
  int8_tile<R, 4>(rows, panel, length, out, stride);
  int8_tile<R, 4>(rows, panel + 64, length, out + 16, stride);
}

void add_int8(const std::uint8_t* rows, int count, const std::int8_t* panel, std::int64_t length,
              std::int32_t* out, std::int64_t stride) {
  switch (count) {
    case 1:
      return int8_tile<1, 8>(rows, panel, length, out, stride);
    case 2:
      return int8_tile<2, 8>(rows, panel, length, out, stride);
    case 3:
      return int8_halves<3>(rows, panel, length, out, stride);
    case 4:
      return int8_halves<4>(rows, panel, length, out, stride);
    case 5:
      return int8_halves<5>(rows, panel, length, out, stride);
    default:
      return int8_halves<6>(rows, panel, length, out, stride);
  }
}

}  // namespace

const Kernel* neon_dotprod_kernel() {
  static const Kernel kernel = {
      "neon_dotprod", neon_kernel()->float32, neon_kernel()->bfloat16, {6, false, add_int8}};
  return &kernel;
}

}  // namespace basnet_rt::engine

BASNET_RT_TARGET_END

#else

namespace basnet_rt::engine {
const Kernel* neon_dotprod_kernel() { return nullptr; }
}  // namespace basnet_rt::engine

#endif
