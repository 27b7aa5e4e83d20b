#include "basnet_rt/nms.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
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
  if (input.size > std::numeric_limits<std::int32_t>::max()) {
    fail("segments has " + std::to_string(input.size) + " entries; it must have fewer than 2^31");
  }
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

bool comes_first(const DecayingInterval& a, const DecayingInterval& b) {
  return formulas::comes_first({a.score, a.segment, 0, static_cast<std::int64_t>(a.index)},
                               {b.score, b.segment, 0, static_cast<std::int64_t>(b.index)});
}

std::vector<std::uint32_t> best_first(const ScoredSegments& input) {
  const auto at = [&input](std::size_t i) {
    return DecayingInterval{input.segments[i], input.scores[i], i};
  };
  return cpu::places_in_order(
      static_cast<std::size_t>(input.size), [&](std::size_t i) { return -input.scores[i]; },
      [&](std::size_t a, std::size_t b) { return comes_first(at(a), at(b)); });
}

std::vector<std::uint32_t> by_start(const ScoredSegments& input) {
  return cpu::places_in_order(
      static_cast<std::size_t>(input.size), [&](std::size_t i) { return input.segments[i].start; },
      [&](std::size_t a, std::size_t b) {
        return comes_first({input.segments[a], 0.0, a}, {input.segments[b], 0.0, b});
      });
}

// Calls `visit` with the input indices of one label after the other, in the order of `all`.
template <class Visit>
void for_each_label(const ScoredSegments& input, const std::vector<std::uint32_t>& all,
                    const Visit& visit) {
  const std::int64_t* labels = input.labels;
  const auto differs = [labels](std::int64_t label) { return label != labels[0]; };
  if (labels == nullptr || std::none_of(labels, labels + input.size, differs)) {
    if (!all.empty()) visit(all);
    return;
  }
  std::vector<cpu::Keyed<std::uint64_t>> items(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) items[i] = {cpu::rising_key(labels[all[i]]), all[i]};
  cpu::radix_sort(items);
  std::vector<std::uint32_t> indices;
  for (std::size_t i = 0; i < items.size(); ++i) {
    indices.push_back(items[i].place);
    if (i + 1 == items.size() || items[i + 1].key != items[i].key) {
      visit(indices);
      indices.clear();
    }
  }
}

// The factor of a score. Computing this cheap weight costs less than testing if it is needed.
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

// For each label: repeatedly takes the best and decays the scores of those that overlap it.
template <class Weight>
void soft_labels(const ScoredSegments& input, double min_score, const Weight& weight,
                 std::vector<DecayingInterval>& taken) {
  for_each_label(input, by_start(input), [&](const std::vector<std::uint32_t>& indices) {
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

}  // namespace

std::vector<std::int64_t> nms(const ScoredSegments& input, double threshold) {
  check_iou(threshold);
  check_segments(input);
  const std::vector<std::uint32_t> order = best_first(input);
  std::vector<char> kept(order.size());
  std::vector<Segment> segments;
  for_each_label(input, order, [&](const std::vector<std::uint32_t>& indices) {
    segments.clear();
    segments.reserve(indices.size());
    for (const std::uint32_t i : indices) segments.push_back(input.segments[i]);
    for (const std::size_t at : cpu::greedy_nms(segments, threshold, 0.0, iou)) {
      kept[indices[at]] = 1;
    }
  });
  std::vector<std::int64_t> indices;
  for (const std::uint32_t i : order) {
    if (kept[i]) indices.push_back(i);
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
