#include "basnet_rt/nms.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "formulas/formulas.h"
#include "nms/greedy_nms.h"
#include "settings/validate.h"

namespace basnet_rt {
namespace {

struct Item {
  Segment segment;
  double score = 0.0;
  std::int64_t index = 0;
};

bool comes_first(const Item& a, const Item& b) {
  if (a.score != b.score) return a.score > b.score;
  if (a.segment.start != b.segment.start) return a.segment.start < b.segment.start;
  if (a.segment.end != b.segment.end) return a.segment.end < b.segment.end;
  return a.index < b.index;
}

double iou(Segment a, Segment b) { return formulas::interval_iou(a.start, a.end, b.start, b.end); }

void check_segments(const ScoredSegments& input) {
  for (std::int64_t i = 0; i < input.size; ++i) {
    const Segment segment = input.segments[i];
    if (!std::isfinite(segment.start) || !std::isfinite(segment.end) ||
        segment.end < segment.start) {
      fail("segments[" + std::to_string(i) + "] is [" + to_text(segment.start) + ", " +
           to_text(segment.end) + "); it must be finite with end >= start");
    }
    if (!std::isfinite(input.scores[i])) {
      fail("scores[" + std::to_string(i) + "] is " + to_text(input.scores[i]) +
           "; scores must be finite");
    }
  }
}

void check_iou(double value) {
  if (!(value > 0.0 && value <= 1.0)) fail("iou is " + to_text(value) + "; it must be in (0, 1]");
}

// Calls `visit` with the items of one label after the other.
template <class Visit>
void for_each_label(const ScoredSegments& input, Visit&& visit) {
  const auto label = [&input](std::int64_t i) {
    return input.labels == nullptr ? 0 : input.labels[i];
  };
  std::vector<std::int64_t> order(static_cast<std::size_t>(input.size));
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int64_t>(i);
  std::stable_sort(order.begin(), order.end(),
                   [&label](std::int64_t a, std::int64_t b) { return label(a) < label(b); });
  std::vector<Item> items;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::int64_t at = order[i];
    items.push_back({input.segments[at], input.scores[at], at});
    if (i + 1 == order.size() || label(order[i + 1]) != label(at)) {
      visit(items);
      items.clear();
    }
  }
}

// One label, one cluster: repeatedly takes the best, decays what overlaps it.
template <class Iterator, class Weight>
void soft_cluster(std::vector<Item>& items, Iterator begin, Iterator end, double min_score,
                  const Weight& weight, std::vector<Item>& kept) {
  while (begin != end) {
    const auto best = std::min_element(begin, end, [&items](std::size_t a, std::size_t b) {
      return comes_first(items[a], items[b]);
    });
    std::iter_swap(begin, best);
    const Item taken = items[*begin++];
    if (taken.score < min_score) return;
    kept.push_back(taken);
    for (auto it = begin; it != end; ++it) {
      Item& other = items[*it];
      if (other.score > 0.0) other.score *= weight(iou(taken.segment, other.segment));
    }
  }
}

}  // namespace

std::vector<std::int64_t> nms(const ScoredSegments& input, double threshold) {
  check_iou(threshold);
  check_segments(input);
  std::vector<Item> kept;
  for_each_label(input, [&](const std::vector<Item>& items) {
    for (const std::size_t i : cpu::greedy_nms(items, threshold, 0.0, comes_first, iou)) {
      kept.push_back(items[i]);
    }
  });
  std::sort(kept.begin(), kept.end(), comes_first);
  std::vector<std::int64_t> indices;
  for (const Item& item : kept) indices.push_back(item.index);
  return indices;
}

SoftNmsResult soft_nms(const ScoredSegments& input, NmsKind kind, double threshold, double sigma,
                       double min_score) {
  if (kind == NmsKind::kHard) fail("method is \"hard\"; it must be \"linear\" or \"gaussian\"");
  check_iou(threshold);
  if (!(sigma > 0.0) || std::isinf(sigma)) {
    fail("sigma is " + to_text(sigma) + "; it must be finite and > 0");
  }
  if (!std::isfinite(min_score)) {
    fail("min_score is " + to_text(min_score) + "; it must be finite");
  }
  check_segments(input);
  const bool linear = kind == NmsKind::kLinear;
  const auto weight = [&](double overlap) {
    if (!(overlap > 0.0) || (linear && overlap < threshold)) return 1.0;
    return formulas::soft_weight(overlap, linear, sigma);
  };
  std::vector<Item> kept;
  for_each_label(input, [&](std::vector<Item>& items) {
    cpu::for_each_cluster(items, 0.0, [&](auto begin, auto end) {
      soft_cluster(items, begin, end, min_score, weight, kept);
    });
  });
  std::sort(kept.begin(), kept.end(), comes_first);
  SoftNmsResult result;
  for (const Item& item : kept) {
    result.indices.push_back(item.index);
    result.scores.push_back(item.score);
  }
  return result;
}

}  // namespace basnet_rt
