#pragma once

// Video scores: softmax or sigmoid of the top-k temporal mean of the raw CAS, in float64. Source:
// Lee et al., AAAI 2020, equation 2. Each backend finds the k largest values in its own way.

#include <cmath>
#include <cstdint>

#include "basnet_rt/config.h"
#include "formulas/host_device.h"

namespace basnet_rt::formulas {

/// The number of snippets in the mean of a column.
BASNET_RT_HOST_DEVICE inline std::int64_t best_snippets(std::int64_t num_snippets,
                                                        std::int64_t topk_divisor) {
  const std::int64_t share = num_snippets / topk_divisor;
  return share > 1 ? share : 1;
}

/// @param largest  (k,) the k largest values of a column in falling order, which fixes the sum.
BASNET_RT_HOST_DEVICE inline double mean_of_best(const float* largest, std::int64_t k) {
  double sum = 0.0;
  for (std::int64_t i = 0; i < k; ++i) sum += static_cast<double>(largest[i]);
  return sum / static_cast<double>(k);
}

/// Turns means of `num_columns` columns, background included, into scores, in place.
BASNET_RT_HOST_DEVICE inline void means_to_scores(double* means, std::int64_t num_columns,
                                                  ScoreFunction function) {
  if (function == ScoreFunction::kSigmoid) {
    for (std::int64_t c = 0; c < num_columns; ++c) means[c] = 1.0 / (1.0 + exp(-means[c]));
    return;
  }
  double top = means[0];
  for (std::int64_t c = 1; c < num_columns; ++c) top = means[c] > top ? means[c] : top;
  double sum = 0.0;
  for (std::int64_t c = 0; c < num_columns; ++c) sum += means[c] = exp(means[c] - top);
  for (std::int64_t c = 0; c < num_columns; ++c) means[c] /= sum;
}

}  // namespace basnet_rt::formulas
