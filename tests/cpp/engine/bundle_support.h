#pragma once

// Stored bundles, features for them, and detections as rows that compare bit for bit.

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <vector>

#include "basnet_rt/engine.h"
#include "basnet_rt/stream.h"

namespace basnet_rt::engine::testing {

inline constexpr const char* kBundles[] = {"base_only", "bfloat16", "full", "no_background",
                                           "projection"};
inline constexpr std::int64_t kFeatureDim = 8;  // F of all of them; C is 3

inline std::string path_of(const std::string& bundle) {
  return TEST_DATA "/bundles_0_1/" + bundle + ".pt";
}

inline Model load(const std::string& bundle, const std::string& dtype = "float32") {
  ModelOptions options;
  options.dtype = dtype;
  options.num_threads = 1;
  return Model::load(path_of(bundle), options);
}

/// Features that wander, so that several roots open and close.
struct Features {
  Features(std::int64_t num_snippets, unsigned seed) : count(num_snippets) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    values.resize(static_cast<std::size_t>(num_snippets * kFeatureDim));
    for (float& value : values) value = normal(random);
    for (std::size_t i = kFeatureDim; i < values.size(); ++i) {
      values[i] = 0.8f * values[i - kFeatureDim] + values[i];
    }
  }

  FeatureView view() const { return {values.data(), count, kFeatureDim}; }
  FeatureView view(std::int64_t first, std::int64_t size) const {
    return {values.data() + first * kFeatureDim, size, kFeatureDim};
  }

  std::int64_t count;
  std::vector<float> values;  // (count, F)
};

/// label, start, end, score: a set in one order, to compare finals in theirs with offline's.
using FoundRows = std::vector<std::array<double, 4>>;

template <class Found>
FoundRows rows_of(const Found& found) {
  FoundRows rows;
  for (std::size_t i = 0; i < found.size(); ++i) {
    rows.push_back({static_cast<double>(found.labels[i]), found.segments[i].start,
                    found.segments[i].end, static_cast<double>(found.scores[i])});
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

/// The bundle's settings with thresholds in the middle of what the network says of `features`.
inline PostprocessConfig lively_config(const Model& model, const Features& features) {
  const Activations all = model.forward(features.view());
  const auto [least, most] = std::minmax_element(all.activations.begin(), all.activations.end());
  PostprocessConfig config = model.metadata().postprocess;
  config.normalisation = Normalisation::kFixed;
  config.gate = Gate::kNone;
  config.fixed_lo = {static_cast<double>(*least)};
  config.fixed_hi = {static_cast<double>(*most)};
  config.cas_thresholds = {0.3, 0.5, 0.6};
  config.class_threshold = 0.0;
  config.horizon = 10.0;
  return config;
}

}  // namespace basnet_rt::engine::testing
