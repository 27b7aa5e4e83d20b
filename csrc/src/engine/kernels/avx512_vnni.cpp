// AVX-512 with VNNI: four int8 products and their sum by one instruction, without saturation.

#include "engine/kernels/kernel.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include "engine/kernels/target.h"

BASNET_RT_TARGET_BEGIN("avx512f,avx512bw,avx512vl,avx512vnni")

namespace basnet_rt::engine {
namespace {

using Ints = BASNET_RT_INTS(64);

Ints add_products(Ints sums, __m512i quad, __m512i weights) {
  return reinterpret_cast<Ints>(
      _mm512_dpbusd_epi32(reinterpret_cast<__m512i>(sums), quad, weights));
}

Ints ints_at(const std::int32_t* from) { return reinterpret_cast<Ints>(_mm512_loadu_si512(from)); }

void store(std::int32_t* to, Ints sums) {
  _mm512_storeu_si512(to, reinterpret_cast<__m512i>(sums));
}

// Rows are unsigned (q + 128), as the instruction wants them.
__m512i quad_at(const std::uint8_t* row) {
  int bytes;
  __builtin_memcpy(&bytes, row, sizeof bytes);
  return _mm512_set1_epi32(bytes);
}

template <int R>
void int8_tile(const std::uint8_t* rows, const std::int8_t* panel, std::int64_t length,
               std::int32_t* out, std::int64_t stride) {
  Ints sums[R][2];
  BASNET_RT_UNROLL
  for (int r = 0; r < R; ++r) sums[r][0] = sums[r][1] = Ints{};
  for (std::int64_t k = 0; k < length; ++k, panel += 4 * kPanel) {
    const __m512i left = _mm512_loadu_si512(panel), right = _mm512_loadu_si512(panel + 64);
    BASNET_RT_UNROLL
    for (int r = 0; r < R; ++r) {
      const __m512i quad = quad_at(rows + r * kInt8Block + 4 * k);
      sums[r][0] = add_products(sums[r][0], quad, left);
      sums[r][1] = add_products(sums[r][1], quad, right);
    }
  }
  BASNET_RT_UNROLL
  for (int r = 0; r < R; ++r) {
    std::int32_t* at = out + r * stride;
    store(at, ints_at(at) + sums[r][0]);
    store(at + 16, ints_at(at + 16) + sums[r][1]);
  }
}

// Integer sums have no order: one row takes every second quad apart, so that no instruction waits
// for the one before.
void int8_one_row(const std::uint8_t* row, const std::int8_t* panel, std::int64_t length,
                  std::int32_t* out, std::int64_t stride) {
  Ints sums[4] = {};
  std::int64_t k = 0;
  for (; k + 2 <= length; k += 2, panel += 8 * kPanel) {
    const __m512i first = quad_at(row + 4 * k), second = quad_at(row + 4 * k + 4);
    BASNET_RT_UNROLL
    for (int i = 0; i < 4; ++i) {
      sums[i] = add_products(sums[i], i < 2 ? first : second, _mm512_loadu_si512(panel + 64 * i));
    }
  }
  if (k < length) int8_tile<1>(row + 4 * k, panel, 1, out, stride);
  for (int half = 0; half < 2; ++half) {
    std::int32_t* at = out + 16 * half;
    store(at, ints_at(at) + sums[half] + sums[half + 2]);
  }
}

void add_int8(const std::uint8_t* rows, int count, const std::int8_t* panel, std::int64_t length,
              std::int32_t* out, std::int64_t stride) {
  using Tile =
      void (*)(const std::uint8_t*, const std::int8_t*, std::int64_t, std::int32_t*, std::int64_t);
  static constexpr Tile kTiles[] = {int8_one_row, int8_tile<2>,  int8_tile<3>,  int8_tile<4>,
                                    int8_tile<5>, int8_tile<6>,  int8_tile<7>,  int8_tile<8>,
                                    int8_tile<9>, int8_tile<10>, int8_tile<11>, int8_tile<12>};
  kTiles[count - 1](rows, panel, length, out, stride);
}

}  // namespace

const Kernel* avx512_vnni_kernel() {
  static const Kernel kernel = {
      "avx512_vnni", avx512_kernel()->float32, avx512_kernel()->bfloat16, {12, true, add_int8}};
  return &kernel;
}

}  // namespace basnet_rt::engine

BASNET_RT_TARGET_END

#else

namespace basnet_rt::engine {
const Kernel* avx512_vnni_kernel() { return nullptr; }
}  // namespace basnet_rt::engine

#endif
