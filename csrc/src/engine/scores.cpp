#include "engine/scores.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "basnet_rt/postprocess.h"
#include "engine/numbers.h"

namespace basnet_rt::engine {
namespace {

/// 2^n; n in [-126, 127].
float power_of_two(int n) {
  const std::uint32_t bits = static_cast<std::uint32_t>(n + 127) << 23;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace

// e^x = 2^n e^r with |r| <= ln(2) / 2, e^r by its Taylor series to r^7 / 7!, whose rest is below
// 2^-26 there.
float exp_float32(float x) {
  if (std::isnan(x)) return x;
  if (x > 88.8f) return HUGE_VALF;
  if (x < -104.0f) return 0.0f;
  const float n = rounded(x * 1.44269504f);
  const float r = std::fma(n, -1.42860682e-6f, std::fma(n, -0x1.62e4p-1f, x));  // ln 2, two parts
  float sum = 1.0f / 5040.0f;
  for (const float coefficient :
       {1.0f / 720.0f, 1.0f / 120.0f, 1.0f / 24.0f, 1.0f / 6.0f, 0.5f, 1.0f, 1.0f}) {
    sum = std::fma(sum, r, coefficient);
  }
  const int whole = static_cast<int>(n);
  return sum * power_of_two(whole / 2) * power_of_two(whole - whole / 2);
}

float sigmoid(float x) { return 1.0f / (1.0f + exp_float32(-x)); }

void activate(const NetworkOptions& options, const float* cas, float foreground,
              float* activations) {
  const std::int64_t classes = options.num_classes;
  if (options.activation == Activation::kRaw) {
    std::memcpy(activations, cas, static_cast<std::size_t>(classes) * sizeof(float));
    return;
  }
  if (options.activation == Activation::kSigmoid) {
    for (std::int64_t c = 0; c < classes; ++c) activations[c] = sigmoid(cas[c]);
    return;
  }
  float top = cas[0];
  for (std::int64_t c = 1; c <= classes; ++c) top = cas[c] > top ? cas[c] : top;
  float sum = 0.0f;
  for (std::int64_t c = 0; c <= classes; ++c) {
    const float share = exp_float32(cas[c] - top);
    if (c < classes) activations[c] = share;
    sum += share;
  }
  for (std::int64_t c = 0; c < classes; ++c) {
    activations[c] /= sum;
    if (options.activation == Activation::kFused) {
      activations[c] = (activations[c] + foreground) * 0.5f;
    }
  }
}

std::vector<float> video_scores(const NetworkOptions& options, const float* cas,
                                std::int64_t num_snippets) {
  const std::int64_t columns = options.num_classes + 1;
  // The core refuses rows that are not finite; large features can cause them.
  if (!std::all_of(cas, cas + num_snippets * columns, [](float v) { return std::isfinite(v); })) {
    return std::vector<float>(static_cast<std::size_t>(options.num_classes), std::nanf(""));
  }
  PostprocessConfig config;
  config.score_function = options.score_function;
  config.topk_divisor = options.topk_divisor;
  return basnet_rt::video_scores({cas, num_snippets, columns, columns}, config);
}

}  // namespace basnet_rt::engine
