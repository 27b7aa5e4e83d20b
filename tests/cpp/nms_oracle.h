#pragma once

// NMS by plain loops over all pairs, and inputs that are hard for anything cleverer.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "basnet_rt/nms.h"

namespace basnet_rt::testing {

struct NmsInput {
  std::vector<Segment> segments;
  std::vector<double> scores;
  std::vector<std::int64_t> labels;

  ScoredSegments view() const {
    return {segments.data(), scores.data(), labels.data(),
            static_cast<std::int64_t>(segments.size())};
  }

  void add(double a, double b, double score, std::int64_t label) {
    segments.push_back({std::min(a, b), std::max(a, b)});
    scores.push_back(score);
    labels.push_back(label);
  }
};

class NmsOracle {
 public:
  explicit NmsOracle(const NmsInput& input) : input_(input), scores_(input.scores) {}

  std::vector<std::int64_t> hard(double threshold) const {
    std::vector<std::int64_t> order = all();
    std::sort(order.begin(), order.end(), before());
    std::vector<std::int64_t> kept;
    for (const std::int64_t i : order) {
      const auto repeats = [&](std::int64_t k) {
        return same_label(i, k) && overlap(k, i) >= threshold;
      };
      if (std::none_of(kept.begin(), kept.end(), repeats)) kept.push_back(i);
    }
    return kept;
  }

  /// @param weight  of a positive IoU.
  SoftNmsResult soft(double min_score, const std::function<double(double)>& weight) {
    SoftNmsResult result;
    for (std::vector<std::int64_t> left = all(); !left.empty();) {
      const auto best = std::min_element(left.begin(), left.end(), before());
      const std::int64_t taken = *best;
      if (score(taken) < min_score) break;
      left.erase(best);
      result.indices.push_back(taken);
      result.scores.push_back(score(taken));
      for (const std::int64_t i : left) {
        const double iou = same_label(i, taken) ? overlap(taken, i) : 0.0;
        if (iou > 0.0 && score(i) > 0.0) scores_[static_cast<std::size_t>(i)] *= weight(iou);
      }
    }
    return result;
  }

 private:
  std::vector<std::int64_t> all() const {
    std::vector<std::int64_t> indices(scores_.size());
    for (std::size_t i = 0; i < indices.size(); ++i) indices[i] = static_cast<std::int64_t>(i);
    return indices;
  }

  Segment segment(std::int64_t i) const { return input_.segments[static_cast<std::size_t>(i)]; }
  double score(std::int64_t i) const { return scores_[static_cast<std::size_t>(i)]; }

  bool same_label(std::int64_t a, std::int64_t b) const {
    return input_.labels[static_cast<std::size_t>(a)] == input_.labels[static_cast<std::size_t>(b)];
  }

  std::function<bool(std::int64_t, std::int64_t)> before() const {
    return [this](std::int64_t a, std::int64_t b) {
      if (score(a) != score(b)) return score(a) > score(b);
      if (segment(a).start != segment(b).start) return segment(a).start < segment(b).start;
      if (segment(a).end != segment(b).end) return segment(a).end < segment(b).end;
      return a < b;
    };
  }

  double overlap(std::int64_t a, std::int64_t b) const {
    const Segment x = segment(a), y = segment(b);
    const double both = std::min(x.end, y.end) - std::max(x.start, y.start);
    return both > 0.0 ? both / ((x.end - x.start) + (y.end - y.start) - both) : 0.0;
  }

  const NmsInput& input_;
  std::vector<double> scores_;
};

/// Draws one more interval into an input.
using Draw = std::function<void(NmsInput&, std::mt19937_64&)>;

inline double between(std::mt19937_64& random, double low, double high) {
  return std::uniform_real_distribution<double>(low, high)(random);
}

/// A double of any size, down to denormals and up to where lengths overflow.
inline double any_double(std::mt19937_64& random) {
  static const double kScales[] = {1e308, 1e300, 1e18, 1.0, 10.0, 1e-200, 1e-310};
  const double value = between(random, -1.0, 1.0) * kScales[random() % 7];
  return random() % 4 == 0 ? std::floor(value) : value;
}

inline std::int64_t few(std::mt19937_64& random) {
  return static_cast<std::int64_t>(random() % 3) - 1;
}

using Draws = std::vector<std::pair<std::string, Draw>>;

inline Draws draws_of_any_overlap() {
  return {
      {"short ones along a line",
       [](NmsInput& input, std::mt19937_64& random) {
         const double start = between(random, 0.0, 100.0);
         input.add(start, start + between(random, 0.5, 8.0), between(random, 0.0, 1.0),
                   few(random));
       }},
      {"lengths from 0.01 to 1000",
       [](NmsInput& input, std::mt19937_64& random) {
         const double start = between(random, 0.0, 300.0);
         input.add(start, start + std::exp(between(random, -4.6, 6.9)), between(random, -0.1, 1.0),
                   few(random));
       }},
      {"a grid of ties, touches and empty ones",
       [](NmsInput& input, std::mt19937_64& random) {
         const auto start = static_cast<double>(random() % 60);
         input.add(start, start + static_cast<double>(random() % 12),
                   static_cast<double>(random() % 9) / 8.0 - 0.25, few(random));
       }},
  };
}

inline Draws draws_of_much_overlap() {
  return {
      {"nested around one point",
       [](NmsInput& input, std::mt19937_64& random) {
         const double half = std::exp(between(random, -20.0, 5.0));
         input.add(-half, half, between(random, 0.0, 1.0), few(random));
       }},
      {"all overlap all",
       [](NmsInput& input, std::mt19937_64& random) {
         input.add(between(random, 0.0, 1.0), between(random, 2.0, 4.0), between(random, 0.0, 1.0),
                   few(random));
       }},
      {"the same again and again",
       [](NmsInput& input, std::mt19937_64& random) {
         input.add(3.0, 7.0, static_cast<double>(random() % 4), few(random));
       }},
      {"a few steps of rounding long",
       [](NmsInput& input, std::mt19937_64& random) {
         const double start = 1e15 + static_cast<double>(random() % 500) * 0.125;
         input.add(start, start + static_cast<double>(random() % 64) * 0.125,
                   between(random, 0.0, 1.0), few(random));
       }},
      {"any doubles",
       [](NmsInput& input, std::mt19937_64& random) {
         input.add(any_double(random), any_double(random), any_double(random),
                   static_cast<std::int64_t>(random() % 2) << 62);
       }},
  };
}

/// Calls `check` with inputs of every kind and of sizes around where a block or a grid begins.
template <class Check>
void for_each_hard_input(const Check& check) {
  std::mt19937_64 random(13);
  Draws draws = draws_of_any_overlap();
  for (const auto& one : draws_of_much_overlap()) draws.push_back(one);
  for (const auto& [name, draw] : draws) {
    for (const int size : {1, 2, 15, 16, 17, 24, 25, 33, 90, 300}) {
      NmsInput input;
      for (int i = 0; i < size; ++i) draw(input, random);
      check(input, name + ", " + std::to_string(size));
    }
  }
}

}  // namespace basnet_rt::testing
