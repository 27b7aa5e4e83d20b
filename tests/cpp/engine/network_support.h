#pragma once

// Random networks with their own tensors, and the same network as plain loops in double.

#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "engine/network.h"

namespace basnet_rt::engine::testing {

struct Sizes {
  std::int64_t features = 12, width = 12, filter = 7, hidden = 10, second = 9, classes = 3;
};

using Values = std::vector<float>;

inline Values random_values(std::int64_t count, float spread, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0.0f, spread);
  Values values(static_cast<std::size_t>(count));
  for (float& value : values) value = normal(random);
  return values;
}

/// Owns what `weights()` views. Spreads keep activations near 1.
class RandomNetwork {
 public:
  RandomNetwork(const Sizes& sizes, NetworkOptions options, unsigned seed = 1)
      : sizes(sizes), options(options) {
    this->options.feature_dim = sizes.features;
    this->options.num_classes = sizes.classes;
    const auto make = [&](std::int64_t inputs, std::int64_t outputs) {
      return random_values(inputs * outputs, 1.0f / std::sqrt(static_cast<float>(inputs)), ++seed);
    };
    projection = make(sizes.features, sizes.width);
    projection_bias = random_values(sizes.width, 0.3f, ++seed);
    filter = make(sizes.width, sizes.filter);
    filter_bias = random_values(sizes.filter, 0.3f, ++seed);
    filter_out = make(sizes.filter, 1);
    filter_out_bias = {0.2f};
    first = make(3 * sizes.width, sizes.hidden);
    first_bias = random_values(sizes.hidden, 0.3f, ++seed);
    second = make(3 * sizes.hidden, sizes.second);
    second_bias = random_values(sizes.second, 0.3f, ++seed);
    classifier = make(sizes.second, columns());
  }

  std::int64_t columns() const { return sizes.classes + (options.constant_background ? 0 : 1); }

  NetworkWeights weights() const {
    const auto view = [](const Values& values, std::vector<std::int64_t> shape) {
      return TensorView{values.data(), DType::kFloat32, std::move(shape)};
    };
    NetworkWeights w;
    w.options = options;
    w.projection_weight = view(projection, {sizes.features, sizes.width});
    w.projection_bias = view(projection_bias, {sizes.width});
    w.filter_weight = view(filter, {sizes.width, sizes.filter});
    w.filter_bias = view(filter_bias, {sizes.filter});
    w.filter_out_weight = view(filter_out, {sizes.filter, 1});
    w.filter_out_bias = view(filter_out_bias, {1});
    w.first.taps = view(first, {sizes.hidden, 3 * sizes.width});
    w.first.bias = view(first_bias, {sizes.hidden});
    w.second.taps = view(second, {sizes.second, 3 * sizes.hidden});
    w.second.bias = view(second_bias, {sizes.second});
    w.classifier = view(classifier, {sizes.second, columns()});
    return w;
  }

  Sizes sizes;
  NetworkOptions options;
  Values projection, projection_bias, filter, filter_bias, filter_out, filter_out_bias;
  Values first, first_bias, second, second_bias, classifier;
};

using Rows = std::vector<std::vector<double>>;

/// rows by weights (inputs, outputs) plus bias.
inline Rows dense(const Rows& rows, const Values& weight, const Values& bias,
                  std::int64_t outputs) {
  Rows out;
  for (const auto& row : rows) {
    std::vector<double> sums(static_cast<std::size_t>(outputs));
    for (std::size_t o = 0; o < sums.size(); ++o) {
      sums[o] = bias.empty() ? 0.0 : static_cast<double>(bias[o]);
      for (std::size_t k = 0; k < row.size(); ++k) {
        sums[o] += row[k] * static_cast<double>(weight[k * sums.size() + o]);
      }
    }
    out.push_back(sums);
  }
  return out;
}

inline void leaky(Rows& rows) {
  for (auto& row : rows) {
    for (double& value : row) value = value > 0 ? value : 0.01 * value;
  }
}

/// A Conv1d of kernel 3 and padding 1 with weights (outputs, 3, inputs).
inline Rows convolve(const Rows& rows, const Values& taps, const Values& bias) {
  const std::size_t inputs = rows[0].size(), outputs = bias.size();
  Rows out;
  for (std::size_t t = 0; t < rows.size(); ++t) {
    std::vector<double> sums(bias.begin(), bias.end());
    for (std::size_t o = 0; o < outputs; ++o) {
      for (std::size_t tap = 0; tap < 3; ++tap) {
        if (t + tap < 1 || t + tap > rows.size()) continue;
        for (std::size_t k = 0; k < inputs; ++k) {
          sums[o] += rows[t + tap - 1][k] * static_cast<double>(taps[(o * 3 + tap) * inputs + k]);
        }
      }
    }
    out.push_back(sums);
  }
  leaky(out);
  return out;
}

struct PlainOutput {
  Rows cas;
  std::vector<double> foreground;
};

/// The whole network in double.
inline PlainOutput plain_forward(const RandomNetwork& net, const Values& features) {
  Rows rows;
  for (auto at = features.begin(); at != features.end(); at += net.sizes.features) {
    rows.emplace_back(at, at + net.sizes.features);
  }
  if (net.options.has_projection) {
    rows = dense(rows, net.projection, net.projection_bias, net.sizes.width);
  }
  PlainOutput out;
  out.foreground.assign(rows.size(), 1.0);
  if (net.options.has_filter) {
    Rows hidden = dense(rows, net.filter, net.filter_bias, net.sizes.filter);
    leaky(hidden);
    const Rows logits = dense(hidden, net.filter_out, net.filter_out_bias, 1);
    for (std::size_t t = 0; t < rows.size(); ++t) {
      out.foreground[t] = 1.0 / (1.0 + std::exp(-logits[t][0]));
      for (double& value : rows[t]) value *= out.foreground[t];
    }
  }
  const Rows second =
      convolve(convolve(rows, net.first, net.first_bias), net.second, net.second_bias);
  out.cas = dense(second, net.classifier, {}, net.columns());
  for (auto& row : out.cas) {
    if (net.options.constant_background) {
      row.push_back(static_cast<double>(net.options.background_logit));
    }
  }
  return out;
}

/// The same bits, NaN included.
inline bool same_bits(const Values& a, const Values& b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
}

inline bool same_bits(const Snippets& a, const Snippets& b) {
  return a.num_snippets == b.num_snippets && same_bits(a.activations, b.activations) &&
         same_bits(a.foreground, b.foreground) && same_bits(a.cas, b.cas);
}

/// Kernels that this machine can run.
inline std::vector<const Kernel*> runnable_kernels() {
  std::vector<const Kernel*> found;
  for (const KernelEntry& entry : kernels()) {
    if (entry.why_not.empty()) found.push_back(entry.kernel);
  }
  return found;
}

}  // namespace basnet_rt::engine::testing
