#pragma once

// Second pass, mode continuous: activations are normalised, and each row's roots are found.
//
//            class 0    1    2           one thread per row, N * C threads, T steps each: a root's
//   t = 0     y  |    y |  y |           begin depends on all before it
//   t = 1     y  |    y |  y |           y[t, class] is written beside its neighbours
//   ...          v      v    v
//   roots[row][0 .. root_counts[row])    by start

#include <cstdint>

#include "cuda/passes/batch.h"
#include "formulas/intervals.h"
#include "formulas/normalisation.h"
#include "formulas/sliding_extremes.h"

namespace basnet_rt::cuda {

/// A queue of formulas::push_extreme, in a ring of snippets.
class ExtremeQueue {
 public:
  /// @param ring  (size,) entries; one more than the window has values.
  BASNET_RT_HOST_DEVICE ExtremeQueue(const float* x, std::int64_t stride, std::int64_t size,
                                     std::int32_t* ring)
      : x_(x), stride_(stride), size_(size), ring_(ring) {}

  BASNET_RT_HOST_DEVICE bool empty() const { return count_ == 0; }
  BASNET_RT_HOST_DEVICE float back() const { return value(end_ - 1); }
  BASNET_RT_HOST_DEVICE float front() const { return value(end_ - count_); }
  BASNET_RT_HOST_DEVICE std::int64_t front_when() const { return ring_[slot(end_ - count_)]; }
  BASNET_RT_HOST_DEVICE void pop_front() { --count_; }
  BASNET_RT_HOST_DEVICE void pop_back() {
    --end_;
    --count_;
  }
  /// The value is that of snippet `when`.
  BASNET_RT_HOST_DEVICE void push_back(std::int64_t when, float) {
    ring_[slot(end_++)] = static_cast<std::int32_t>(when);
    ++count_;
  }

 private:
  BASNET_RT_HOST_DEVICE std::int64_t slot(std::int64_t i) const { return i % size_; }
  BASNET_RT_HOST_DEVICE float value(std::int64_t i) const { return x_[ring_[slot(i)] * stride_]; }

  const float* x_;
  std::int64_t stride_;
  std::int64_t size_;
  std::int32_t* ring_;
  std::int64_t end_ = 0;
  std::int64_t count_ = 0;
};

/// Min-max over the last `length` values of a row, as SlidingRange.
class SlidingWindow {
 public:
  /// @param rings  2 * (length + 1) entries.
  BASNET_RT_HOST_DEVICE SlidingWindow(const float* x, std::int64_t stride, std::int64_t length,
                                      std::int32_t* rings)
      : x_(x),
        stride_(stride),
        length_(length),
        least_(x, stride, length + 1, rings),
        largest_(x, stride, length + 1, rings + length + 1) {}

  BASNET_RT_HOST_DEVICE formulas::Range push(std::int64_t t) {
    const float value = x_[t * stride_];
    formulas::push_extreme<formulas::HidesForLeast>(least_, t, value);
    formulas::push_extreme<formulas::HidesForLargest>(largest_, t, value);
    formulas::forget_before(least_, t - length_ + 1);
    formulas::forget_before(largest_, t - length_ + 1);
    return formulas::minmax_range(least_.front(), largest_.front());
  }

 private:
  const float* x_;
  std::int64_t stride_;
  std::int64_t length_;
  ExtremeQueue least_;
  ExtremeQueue largest_;
};

/// One thread per row.
struct ScanRows {
  BatchSettings settings;
  BatchInput input;
  BatchWork work;

  BASNET_RT_HOST_DEVICE void operator()(std::int64_t index) const {
    work.root_counts[index] = 0;
    if (work.outcome->bad_value != kFine) return;  // never compute an index from a NaN
    const Row row = row_at(index, settings);
    const float* scores = input.video_scores + row.video * settings.num_classes;
    if (settings.gate == Gate::kVideo &&
        !settings.gate_rule().passes(scores, settings.num_classes, row.label)) {
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
  /// @param value  the row's normalised activations; each is computed once, in order.
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
