#include "cpu/ranking.h"

#include <algorithm>

#include "formulas/formulas.h"

namespace basnet_rt::cpu {

Detections ranked(std::vector<RankedDetection> found) {
  if (!std::is_sorted(found.begin(), found.end(), formulas::comes_first)) {
    std::sort(found.begin(), found.end(), formulas::comes_first);
  }
  Detections detections;
  detections.labels.reserve(found.size());
  detections.scores.reserve(found.size());
  detections.segments.reserve(found.size());
  for (const RankedDetection& one : found) {
    detections.labels.push_back(one.label);
    detections.scores.push_back(formulas::shown_score(one.score));
    detections.segments.push_back(one.segment);
  }
  return detections;
}

Proposals sorted_by_threshold(const Proposals& found) {
  std::vector<std::size_t> order(found.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&found](std::size_t a, std::size_t b) {
    return found.threshold_index[a] < found.threshold_index[b];
  });
  Proposals sorted;
  for (const std::size_t i : order) {
    sorted.threshold_index.push_back(found.threshold_index[i]);
    sorted.labels.push_back(found.labels[i]);
    sorted.scores.push_back(found.scores[i]);
    sorted.segments.push_back(found.segments[i]);
  }
  return sorted;
}

}  // namespace basnet_rt::cpu
