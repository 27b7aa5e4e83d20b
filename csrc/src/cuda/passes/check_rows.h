#pragma once

// First pass over the input: every value must be finite, and each row's extremes are kept.
//
//          class 0    1    2   ...        one thread per row (video and class), N * C threads
//   t = 0    thread 0 |  1 |  2           each goes down its column, T steps; neighbouring threads
//   t = 1         |   |  | |  |           read neighbouring floats at every step
//   ...           v      v    v
//          least[row], largest[row]; outcome.bad_value = least code of all bad values (atomic)

#include <cmath>
#include <cstdint>

#include "cuda/device/memory.h"
#include "cuda/passes/batch.h"

namespace basnet_rt::cuda {

enum class InputArray { kCas, kVideoScores, kRawCas };
enum class BadKind { kNaN, kInfinity, kMinusInfinity, kOutOfRange };

/// A value that is not allowed, and the code by which kernels report it; the least code wins.
struct BadValue {
  std::int64_t batch_row = 0;  ///< snippet, counted through the batch; of scores, the video's first
  std::int64_t column = 0;
  InputArray array = InputArray::kCas;
  BadKind kind = BadKind::kNaN;

  BASNET_RT_HOST_DEVICE std::int64_t code(std::int64_t num_columns) const {
    return ((batch_row * num_columns + column) * 3 + static_cast<std::int64_t>(array)) * 4 +
           static_cast<std::int64_t>(kind);
  }

  static BadValue decode(std::int64_t code, std::int64_t num_columns) {
    const std::int64_t place = code / 12;
    return {place / num_columns, place % num_columns, static_cast<InputArray>(code / 4 % 3),
            static_cast<BadKind>(code % 4)};
  }
};

BASNET_RT_HOST_DEVICE inline BadKind kind_of(float value) {
  if (value != value) return BadKind::kNaN;
  return value > 0.0f ? BadKind::kInfinity : BadKind::kMinusInfinity;
}

/// One thread per row: neighbours are neighbouring classes, so loads are coalesced.
struct CheckRows {
  BatchSettings settings;
  BatchInput input;
  BatchWork work;

  BASNET_RT_HOST_DEVICE void operator()(std::int64_t index) const {
    const Row row = row_at(index, settings);
    const VideoPlan& plan = settings.videos[row.video];
    const float* x = input.cas + plan.first_row * input.row_stride + row.label;
    float least = *x;
    float largest = *x;
    for (std::int64_t t = 0; t < plan.num_snippets; ++t, x += input.row_stride) {
      least = *x < least ? *x : least;
      largest = *x > largest ? *x : largest;
      if (!std::isfinite(*x)) report(plan.first_row + t, row.label, InputArray::kCas, kind_of(*x));
    }
    work.least[index] = least;
    work.largest[index] = largest;
    check_scores(plan, row, index);
    if (settings.gate == Gate::kHorizon) {
      check_raw(plan, row.label);
      if (row.label == 0) check_raw(plan, settings.num_classes);
    }
  }

 private:
  BASNET_RT_HOST_DEVICE void check_scores(const VideoPlan& plan, Row row,
                                          std::int64_t index) const {
    if (settings.gate != Gate::kVideo) return;
    const float score = input.video_scores[index];
    if (score >= 0.0f && score <= 1.0f) return;
    report(plan.first_row, row.label, InputArray::kVideoScores, BadKind::kOutOfRange);
  }

  BASNET_RT_HOST_DEVICE void check_raw(const VideoPlan& plan, std::int64_t column) const {
    const std::int64_t columns = settings.num_classes + 1;
    const float* x = input.raw_cas + plan.first_row * columns + column;
    for (std::int64_t t = 0; t < plan.num_snippets; ++t, x += columns) {
      if (!std::isfinite(*x)) report(plan.first_row + t, column, InputArray::kRawCas, kind_of(*x));
    }
  }

  BASNET_RT_HOST_DEVICE void report(std::int64_t batch_row, std::int64_t column, InputArray array,
                                    BadKind kind) const {
    const BadValue bad{batch_row, column, array, kind};
    fetch_min(&work.outcome->bad_value, bad.code(settings.num_classes + 1));
  }
};

}  // namespace basnet_rt::cuda
