#pragma once

// Second pass, mode continuous: activations are normalised, and each row's roots are found.

#include <cstdint>

#include "cuda/passes/batch.h"
#include "formulas/intervals.h"

namespace basnet_rt::cuda {

/// Min-max over the last `length` values of a row, as cpu::SlidingRange; amortised constant.
///
/// Keeps, in two rings of indices, the values that may still become an extreme.
class SlidingWindow {
 public:
  /// @param rings  2 * (length + 1) entries.
  BASNET_RT_HOST_DEVICE SlidingWindow(const float* x, std::int64_t stride, std::int64_t length,
                                      std::int32_t* rings)
      : x_(x), stride_(stride), length_(length), rising_(rings), falling_(rings + length + 1) {}

  BASNET_RT_HOST_DEVICE formulas::Range push(std::int64_t t) {
    const float value = at(t);
    while (rising_count_ > 0 && at(rising_[slot(rising_end_ - 1)]) >= value) {
      --rising_end_;
      --rising_count_;
    }
    while (falling_count_ > 0 && at(falling_[slot(falling_end_ - 1)]) <= value) {
      --falling_end_;
      --falling_count_;
    }
    rising_[slot(rising_end_++)] = static_cast<std::int32_t>(t);
    falling_[slot(falling_end_++)] = static_cast<std::int32_t>(t);
    ++rising_count_;
    ++falling_count_;
    const std::int64_t oldest = t - length_ + 1;
    while (rising_[slot(rising_end_ - rising_count_)] < oldest) --rising_count_;
    while (falling_[slot(falling_end_ - falling_count_)] < oldest) --falling_count_;
    return formulas::minmax_range(at(rising_[slot(rising_end_ - rising_count_)]),
                                  at(falling_[slot(falling_end_ - falling_count_)]));
  }

 private:
  BASNET_RT_HOST_DEVICE float at(std::int64_t t) const { return x_[t * stride_]; }
  BASNET_RT_HOST_DEVICE std::int64_t slot(std::int64_t i) const { return i % (length_ + 1); }

  const float* x_;
  std::int64_t stride_;
  std::int64_t length_;
  std::int32_t* rising_;
  std::int32_t* falling_;
  std::int64_t rising_end_ = 0;
  std::int64_t rising_count_ = 0;
  std::int64_t falling_end_ = 0;
  std::int64_t falling_count_ = 0;
};

/// Whether the gate of the whole video lets a class through.
BASNET_RT_HOST_DEVICE inline bool passes_video_gate(const float* scores, std::int64_t label,
                                                    const BatchSettings& settings) {
  if (static_cast<double>(scores[label]) >= settings.class_threshold) return true;
  if (!settings.keep_top1) return false;
  for (std::int64_t c = 0; c < settings.num_classes; ++c) {
    if (static_cast<double>(scores[c]) >= settings.class_threshold) return false;
    if (scores[c] > scores[label] || (scores[c] == scores[label] && c < label)) return false;
  }
  return true;
}

/// One thread per row.
struct ScanRows {
  BatchSettings settings;
  BatchInput input;
  BatchWork work;

  BASNET_RT_HOST_DEVICE void operator()(std::int64_t index) const {
    work.root_counts[index] = 0;
    if (work.outcome->bad_value != kFine) return;  // no place is worked out from a NaN
    const Row row = row_at(index, settings);
    if (settings.gate == Gate::kVideo &&
        !passes_video_gate(input.video_scores + row.video * settings.num_classes, row.label,
                           settings)) {
      return;
    }
    const VideoPlan& plan = settings.videos[row.video];
    const float* x = input.cas + plan.first_row * input.row_stride + row.label;
    if (settings.normalisation == Normalisation::kHorizon) {
      const std::int64_t rings = 2 * (plan.horizon + 1);
      SlidingWindow window(x, input.row_stride, plan.horizon,
                           work.window + plan.first_window + row.label * rings);
      scan(index, row, [&](std::int64_t t) {
        return formulas::normalise(x[t * input.row_stride], window.push(t));
      });
    } else {
      const formulas::Range range =
          settings.normalisation == Normalisation::kFixed
              ? settings.ranges[row.label]
              : formulas::minmax_range(work.least[index], work.largest[index]);
      scan(index, row,
           [&](std::int64_t t) { return formulas::normalise(x[t * input.row_stride], range); });
    }
  }

 private:
  /// @param value  the row's normalised activation; asked for once each, in order.
  template <class Value>
  BASNET_RT_HOST_DEVICE void scan(std::int64_t index, Row row, Value&& value) const {
    const VideoPlan& plan = settings.videos[row.video];
    double* y = work.y + plan.first_row * settings.num_classes + row.label;
    Interval* roots = work.roots + plan.first_root + row.label * plan.max_roots;
    std::int64_t count = 0;
    const auto keep = [&](const Interval& root) { roots[count++] = root; };
    IntervalScanner scanner(settings.thresholds[0], plan.limits.merge_gap, plan.limits.max_duration,
                            plan.section.end);
    *y = value(0);
    scanner.begin(0, *y, plan.section.begin(), keep);
    for (std::int64_t t = 1; t < plan.used; ++t) {
      y += settings.num_classes;
      *y = value(t);
      scanner.push(*y, keep);
    }
    scanner.finish(plan.section.end, keep);
    work.root_counts[index] = count;
  }
};

}  // namespace basnet_rt::cuda
