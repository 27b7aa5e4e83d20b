#pragma once

// Intervals whose scores fall when a better, overlapping one is taken.
//
// They are stored in classes of about equal length, and within a class in blocks ordered by start,
// so all intervals that overlap one are in a few neighbouring blocks of each class. A tournament
// tree over the blocks gives the best of all. So a step costs the logarithm of the number of blocks
// and the overlaps.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "basnet_rt/types.h"
#include "formulas/formulas.h"
#include "nms/radix_order.h"

namespace basnet_rt {

struct DecayingInterval {
  Segment segment;
  double score = 0.0;
  std::size_t index = 0;  // of equal scores the smaller is better
};

/// Sixteen intervals as columns, so that vector instructions can process all. An empty place has an
/// interval that ends before all others and has a lower score.
struct DecayingBlock {
  static constexpr std::size_t kSize = 16;
  static constexpr double kInfinity = std::numeric_limits<double>::infinity();

  double start[kSize];
  double end[kSize];
  double score[kSize];
  std::size_t index[kSize];

  DecayingBlock() {
    for (std::size_t i = 0; i < kSize; ++i) fill(i, {{0.0, 0.0}, -kInfinity, 0});
  }

  void fill(std::size_t i, const DecayingInterval& one) {
    start[i] = one.segment.start;
    end[i] = one.segment.end;
    score[i] = one.score;
    index[i] = one.index;
  }

  /// Place of the best: of equal scores the smallest index.
  std::size_t place_of(double best_score) const {
    std::size_t best = kSize;
    for (std::size_t i = 0; i < kSize; ++i) {
      if (score[i] == best_score && (best == kSize || index[i] < index[best])) best = i;
    }
    return best;
  }

  /// Multiplies every positive score by `weight(IoU with taken)`, then removes intervals with a
  /// score below `min_score`.
  template <class Weight>
  void decay(Segment taken, double min_score, const Weight& weight) {
    double overlap[kSize];
    for (std::size_t i = 0; i < kSize; ++i) {
      overlap[i] = formulas::interval_iou(taken.start, taken.end, start[i], end[i]);
    }
    if constexpr (Weight::kCheap) {
      for (std::size_t i = 0; i < kSize; ++i) {
        const double lower = score[i] * weight(overlap[i]);
        const double decayed = score[i] > 0.0 ? lower : score[i];
        score[i] = decayed >= min_score ? decayed : -kInfinity;
      }
    } else {
      std::size_t hit[kSize];
      std::size_t hits = 0;
      for (std::size_t i = 0; i < kSize; ++i) {
        hit[hits] = i;
        hits +=
            static_cast<std::size_t>(overlap[i] > 0.0) & static_cast<std::size_t>(score[i] > 0.0);
      }
      for (std::size_t k = 0; k < hits; ++k) {
        double& decayed = score[hit[k]];
        decayed *= weight(overlap[hit[k]]);
        if (decayed < min_score) decayed = -kInfinity;
      }
    }
  }

  /// The largest of kSize numbers, in four independent chains.
  static double largest(const double* values) {
    double best[4] = {values[0], values[1], values[2], values[3]};
    for (std::size_t i = 4; i < kSize; i += 4) {
      for (std::size_t k = 0; k < 4; ++k) {
        best[k] = values[i + k] > best[k] ? values[i + k] : best[k];
      }
    }
    return std::max(std::max(best[0], best[1]), std::max(best[2], best[3]));
  }
};

class DecayingIntervals {
 public:
  /// @param by_start  rising by start.
  explicit DecayingIntervals(const std::vector<DecayingInterval>& by_start) {
    std::vector<cpu::Keyed<std::uint32_t>> order(by_start.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
      order[i] = {length_class(by_start[i].segment), static_cast<std::uint32_t>(i)};
    }
    radix_sort(order);
    std::size_t filled = 0;
    for (std::size_t i = 0; i < order.size(); ++i, ++filled) {
      const DecayingInterval& one = by_start[order[i].place];
      const bool new_class = i == 0 || order[i].key != order[i - 1].key;
      if (new_class) classes_.push_back({blocks_.size(), blocks_.size(), 0.0});
      if (new_class || filled == DecayingBlock::kSize) {
        blocks_.emplace_back();
        first_starts_.push_back(one.segment.start);
        ++classes_.back().end_block;
        filled = 0;
      }
      blocks_.back().fill(filled, one);
      double& longest = classes_.back().longest;
      longest = std::max(longest, (one.segment.end - one.segment.start) * (1.0 + kSlack));
    }
    start_tournament();
  }

