#pragma once

// The loop of every kernel that computes in registers, for one thread.
//
//                      one step of k in a panel, V registers of kWidth outputs
//                    [ weights 0 | weights 1 | ... | weights V-1 ]
//   row 0, value ->  [ sums 0,0  | sums 0,1  | ... | sums 0,V-1  ]
//   row 1, value ->  [ sums 1,0  | ...                           ]
//   ...                                      R rows; k runs from 0 to length
//
// The sums stay in registers until the last k, then they are added to the outputs. A kernel's file
// includes this after BASNET_RT_TARGET_BEGIN, so these functions take its instructions too, and
// says by a struct what a register is: one of the shapes below, with
//
//   Sum, kWidth             a register of sums, and how many outputs it holds
//   zero()                  such a register
//   value(row, part)        one step of a row, for every output
//   weights(panel, part)    one step of kWidth outputs
//   add(sum, value, weights)
//   add_to(out, sum)        adds a register to kWidth outputs

#include "engine/kernels/kernel.h"
#include "engine/kernels/target.h"

namespace basnet_rt::engine {
namespace {

struct Float32Shape {
  using Rows = float;  // as kernel.h hands them over
  using Row = float;   // as they are read
  using Weight = float;
  using Out = float;
  static constexpr std::int64_t kRowStride = kBlock;
  static constexpr int kStep = 1;   // of a row
  static constexpr int kDepth = 1;  // weights of one output in a step
  static constexpr int kParts = 1;  // additions of a step, one after the other
};

/// The odd k of a pair is part 0.
struct BFloat16Shape {
  using Rows = void;
  using Row = float;
  using Weight = std::uint16_t;
  using Out = float;
  static constexpr std::int64_t kRowStride = kBlock;
  static constexpr int kStep = 2, kDepth = 2, kParts = 2;
};

struct BFloat16PairsShape {
  using Rows = void;
  using Row = std::uint32_t;
  using Weight = std::uint16_t;
  using Out = float;
  static constexpr std::int64_t kRowStride = kBlock / 2;
  static constexpr int kStep = 1, kDepth = 2, kParts = 1;
};

struct Int8Shape {
  using Rows = std::uint8_t;
  using Row = std::uint8_t;
  using Weight = std::int8_t;
  using Out = std::int32_t;
  static constexpr std::int64_t kRowStride = kInt8Block;
  static constexpr int kStep = 4, kDepth = 4, kParts = 1;
};

template <class T, int R, int V>
void tile(const typename T::Row* rows, const typename T::Weight* panel, std::int64_t length,
          typename T::Out* out, std::int64_t stride) {
  typename T::Sum sums[R][V];
  BASNET_RT_UNROLL
  for (int i = 0; i < R * V; ++i) sums[i / V][i % V] = T::zero();
  for (std::int64_t k = 0; k < length; ++k, rows += T::kStep, panel += T::kDepth * kPanel) {
    BASNET_RT_UNROLL
    for (int part = 0; part < T::kParts; ++part) {
      decltype(T::weights(panel, part)) weights[V];
      BASNET_RT_UNROLL
      for (int v = 0; v < V; ++v) weights[v] = T::weights(panel + T::kDepth * T::kWidth * v, part);
      BASNET_RT_UNROLL
      for (int r = 0; r < R; ++r) {
        const auto value = T::value(rows + r * T::kRowStride, part);
        BASNET_RT_UNROLL
        for (int v = 0; v < V; ++v) sums[r][v] = T::add(sums[r][v], value, weights[v]);
      }
    }
  }
  BASNET_RT_UNROLL
  for (int i = 0; i < R * V; ++i)
    T::add_to(out + (i / V) * stride + T::kWidth * (i % V), sums[i / V][i % V]);
}

/// One panel: whole, or in two halves if the registers cannot hold all sums.
template <class T, int R, bool kWhole>
void panel_tile(const typename T::Row* rows, const typename T::Weight* panel, std::int64_t length,
                typename T::Out* out, std::int64_t stride) {
  constexpr int kRegisters = kPanel / T::kWidth;
  if constexpr (kWhole) {
    tile<T, R, kRegisters>(rows, panel, length, out, stride);
  } else {
    constexpr std::int64_t kHalf = kPanel / 2;
    tile<T, R, kRegisters / 2>(rows, panel, length, out, stride);
    tile<T, R, kRegisters / 2>(rows, panel + T::kDepth * kHalf, length, out + kHalf, stride);
  }
}

/// `count` of up to kRows rows; up to kWhole of them take a panel whole.
template <class T, int kRows, int kWhole, int R = 1>
void add_tile(const typename T::Rows* rows, int count, const typename T::Weight* panel,
              std::int64_t length, typename T::Out* out, std::int64_t stride) {
  if constexpr (R < kRows) {
    if (count > R)
      return add_tile<T, kRows, kWhole, R + 1>(rows, count, panel, length, out, stride);
  }
  panel_tile<T, R, R <= kWhole>(static_cast<const typename T::Row*>(rows), panel, length, out,
                                stride);
}

}  // namespace
}  // namespace basnet_rt::engine
