// Plain C++, for every machine; the other kernels must give the same results.

#include <cmath>

#include "engine/kernels/kernel.h"
#include "engine/numbers.h"

namespace basnet_rt::engine {
namespace {

void add_float32(const float* rows, int count, const float* panel, std::int64_t length, float* out,
                 std::int64_t stride) {
  for (int r = 0; r < count; ++r) {
    float sums[kPanel] = {};
    for (std::int64_t k = 0; k < length; ++k) {
      for (std::int64_t o = 0; o < kPanel; ++o) {
        sums[o] = std::fma(rows[r * kBlock + k], panel[k * kPanel + o], sums[o]);
      }
    }
    for (std::int64_t o = 0; o < kPanel; ++o) out[r * stride + o] += sums[o];
  }
}

void add_bfloat16(const void* rows, int count, const std::uint16_t* panel, std::int64_t length,
                  float* out, std::int64_t stride) {
  for (int r = 0; r < count; ++r) {
    const float* row = static_cast<const float*>(rows) + r * kBlock;
    float sums[kPanel] = {};
    for (std::int64_t k = 0; k < length; ++k) {
      for (std::int64_t o = 0; o < kPanel; ++o) {
        const std::uint16_t* pair = panel + (k * kPanel + o) * 2;
        sums[o] = std::fma(row[2 * k + 1], from_bfloat16(pair[1]), sums[o]);
        sums[o] = std::fma(row[2 * k], from_bfloat16(pair[0]), sums[o]);
      }
    }
    for (std::int64_t o = 0; o < kPanel; ++o) out[r * stride + o] += sums[o];
  }
}

void add_int8(const std::uint8_t* rows, int count, const std::int8_t* panel, std::int64_t length,
              std::int32_t* out, std::int64_t stride) {
  for (int r = 0; r < count; ++r) {
    const auto* row = reinterpret_cast<const std::int8_t*>(rows) + r * kInt8Block;
    for (std::int64_t k = 0; k < length; ++k) {
      for (std::int64_t o = 0; o < kPanel; ++o) {
        const std::int8_t* quad = panel + (k * kPanel + o) * 4;
        std::int32_t sum = 0;
        for (int i = 0; i < 4; ++i) sum += row[4 * k + i] * quad[i];
        out[r * stride + o] += sum;
      }
    }
  }
}

constexpr Kernel kPortable = {
    "portable", {4, add_float32}, {4, false, add_bfloat16}, {4, false, add_int8}};

}  // namespace

const Kernel* portable_kernel() { return &kPortable; }

}  // namespace basnet_rt::engine
