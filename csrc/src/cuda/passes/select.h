#pragma once

// NMS by a team: greedy decisions found in rounds, all candidates at once.
//
//   score   0.9  0.8  0.7  0.6            a warp per root; lanes take candidates i, i + 32, ...
//            a    b    c    d             a and b, b and c, c and d repeat each other
//   round 1  K    ?    ?    ?             a waits for no other: kept
//   round 2  K    D    ?    ?             b repeats a, which is kept: dropped
//   round 3  K    D    K    ?             c no longer waits for b
//   round 4  K    D    K    D
//
// As many rounds as the longest chain of candidates that wait for each other; in each, a candidate
// looks at those of every level that overlap it.

#include <cstdint>

#include "basnet_rt/types.h"
#include "cuda/passes/batch.h"
#include "formulas/formulas.h"
#include "formulas/order.h"

namespace basnet_rt::cuda {

enum class Verdict : unsigned char { kOpen, kKept, kDropped };

/// Candidates of one root (mode continuous) or one row (mode published), level by level; those of
/// a level are disjoint and ordered by start.
struct Candidates {
  std::int64_t count = 0;
  std::int64_t num_levels = 0;
  const std::int64_t* level_begins = nullptr;  ///< (num_levels + 1,)
  Segment* segments = nullptr;                 ///< (count,)
  double* scores = nullptr;                    ///< (count,)
  Verdict* verdicts = nullptr;                 ///< (count,)
  Verdict* next = nullptr;                     ///< (count,)

  BASNET_RT_HOST_DEVICE std::int64_t level_of(std::int64_t i) const {
    std::int64_t level = 0;
    while (level_begins[level + 1] <= i) ++level;
    return level;
  }

  /// Strict total order in which NMS visits them.
  BASNET_RT_HOST_DEVICE bool comes_first(std::int64_t a, std::int64_t b) const {
    // Candidates of a lower level come before those of a higher one.
    return formulas::comes_first({scores[a], segments[a], 0, a}, {scores[b], segments[b], 0, b});
  }

  /// First of `level` that ends after `time`; the level's end if none does.
  BASNET_RT_HOST_DEVICE std::int64_t first_ending_after(std::int64_t level, double time) const {
    std::int64_t low = level_begins[level];
    std::int64_t high = level_begins[level + 1];
    while (low < high) {
      const std::int64_t middle = low + (high - low) / 2;
      if (segments[middle].end > time) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }
};

/// IoU of the mode, and the largest distance of two segments with an IoU above 0.
struct Overlap {
  bool published = false;

  BASNET_RT_HOST_DEVICE double slack() const { return published ? 1.0 : 0.0; }
  BASNET_RT_HOST_DEVICE double operator()(Segment a, Segment b) const {
    return published ? formulas::published_iou(a.start, a.end, b.start, b.end)
                     : formulas::interval_iou(a.start, a.end, b.start, b.end);
  }
};

/// Verdict on candidate i, as far as those before it in the order are decided.
BASNET_RT_HOST_DEVICE inline Verdict judge(const Candidates& all, std::int64_t i, Overlap overlap,
                                           double nms_iou) {
  bool waits = false;
  const Segment self = all.segments[i];
  for (std::int64_t level = 0; level < all.num_levels; ++level) {
    std::int64_t j = all.first_ending_after(level, self.start - overlap.slack());
    for (; j < all.level_begins[level + 1]; ++j) {
      if (all.segments[j].start >= self.end + overlap.slack()) break;
      if (j == i || all.verdicts[j] == Verdict::kDropped || !all.comes_first(j, i)) continue;
      const double iou = overlap(self, all.segments[j]);
      if (!(iou > 0.0) || iou < nms_iou) continue;
      if (all.verdicts[j] == Verdict::kKept) return Verdict::kDropped;
      waits = true;
    }
  }
  return waits ? Verdict::kOpen : Verdict::kKept;
}

/// Greedy NMS: a candidate is dropped when one that comes first is kept and repeats it.
///
/// Each round decides all candidates that wait for no other. The first open one never waits, so the
/// rounds end. Verdicts are read from the previous round, so the order of lanes does not matter.
template <class Team>
BASNET_RT_HOST_DEVICE void select_hard(const Team& team, const Candidates& all, Overlap overlap,
                                       double nms_iou) {
  team.for_each(all.count, [&](std::int64_t i) { all.verdicts[i] = Verdict::kOpen; });
  const auto open = [&](std::int64_t i) { return all.verdicts[i] == Verdict::kOpen; };
  while (team.count(all.count, open) > 0) {
    team.for_each(all.count, [&](std::int64_t i) {
      all.next[i] = open(i) ? judge(all, i, overlap, nms_iou) : all.verdicts[i];
    });
    team.for_each(all.count, [&](std::int64_t i) { all.verdicts[i] = all.next[i]; });
  }
}

/// Soft-NMS: the best is taken, the others decay; scores change in place.
template <class Team>
BASNET_RT_HOST_DEVICE void select_soft(const Team& team, const Candidates& all, Overlap overlap,
                                       const BatchSettings& settings) {
  team.for_each(all.count, [&](std::int64_t i) { all.verdicts[i] = Verdict::kOpen; });
  const bool linear = settings.nms == NmsKind::kLinear;
  const double least_iou = linear ? settings.nms_iou : 0.0;
  for (;;) {
    const std::int64_t best = team.best(
        all.count, [&](std::int64_t i) { return all.verdicts[i] == Verdict::kOpen; },
        [&](std::int64_t a, std::int64_t b) { return all.comes_first(a, b); });
    if (best < 0 || all.scores[best] < settings.soft_min_score) break;
    team.for_each(all.count, [&](std::int64_t i) {
      if (i == best) {
        all.verdicts[i] = Verdict::kKept;
        return;
      }
      if (all.verdicts[i] != Verdict::kOpen || !(all.scores[i] > 0.0)) return;
      const double iou = overlap(all.segments[best], all.segments[i]);
      if (!(iou > 0.0) || iou < least_iou) return;
      all.scores[i] *= formulas::soft_weight(iou, linear, settings.soft_sigma);
    });
  }
}

}  // namespace basnet_rt::cuda
