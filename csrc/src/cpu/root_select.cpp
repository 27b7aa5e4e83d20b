#include <algorithm>
#include <queue>

#include "cpu/root.h"
#include "formulas/formulas.h"
#include "formulas/order.h"

// NMS inside one root. Only ancestors and descendants overlap, so a kept candidate is compared with
// its parents and with children that are long enough: linear in the candidates, while comparing all
// pairs would be quadratic.

namespace basnet_rt::cpu {
namespace {

double iou(const Candidate& a, const Candidate& b) {
  return formulas::interval_iou(a.segment.start, a.segment.end, b.segment.start, b.segment.end);
}

bool comes_first(const Candidate& a, double score_a, const Candidate& b, double score_b) {
  return formulas::precedes(score_a, a.segment, 0, a.threshold_index, score_b, b.segment, 0,
                            b.threshold_index);
}

template <class TryVisit>
void visit_descendants(const std::vector<Candidate>& all, int index, const TryVisit& try_visit) {
  const Candidate& node = all[static_cast<std::size_t>(index)];
  for (int child = node.first_child; child < node.first_child + node.num_children; ++child) {
    if (try_visit(child)) visit_descendants(all, child, try_visit);
  }
}

// Visits every relative of `index` whose IoU with it is positive and at least `min_iou`.
// IoU falls with every step up or down, so the first miss ends a branch.
template <class Visit>
void visit_relatives(const std::vector<Candidate>& all, int index, double min_iou, Visit&& visit) {
  const Candidate& self = all[static_cast<std::size_t>(index)];
  const auto try_visit = [&](int other) {
    const double overlap = iou(self, all[static_cast<std::size_t>(other)]);
    if (!(overlap > 0.0) || overlap < min_iou) return false;
    visit(other, overlap);
    return true;
  };
  for (int up = self.parent; up >= 0 && try_visit(up);) {
    up = all[static_cast<std::size_t>(up)].parent;
  }
  visit_descendants(all, index, try_visit);
}

}  // namespace

void RootSolver::select(const RootSettings& settings) {
  kept_.clear();
  if (settings.nms == NmsKind::kHard) {
    select_hard(settings);
  } else {
    select_soft(settings);
  }
}

void RootSolver::order_candidates() {
  order_.resize(candidates_.size());
  for (std::size_t i = 0; i < order_.size(); ++i) order_[i] = static_cast<int>(i);
  std::sort(order_.begin(), order_.end(), [this](int a, int b) {
    const auto& first = candidates_[static_cast<std::size_t>(a)];
    const auto& second = candidates_[static_cast<std::size_t>(b)];
    return comes_first(first, first.score, second, second.score);
  });
}

void RootSolver::select_hard(const RootSettings& settings) {
  order_candidates();
  dropped_.assign(candidates_.size(), 0);
  for (const int index : order_) {
    if (dropped_[static_cast<std::size_t>(index)]) continue;
    kept_.push_back({index, candidates_[static_cast<std::size_t>(index)].score});
    visit_relatives(candidates_, index, settings.nms_iou,
                    [this](int other, double) { dropped_[static_cast<std::size_t>(other)] = 1; });
  }
}

// A heap whose entries may be stale: scores only fall, so a decayed candidate is put back with its
// new score when it comes to the top. A candidate below the minimum is never kept, and does not
// decay further.
void RootSolver::select_soft(const RootSettings& settings) {
  const auto comes_later = [this](const KeptCandidate& a, const KeptCandidate& b) {
    return comes_first(candidates_[static_cast<std::size_t>(b.candidate)], b.score,
                       candidates_[static_cast<std::size_t>(a.candidate)], a.score);
  };
  std::priority_queue<KeptCandidate, std::vector<KeptCandidate>, decltype(comes_later)> heap(
      comes_later);
  decayed_.resize(candidates_.size());
  dropped_.assign(candidates_.size(), 0);
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    decayed_[i] = candidates_[i].score;
    // A NaN score, from the difference of two infinite values, is never kept either.
    dropped_[i] = !(decayed_[i] >= settings.soft_min_score);
    if (!dropped_[i]) heap.push({static_cast<int>(i), decayed_[i]});
  }
  const bool linear = settings.nms == NmsKind::kLinear;
  while (!heap.empty()) {
    const KeptCandidate best = heap.top();
    heap.pop();
    const auto index = static_cast<std::size_t>(best.candidate);
    if (dropped_[index]) continue;
    if (best.score != decayed_[index]) {
      heap.push({best.candidate, decayed_[index]});
      continue;
    }
    dropped_[index] = 1;  // taken
    kept_.push_back(best);
    visit_relatives(candidates_, best.candidate, linear ? settings.nms_iou : 0.0,
                    [&](int other, double overlap) {
                      const auto i = static_cast<std::size_t>(other);
                      if (dropped_[i] || !(decayed_[i] > 0.0)) return;
                      decayed_[i] *= formulas::soft_weight(overlap, linear, settings.soft_sigma);
                      if (decayed_[i] < settings.soft_min_score) dropped_[i] = 1;
                    });
  }
}

}  // namespace basnet_rt::cpu
