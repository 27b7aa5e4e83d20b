#include "evaluate/average_precision.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "formulas/formulas.h"

namespace basnet_rt::cpu {
namespace {

bool by_video(const Truth& a, const Truth& b) { return a.video < b.video; }

bool comes_first(const ClassDetection& a, const ClassDetection& b) {
  return a.score != b.score ? a.score > b.score : a.index < b.index;
}

// The matched ground truths at one threshold, and the rank of each hit.
struct Level {
  double threshold = 0.0;
  std::vector<char> taken;
  std::vector<std::int64_t> hit_ranks;  // rising, from 1
};

// The free ground truth with the highest overlap, the last of equal ones; `size` if there is none.
// `overlaps[i]` belongs to ground truth `first + i`.
std::size_t best_free(const Level& level, const std::vector<double>& overlaps, std::size_t first) {
  std::size_t best = overlaps.size();
  double highest = level.threshold;
  for (std::size_t i = 0; i < overlaps.size(); ++i) {
    if (overlaps[i] >= highest && level.taken[first + i] == 0) {
      best = i;
      highest = overlaps[i];
    }
  }
  return best;
}

// Area under the precision envelope. Precision falls between hits, so only hits matter: the n-th
// hit has precision n / rank.
double area_under_envelope(const std::vector<std::int64_t>& hit_ranks, std::size_t num_truths) {
  double area = 0.0;
  double highest = 0.0;
  for (std::size_t n = hit_ranks.size(); n > 0; --n) {
    const double precision = static_cast<double>(n) / static_cast<double>(hit_ranks[n - 1]);
    highest = std::max(highest, precision);
    area += highest;
  }
  return area / static_cast<double>(num_truths);
}

// Visits the candidates in order and notes the hits of each level.
class Matcher {
 public:
  Matcher(std::vector<Truth> truths, const std::vector<double>& thresholds)
      : truths_(std::move(truths)) {
    std::stable_sort(truths_.begin(), truths_.end(), by_video);
    for (const double threshold : thresholds) {
      levels_.push_back({threshold, std::vector<char>(truths_.size(), 0), {}});
    }
  }

  void visit(const ClassDetection& candidate, std::int64_t rank) {
    const Truth probe{candidate.video, {}};
    const auto range = std::equal_range(truths_.begin(), truths_.end(), probe, by_video);
    if (range.first == range.second) return;
    const auto first = static_cast<std::size_t>(range.first - truths_.begin());
    double highest = 0.0;
    overlaps_.clear();
    for (auto it = range.first; it != range.second; ++it) {
      overlaps_.push_back(formulas::interval_iou(candidate.segment.start, candidate.segment.end,
                                                 it->segment.start, it->segment.end));
      highest = std::max(highest, overlaps_.back());
    }
    for (Level& level : levels_) {
      if (highest >= level.threshold) match(level, first, rank);
    }
  }

  const std::vector<Level>& levels() const { return levels_; }

 private:
  void match(Level& level, std::size_t first, std::int64_t rank) const {
    const std::size_t best = best_free(level, overlaps_, first);
    if (best == overlaps_.size()) return;
    level.taken[first + best] = 1;
    level.hit_ranks.push_back(rank);
  }

  std::vector<Truth> truths_;  // by video, then input order
  std::vector<Level> levels_;
  std::vector<double> overlaps_;  // of the candidate being visited
};

}  // namespace

std::vector<double> average_precision(std::vector<Truth> truths,
                                      std::vector<ClassDetection> candidates,
                                      const std::vector<double>& tiou_thresholds) {
  const std::size_t num_truths = truths.size();
  Matcher matcher(std::move(truths), tiou_thresholds);
  std::sort(candidates.begin(), candidates.end(), comes_first);
  std::int64_t rank = 0;
  for (const ClassDetection& candidate : candidates) matcher.visit(candidate, ++rank);
  std::vector<double> ap;
  for (const Level& level : matcher.levels()) {
    ap.push_back(area_under_envelope(level.hit_ranks, num_truths));
  }
  return ap;
}

}  // namespace basnet_rt::cpu
