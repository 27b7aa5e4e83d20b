#pragma once

// The intervals that hard NMS has kept so far, found by length and start.
//
// Two intervals whose IoU reaches t differ in length by a factor of at most 1/t, and their starts
// differ by at most (1/t - 1) times the shorter length. So all kept intervals that an interval may
// repeat are in a few cells of a grid: levels of length, each divided by start into cells about as
// long as its intervals. The IoU of two kept ones is below t, so few fit into a cell. A look-up
// costs O(1/t) for any number of kept intervals, and never more than a comparison with all of them.
//
// The grid only finds candidates; the exact IoU decides. Every bound rather includes too many.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "basnet_rt/types.h"

namespace basnet_rt::cpu {

class KeptIntervals {
 public:
  /// @param pad  seconds that the IoU adds to the length of every interval.
  /// @param all  every interval that will be asked for or added.
  KeptIntervals(double threshold, double pad, const std::vector<Segment>& all) : pad_(pad) {
    kept_.reserve(std::min<std::size_t>(all.size(), 1024));
    if (all.size() > kFew) build_grid(threshold, all);
  }

  /// Whether `reached(kept)` holds for a kept interval near `segment`.
  template <class Reached>
  bool any_near(Segment segment, const Reached& reached) const {
    if (first_of_cell_.empty()) {
      return std::any_of(kept_.begin(), kept_.end(),
                         [&](const Kept& one) { return reached(one.segment); });
    }
    const double length = segment.end - segment.start + pad_;
    if (!overlaps_anything(length)) return false;
    const std::int64_t lowest = std::max(lowest_, level_of(length * least_));
    const std::int64_t highest = std::min(highest_, level_of(length / least_));
    for (std::int64_t level = lowest; level <= highest; ++level) {
      if (any_in_level(level, segment, length, reached)) return true;
    }
    return false;
  }

  void add(Segment segment) {
    Kept one{segment, kNone, kNone};
    const double length = segment.end - segment.start + pad_;
    if (!first_of_cell_.empty() && overlaps_anything(length)) {
      const auto added = static_cast<std::int32_t>(kept_.size());
      const std::int64_t index = level_of(length);
      Level& level = level_at(index);
      std::int32_t& first = first_of_cell_[slot(index, level.cell_of(segment.start))];
      one.next_of_cell = first;
      one.next_of_level = level.first;
      first = level.first = added;
      ++level.count;
    }
    kept_.push_back(one);
  }

 private:
  static constexpr std::size_t kFew = 24;  // with so few, comparing all is faster than a grid
  static constexpr std::int32_t kNone = -1;
  static constexpr int kMantissaBits = 52;
  static constexpr double kSlack = 1e-9;  // far larger than rounding errors of an IoU

  struct Kept {
    Segment segment;
    std::int32_t next_of_cell;
    std::int32_t next_of_level;
  };

  // Intervals of about one length.
  struct Level {
    double longest = 0.0;  // all are shorter
    double cells_per_second = 0.0;
    std::int64_t count = 0;
    std::int32_t first = kNone;

    std::int64_t cell_of(double seconds) const {
      constexpr double kFarthest = 1152921504606846976.0;  // 2^60, whose neighbours are no overflow
      const double at = std::clamp(seconds * cells_per_second, -kFarthest, kFarthest);
      const auto whole = static_cast<std::int64_t>(at);
      return at < static_cast<double>(whole) ? whole - 1 : whole;
    }
  };

  // An interval without length, or of infinite length, has IoU 0 with all.
  static bool overlaps_anything(double length) {
    return length > 0.0 && length <= std::numeric_limits<double>::max();
  }

  // Leading bits of a positive double: they rise with it.
  std::int64_t level_of(double length) const {
    std::int64_t bits = 0;
    std::memcpy(&bits, &length, sizeof bits);
    return bits >> level_shift_;
  }

  double shortest_of(std::int64_t level) const {
    const std::int64_t bits = level << level_shift_;
    double length = 0.0;
    std::memcpy(&length, &bits, sizeof length);
    return length;
  }

