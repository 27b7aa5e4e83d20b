#pragma once

// Min-max range of the last values of one class, on the host.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <deque>
#include <limits>

#include "formulas/normalisation.h"
#include "formulas/sliding_extremes.h"

namespace basnet_rt {

/// Takes the values one by one; amortised constant per value.
class SlidingRange {
 public:
  /// @param length  of the window, in values.
  /// @param count  number of values before the first pushed one; they are not in the window.
  explicit SlidingRange(std::int64_t length, std::int64_t count = 0)
      : length_(length), count_(count) {}

  formulas::Range push(float value) {
    formulas::push_extreme<formulas::HidesForLeast>(least_, count_, value);
    formulas::push_extreme<formulas::HidesForLargest>(largest_, count_, value);
    formulas::forget_before(least_, count_ - length_ + 1);
    formulas::forget_before(largest_, count_ - length_ + 1);
    ++count_;
    return formulas::minmax_range(least_.front().value, largest_.front().value);
  }

  /// Values so far; an entry's `when` is a value's index among them.
  std::int64_t count() const { return count_; }
  const std::deque<formulas::Extreme>& least() const { return least_; }
  const std::deque<formulas::Extreme>& largest() const { return largest_; }

  /// Whether loaded values can be a window.
  bool consistent() const {
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 4;
    const auto possible = [this](const formulas::Extreme& one) {
      return std::isfinite(one.value) && one.when >= 0 && one.when < count_;
    };
    return count_ >= 0 && count_ <= kMost && std::all_of(least_.begin(), least_.end(), possible) &&
           std::all_of(largest_.begin(), largest_.end(), possible);
  }

  template <class Archive>
  void visit(Archive& archive) {
    archive.field(count_);
    archive.sequence(least_);
    archive.sequence(largest_);
  }

 private:
  // A queue of formulas::push_extreme.
  struct Queue : std::deque<formulas::Extreme> {
    float back() const { return deque::back().value; }
    void push_back(std::int64_t when, float value) { deque::push_back({when, value}); }
    std::int64_t front_when() const { return front().when; }
  };

  std::int64_t length_;
  std::int64_t count_;
  Queue least_;
  Queue largest_;
};

}  // namespace basnet_rt