  /// The score of the best interval; -infinity if none is left.
  double best_score() const { return best_scores_[winners_[1]]; }

  /// Removes the best interval, multiplies the positive scores of overlapping ones by
  /// `weight(IoU)`, and drops those that fall below `min_score`. At least one must be left.
  template <class Weight>
  DecayingInterval take_best(double min_score, const Weight& weight) {
    const std::size_t index = winners_[1];
    DecayingBlock& block = blocks_[index];
    const std::size_t i = block.place_of(best_scores_[index]);
    const DecayingInterval taken{{block.start[i], block.end[i]}, block.score[i], block.index[i]};
    block.score[i] = -DecayingBlock::kInfinity;
    decay_block(index, taken.segment, min_score, weight);
    for (const Class& one : classes_) decay_class(one, index, taken.segment, min_score, weight);
    return taken;
  }

 private:
  static constexpr int kOctaves = 1;      // log2 of the octaves in a class
  static constexpr double kSlack = 1e-9;  // far above rounding

  struct Class {
    std::size_t first_block = 0;
    std::size_t end_block = 0;
    double longest = 0.0;  // none is longer
  };

  static std::uint32_t length_class(Segment segment) {
    return static_cast<std::uint32_t>(cpu::rising_key(segment.end - segment.start) >>
                                      (52 + kOctaves));
  }

  void start_tournament() {
    while (leaves_ < blocks_.size()) leaves_ *= 2;
    best_scores_.assign(leaves_, -DecayingBlock::kInfinity);
    std::size_t at = 0;
    for (const DecayingBlock& block : blocks_) {
      best_scores_[at++] = DecayingBlock::largest(block.score);
    }
    winners_.resize(2 * leaves_);
    for (std::size_t i = 0; i < leaves_; ++i) winners_[leaves_ + i] = i;
    for (std::size_t node = leaves_ - 1; node > 0; --node) winners_[node] = winner_below(node);
  }

  std::size_t winner_below(std::size_t node) const {
    const std::size_t left = winners_[2 * node], right = winners_[2 * node + 1];
    const double a = best_scores_[left], b = best_scores_[right];
    const bool tie = a == b && a != -DecayingBlock::kInfinity;
    const bool right_wins = tie ? index_of_best(right) < index_of_best(left) : b > a;
    return right_wins ? right : left;
  }

  std::size_t index_of_best(std::size_t block) const {
    return blocks_[block].index[blocks_[block].place_of(best_scores_[block])];
  }

  // A change in a block may change the winner above it.
  void play_again(std::size_t block) {
    for (std::size_t node = (leaves_ + block) / 2; node > 0; node /= 2) {
      const std::size_t winner = winner_below(node);
      if (winner == winners_[node] && winner != block) return;
      winners_[node] = winner;
    }
  }

  template <class Weight>
  void decay_class(const Class& one, std::size_t done, Segment taken, double min_score,
                   const Weight& weight) {
    const auto begin = first_starts_.begin() + static_cast<std::ptrdiff_t>(one.first_block);
    const auto end = first_starts_.begin() + static_cast<std::ptrdiff_t>(one.end_block);
    auto from = std::upper_bound(begin, end, taken.start - one.longest);
    if (from != begin) --from;
    for (; from != end && *from < taken.end; ++from) {
      const auto block = static_cast<std::size_t>(from - first_starts_.begin());
      if (block == done || !(best_scores_[block] > 0.0)) continue;
      decay_block(block, taken, min_score, weight);
    }
  }

  template <class Weight>
  void decay_block(std::size_t index, Segment taken, double min_score, const Weight& weight) {
    DecayingBlock& block = blocks_[index];
    block.decay(taken, min_score, weight);
    best_scores_[index] = DecayingBlock::largest(block.score);
    play_again(index);
  }

  std::vector<Class> classes_;
  std::vector<DecayingBlock> blocks_;  // class by class
  std::vector<double> first_starts_;   // none in a block starts earlier
  std::vector<double> best_scores_;    // largest score in each leaf; there may be more than blocks
  std::size_t leaves_ = 1;
  std::vector<std::size_t> winners_;  // block with the best; n has children 2 n and 2 n + 1
};

}  // namespace basnet_rt
