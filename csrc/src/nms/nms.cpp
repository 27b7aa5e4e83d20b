#include "basnet_rt/nms.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "formulas/formulas.h"
#include "formulas/order.h"
#include "nms/decaying_intervals.h"
#include "nms/greedy_nms.h"
#include "nms/radix_order.h"
#include "settings/validate.h"

namespace basnet_rt {
namespace {

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

std::size_t place(const Keyed& item) { return static_cast<std::size_t>(item.index); }

// Input indices by `key(index)`, then as `before(index, index)` has it, then as in the input.
template <class Key, class Before>
std::vector<Keyed> in_order(std::size_t size, const Key& key, const Before& before) {
  std::vector<Keyed> items(size);
  for (std::size_t i = 0; i < size; ++i) items[i] = {key(i), static_cast<std::int64_t>(i)};
  radix_sort(items);
  for (auto begin = items.begin(); begin != items.end();) {
    const auto end = std::find_if(begin, items.end(),
                                  [begin](const Keyed& item) { return item.key != begin->key; });
    if (end - begin > 1) {
      std::stable_sort(begin, end, [&before](const Keyed& a, const Keyed& b) {
        return before(place(a), place(b));
      });
    }
    begin = end;
  }
  return items;
}

// Calls `visit` with the input indices of one label after the other, in the order of `all`.
template <class Visit>
void for_each_label(const ScoredSegments& input, std::vector<Keyed> all, const Visit& visit) {
  const std::int64_t* labels = input.labels;
  if (labels != nullptr && std::any_of(labels, labels + input.size, [labels](std::int64_t label) {
        return label != labels[0];
      })) {
    for (Keyed& item : all) item.key = rising_key(labels[item.index]);
    radix_sort(all);
  } else {
    for (Keyed& item : all) item.key = 0;
  }
  std::vector<std::size_t> indices;
  indices.reserve(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    indices.push_back(place(all[i]));
    if (i + 1 == all.size() || all[i + 1].key != all[i].key) {
      visit(indices);
      indices.clear();
    }
  }
}

std::vector<Keyed> best_first(const ScoredSegments& input) {
  return in_order(
      static_cast<std::size_t>(input.size),
      [&](std::size_t i) { return falling_key(input.scores[i]); },
      [&](std::size_t a, std::size_t b) {
        return formulas::comes_first({0.0, input.segments[a]}, {0.0, input.segments[b]});
      });
}

std::vector<Keyed> by_start(const ScoredSegments& input) {
  return in_order(
      static_cast<std::size_t>(input.size),
      [&](std::size_t i) { return rising_key(input.segments[i].start); },
      [&](std::size_t a, std::size_t b) { return input.segments[a].end < input.segments[b].end; });
}

// What a score is multiplied by. A cheap weight costs less than asking whether it is needed.
struct LinearWeight {
  static constexpr bool kCheap = true;
  double threshold;
  double operator()(double overlap) const {
    return overlap >= threshold ? formulas::soft_weight(overlap, true, 0.0) : 1.0;
  }
};

struct GaussianWeight {
  static constexpr bool kCheap = false;
  double sigma;
  double operator()(double overlap) const { return formulas::soft_weight(overlap, false, sigma); }
};

// Label by label: repeatedly takes the best, decays what overlaps it.
template <class Weight>
void soft_labels(const ScoredSegments& input, double min_score, const Weight& weight,
                 std::vector<DecayingInterval>& taken) {
  for_each_label(input, by_start(input), [&](const std::vector<std::size_t>& indices) {
    std::vector<DecayingInterval> of_label;
    of_label.reserve(indices.size());
    for (std::size_t k = 0; k < indices.size(); ++k) {
      const std::size_t i = indices[k];
      if (input.scores[i] >= min_score) of_label.push_back({input.segments[i], input.scores[i], k});
    }
    DecayingIntervals left(of_label);
    while (left.best_score() >= min_score) {
      taken.push_back(left.take_best(min_score, weight));
      taken.back().index = indices[taken.back().index];
    }
  });
}

bool comes_first(const DecayingInterval& a, const DecayingInterval& b) {
  return formulas::comes_first({a.score, a.segment, 0, static_cast<std::int64_t>(a.index)},
                               {b.score, b.segment, 0, static_cast<std::int64_t>(b.index)});
}

}  // namespace

std::vector<std::int64_t> nms(const ScoredSegments& input, double threshold) {
  check_iou(threshold);
  check_segments(input);
  const std::vector<Keyed> order = best_first(input);
  std::vector<char> kept(order.size());
  std::vector<Segment> segments;
  for_each_label(input, order, [&](const std::vector<std::size_t>& indices) {
    segments.clear();
    segments.reserve(indices.size());
    for (const std::size_t i : indices) segments.push_back(input.segments[i]);
    for (const std::size_t at : cpu::greedy_nms(segments, threshold, 0.0, iou)) {
      kept[indices[at]] = 1;
    }
  });
  std::vector<std::int64_t> indices;
  for (const Keyed& item : order) {
    if (kept[place(item)]) indices.push_back(item.index);
  }
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
  std::vector<DecayingInterval> taken;
  taken.reserve(static_cast<std::size_t>(input.size));
  if (kind == NmsKind::kLinear) {
    soft_labels(input, min_score, LinearWeight{threshold}, taken);
  } else {
    soft_labels(input, min_score, GaussianWeight{sigma}, taken);
  }
  if (!std::is_sorted(taken.begin(), taken.end(), comes_first)) {  // several labels
    std::sort(taken.begin(), taken.end(), comes_first);
  }
  SoftNmsResult result;
  result.indices.reserve(taken.size());
  result.scores.reserve(taken.size());
  for (const DecayingInterval& one : taken) {
    result.indices.push_back(static_cast<std::int64_t>(one.index));
    result.scores.push_back(one.score);
  }
  return result;
}

}  // namespace basnet_rt
