#pragma once

// What the tests of component torch share: bundles, and features for them.

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "basnet_rt/model.h"
#include "basnet_rt/stream.h"
#include "support.h"

namespace basnet_rt::testing {

inline constexpr std::int64_t kFeatureDim = 8;

/// A file that make_bundles.py wrote.
inline std::string bundle(const std::string& name) { return std::string(BUNDLES) + "/" + name; }

/// Features that wander, so that several roots open and close.
struct Features {
  Features(std::int64_t num_snippets, unsigned seed) : count(num_snippets) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    std::vector<float> noise(static_cast<std::size_t>((num_snippets + 4) * kFeatureDim));
    std::generate(noise.begin(), noise.end(), [&] { return normal(random); });
    values.assign(static_cast<std::size_t>(num_snippets * kFeatureDim), 0.0f);
    for (std::size_t i = 0; i < values.size(); ++i) {
      for (std::size_t k = 0; k < 5; ++k) values[i] += noise[i + k * kFeatureDim];
    }
  }

  FeatureView view() const { return {values.data(), count, kFeatureDim}; }
  FeatureView view(std::int64_t first, std::int64_t size) const {
    return {values.data() + first * kFeatureDim, size, kFeatureDim};
  }

  std::int64_t count;
  std::vector<float> values;  // (count, kFeatureDim)
};

inline void append(StreamDetections& to, const StreamDetections& more) {
  to.labels.insert(to.labels.end(), more.labels.begin(), more.labels.end());
  to.scores.insert(to.scores.end(), more.scores.begin(), more.scores.end());
  to.segments.insert(to.segments.end(), more.segments.begin(), more.segments.end());
  to.decided.insert(to.decided.end(), more.decided.begin(), more.decided.end());
}

/// (label, start, end, score) of each, sorted: results whose orders differ by contract.
template <class Found>
std::vector<std::vector<double>> sorted_rows(const Found& found) {
  std::vector<std::vector<double>> rows;
  for (std::size_t i = 0; i < found.size(); ++i) {
    rows.push_back({static_cast<double>(found.labels[i]), found.segments[i].start,
                    found.segments[i].end, static_cast<double>(found.scores[i])});
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

/// The same bits in the same order.
template <class A, class B>
void expect_same(const A& a, const B& b) {
  ASSERT_EQ(a.size(), b.size());
  EXPECT_EQ(a.labels, b.labels);
  EXPECT_EQ(a.scores, b.scores);
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a.segments[i].start, b.segments[i].start);
    EXPECT_EQ(a.segments[i].end, b.segments[i].end);
  }
}

/// The same detections where activations agree but for float32 rounding.
template <class A, class B>
void expect_close(const A& a, const B& b) {
  const auto left = sorted_rows(a), right = sorted_rows(b);
  ASSERT_EQ(left.size(), right.size());
  for (std::size_t i = 0; i < left.size(); ++i) {
    for (std::size_t k = 0; k < 4; ++k) EXPECT_NEAR(left[i][k], right[i][k], 2e-4);
  }
}

}  // namespace basnet_rt::testing