  Level& level_at(std::int64_t level) { return levels_[static_cast<std::size_t>(level - lowest_)]; }
  const Level& level_at(std::int64_t level) const {
    return levels_[static_cast<std::size_t>(level - lowest_)];
  }

  std::size_t slot(std::int64_t level, std::int64_t cell) const {
    const std::uint64_t key = static_cast<std::uint64_t>(cell) * 0x9E3779B97F4A7C15u +
                              static_cast<std::uint64_t>(level) * 0xC2B2AE3D27D4EB4Fu;
    return static_cast<std::size_t>(key >> slot_shift_);
  }

  void build_grid(double threshold, const std::vector<Segment>& all) {
    // A threshold so low that rounding could matter counts as 0: all overlapping ones are near.
    least_ = threshold < 1e-6 ? 0.0 : threshold * (1.0 - kSlack);
    ratio_ = 1.0 / least_ - 1.0;
    // Levels narrow enough for the threshold: an octave each, or a part of it.
    const int parts = threshold < 0.75 ? 0 : threshold < 0.87 ? 1 : threshold < 0.93 ? 2 : 3;
    level_shift_ = kMantissaBits - parts;
    bool any = false;
    for (const Segment& one : all) {
      const double length = one.end - one.start + pad_;
      if (!overlaps_anything(length)) continue;
      const std::int64_t level = level_of(length);
      lowest_ = any ? std::min(lowest_, level) : level;
      highest_ = any ? std::max(highest_, level) : level;
      any = true;
    }
    levels_.resize(static_cast<std::size_t>(highest_ - lowest_ + 1));
    for (std::int64_t level = lowest_; level <= highest_; ++level) {
      const double longest = shortest_of(level + 1) * (1.0 + kSlack);
      const double cell = 2.0 * std::clamp(ratio_, 1.0 / 64.0, 1.0) * longest;
      level_at(level).longest = longest;
      level_at(level).cells_per_second = 1.0 / std::clamp(cell, std::numeric_limits<double>::min(),
                                                          std::numeric_limits<double>::max());
    }
    int bits = 5;
    while ((std::size_t{1} << bits) < all.size()) ++bits;
    slot_shift_ = 64 - bits;
    first_of_cell_.assign(std::size_t{1} << bits, kNone);
  }

  template <class Reached>
  bool any_in_level(std::int64_t index, Segment segment, double length,
                    const Reached& reached) const {
    const Level& level = level_at(index);
    if (level.count == 0) return false;
    // Rounding moves neither end past a start that is a double itself.
    const double reach = ratio_ * std::min(length, level.longest);
    const double from = segment.start - std::min(reach, level.longest);
    const double to = std::min(segment.start + reach, segment.end + pad_);
    const std::int64_t first = level.cell_of(from);
    const std::int64_t last = level.cell_of(to);
    if (last - first >= level.count) {
      for (std::int32_t i = level.first; i != kNone; i = at(i).next_of_level) {
        if (reached(at(i).segment)) return true;
      }
      return false;
    }
    for (std::int64_t cell = first; cell <= last; ++cell) {
      for (std::int32_t i = first_of_cell_[slot(index, cell)]; i != kNone; i = at(i).next_of_cell) {
        if (reached(at(i).segment)) return true;
      }
    }
    return false;
  }

  const Kept& at(std::int32_t i) const { return kept_[static_cast<std::size_t>(i)]; }

  double pad_;
  double least_ = 0.0;  // two intervals with a smaller IoU are not near
  double ratio_ = 0.0;  // starts of near intervals differ by less than this times a length
  int level_shift_ = kMantissaBits;
  int slot_shift_ = 0;
  std::int64_t lowest_ = 0;  // level of the shortest
  std::int64_t highest_ = 0;
  std::vector<Level> levels_;
  std::vector<std::int32_t> first_of_cell_;  // hashed; cells with the same hash are searched too
  std::vector<Kept> kept_;
};

}  // namespace basnet_rt::cpu
