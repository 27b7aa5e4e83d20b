// NEON, as every 64-bit ARM processor has it: 32 registers of 4 floats.

#include "engine/kernels/kernel.h"

#if defined(__aarch64__)

#include <arm_neon.h>

#include "engine/kernels/target.h"

namespace basnet_rt::engine {
namespace {

// R rows by V registers of 4 outputs; a panel has eight.
template <int R, int V>
void store_added(const float32x4_t (&sums)[R][V], float* out, std::int64_t stride) {
  BASNET_RT_UNROLL
  for (int i = 0; i < R * V; ++i) {
    float* at = out + (i / V) * stride + 4 * (i % V);
    vst1q_f32(at, vaddq_f32(vld1q_f32(at), sums[i / V][i % V]));
  }
}

template <int R, int V>
void float32_tile(const float* rows, const float* panel, std::int64_t length, float* out,
                  std::int64_t stride) {
  float32x4_t sums[R][V];
  BASNET_RT_UNROLL
  for (int i = 0; i < R * V; ++i) sums[i / V][i % V] = vdupq_n_f32(0.0f);
  for (std::int64_t k = 0; k < length; ++k, panel += kPanel) {
    float32x4_t weights[V];
    BASNET_RT_UNROLL
    for (int v = 0; v < V; ++v) weights[v] = vld1q_f32(panel + 4 * v);
    BASNET_RT_UNROLL
    for (int r = 0; r < R; ++r) {
      const float value = rows[r * kBlock + k];
      BASNET_RT_UNROLL
      for (int v = 0; v < V; ++v) sums[r][v] = vfmaq_n_f32(sums[r][v], weights[v], value);
    }
  }
  store_added<R, V>(sums, out, stride);
}

template <int R>
void float32_halves(const float* rows, const float* panel, std::int64_t length, float* out,
                    std::int64_t stride) {
  float32_tile<R, 4>(rows, panel, length, out, stride);
  float32_tile<R, 4>(rows, panel + 16, length, out + 16, stride);
}

void add_float32(const float* rows, int count, const float* panel, std::int64_t length, float* out,
                 std::int64_t stride) {
  switch (count) {
    case 1:
      return float32_tile<1, 8>(rows, panel, length, out, stride);
    case 2:
      return float32_tile<2, 8>(rows, panel, length, out, stride);
    case 3:
      return float32_halves<3>(rows, panel, length, out, stride);
    case 4:
      return float32_halves<4>(rows, panel, length, out, stride);
    case 5:
      return float32_halves<5>(rows, panel, length, out, stride);
    default:
      return float32_halves<6>(rows, panel, length, out, stride);
  }
}

/// The even or odd weights of four pairs as floats.
float32x4_t widened(uint32x4_t pairs, int odd) {
  return vreinterpretq_f32_u32(odd != 0 ? vandq_u32(pairs, vdupq_n_u32(0xffff0000u))
                                        : vshlq_n_u32(pairs, 16));
}

template <int R, int V>
void bfloat16_tile(const float* rows, const std::uint16_t* panel, std::int64_t length, float* out,
                   std::int64_t stride) {
  float32x4_t sums[R][V];
  BASNET_RT_UNROLL
  for (int i = 0; i < R * V; ++i) sums[i / V][i % V] = vdupq_n_f32(0.0f);
  for (std::int64_t k = 0; k < length; ++k, panel += 2 * kPanel) {
    BASNET_RT_UNROLL
    for (int odd = 1; odd >= 0; --odd) {
      float32x4_t weights[V];
      BASNET_RT_UNROLL
      for (int v = 0; v < V; ++v) {
        weights[v] = widened(vreinterpretq_u32_u16(vld1q_u16(panel + 8 * v)), odd);
      }
      BASNET_RT_UNROLL
      for (int r = 0; r < R; ++r) {
        const float value = rows[r * kBlock + 2 * k + odd];
        BASNET_RT_UNROLL
        for (int v = 0; v < V; ++v) sums[r][v] = vfmaq_n_f32(sums[r][v], weights[v], value);
      }
    }
  }
  store_added<R, V>(sums, out, stride);
}

template <int R>
void bfloat16_halves(const float* rows, const std::uint16_t* panel, std::int64_t length, float* out,
                     std::int64_t stride) {
  bfloat16_tile<R, 4>(rows, panel, length, out, stride);
  bfloat16_tile<R, 4>(rows, panel + 32, length, out + 16, stride);
}

void add_bfloat16(const void* floats, int count, const std::uint16_t* panel, std::int64_t length,
                  float* out, std::int64_t stride) {
  const auto* rows = static_cast<const float*>(floats);
  switch (count) {
    case 1:
      return bfloat16_halves<1>(rows, panel, length, out, stride);
    case 2:
      return bfloat16_halves<2>(rows, panel, length, out, stride);
    case 3:
      return bfloat16_halves<3>(rows, panel, length, out, stride);
    case 4:
      return bfloat16_halves<4>(rows, panel, length, out, stride);
    default:
      return bfloat16_halves<5>(rows, panel, length, out, stride);
  }
}

// No pair of products exceeds 2 * 127 * 127 = 32258, so pairs fit into 16 bits.
template <int R>
void int8_tile(const std::uint8_t* rows, const std::int8_t* panel, std::int64_t length,
               std::int32_t* out, std::int64_t stride) {
  int32x4_t sums[R][8];
  BASNET_RT_UNROLL
  for (int i = 0; i < 8 * R; ++i) sums[i / 8][i % 8] = vdupq_n_s32(0);
  for (std::int64_t k = 0; k < length; ++k, panel += 4 * kPanel) {
    BASNET_RT_UNROLL
    for (int v = 0; v < 8; ++v) {
      const int8x16_t weights = vld1q_s8(panel + 16 * v);
      BASNET_RT_UNROLL
      for (int r = 0; r < R; ++r) {
        std::int32_t bytes;
        __builtin_memcpy(&bytes, rows + r * kInt8Block + 4 * k, sizeof bytes);
        const int8x16_t quad = vreinterpretq_s8_s32(vdupq_n_s32(bytes));
        const int16x8_t low = vmull_s8(vget_low_s8(weights), vget_low_s8(quad));
        sums[r][v] = vpadalq_s16(sums[r][v], vpaddq_s16(low, vmull_high_s8(weights, quad)));
      }
    }
  }
  BASNET_RT_UNROLL
  for (int i = 0; i < 8 * R; ++i) {
    std::int32_t* at = out + (i / 8) * stride + 4 * (i % 8);
    vst1q_s32(at, vaddq_s32(vld1q_s32(at), sums[i / 8][i % 8]));
  }
}

void add_int8(const std::uint8_t* rows, int count, const std::int8_t* panel, std::int64_t length,
              std::int32_t* out, std::int64_t stride) {
  if (count == 1) return int8_tile<1>(rows, panel, length, out, stride);
  int8_tile<2>(rows, panel, length, out, stride);
}

constexpr Kernel kNeon = {"neon", {6, add_float32}, {5, false, add_bfloat16}, {2, false, add_int8}};

}  // namespace

const Kernel* neon_kernel() { return &kNeon; }

}  // namespace basnet_rt::engine

#else

namespace basnet_rt::engine {
const Kernel* neon_kernel() { return nullptr; }
}  // namespace basnet_rt::engine

#endif
