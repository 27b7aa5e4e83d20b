#pragma once

// NMS of intervals that need not be nested: any IoU, any order.

#include <algorithm>
#include <cstddef>
#include <vector>

#include "basnet_rt/types.h"

namespace basnet_rt::cpu {

/// Splits `items` into groups that cannot overlap and calls `visit(begin, end)` with iterators into
/// an index list, one call per group.
///
/// @param slack  seconds two intervals may lie apart and still have a positive IoU.
template <class Item, class Visit>
void for_each_cluster(const std::vector<Item>& items, double slack, Visit&& visit) {
  std::vector<std::size_t> by_start(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) by_start[i] = i;
  std::sort(by_start.begin(), by_start.end(), [&items](std::size_t a, std::size_t b) {
    return items[a].segment.start < items[b].segment.start;
  });
  auto begin = by_start.begin();
  while (begin != by_start.end()) {
    double reach = items[*begin].segment.end;
    auto end = begin + 1;
    for (; end != by_start.end() && items[*end].segment.start <= reach + slack; ++end) {
      reach = std::max(reach, items[*end].segment.end);
    }
    visit(begin, end);
    begin = end;
  }
}

/// Indices of the kept items, cluster by cluster, best first within each.
///
/// @param before  strict total order in which items are visited.
/// @param iou  of two segments; 0 for any that lie more than `slack` apart.
template <class Item, class Before, class Iou>
std::vector<std::size_t> greedy_nms(const std::vector<Item>& items, double threshold, double slack,
                                    const Before& before, const Iou& iou) {
  std::vector<std::size_t> kept;
  for_each_cluster(items, slack, [&](auto begin, auto end) {
    std::sort(begin, end, [&](std::size_t a, std::size_t b) { return before(items[a], items[b]); });
    const std::size_t first_kept = kept.size();
    for (auto it = begin; it != end; ++it) {
      bool repeats = false;
      for (std::size_t k = first_kept; k < kept.size() && !repeats; ++k) {
        repeats = iou(items[kept[k]].segment, items[*it].segment) >= threshold;
      }
      if (!repeats) kept.push_back(*it);
    }
  });
  return kept;
}

}  // namespace basnet_rt::cpu
