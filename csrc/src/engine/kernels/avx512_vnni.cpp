// AVX-512 with VNNI: four int8 products and their sum by one instruction, without saturation.

#include "engine/kernels/kernel.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include "engine/kernels/target.h"

BASNET_RT_TARGET_BEGIN("avx512f,avx512bw,avx512vl,avx512vnni")

#include "engine/kernels/avx512_registers.h"
#include "engine/kernels/tiles.h"

namespace basnet_rt::engine {
namespace {

// Rows are unsigned (q + 128), as the instruction wants them.
struct Int8 : Int8Shape, Avx512Ints {
  static Sum add(Sum sum, __m512i quad, __m512i weights) {
    return ints(_mm512_dpbusd_epi32(reinterpret_cast<__m512i>(sum), quad, weights));
  }
};

// The order of integer sums does not matter: a single row sums every second quad separately, so
// that no instruction waits for the previous one.
void one_row(const std::uint8_t* row, const std::int8_t* panel, std::int64_t length,
             std::int32_t* out, std::int64_t stride) {
  Int8::Sum sums[4] = {};
  std::int64_t k = 0;
  for (; k + 2 <= length; k += 2, panel += 8 * kPanel) {
    const __m512i first = Int8::value(row + 4 * k, 0), second = Int8::value(row + 4 * k + 4, 0);
    BASNET_RT_UNROLL
    for (int i = 0; i < 4; ++i) {
      sums[i] = Int8::add(sums[i], i < 2 ? first : second, Int8::weights(panel + 64 * i, 0));
    }
  }
  if (k < length) tile<Int8, 1, 2>(row + 4 * k, panel, 1, out, stride);
  Int8::add_to(out, sums[0] + sums[2]);
  Int8::add_to(out + 16, sums[1] + sums[3]);
}

void add_int8(const std::uint8_t* rows, int count, const std::int8_t* panel, std::int64_t length,
              std::int32_t* out, std::int64_t stride) {
  if (count == 1) return one_row(rows, panel, length, out, stride);
  add_tile<Int8, 12, 12, 2>(rows, count, panel, length, out, stride);
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
