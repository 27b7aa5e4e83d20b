#pragma once

// A network's tensors in a file, and the options for their use. Readers of bundles fill this;
// `Network` checks and packs it, and keeps no reference to it.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "basnet_rt/config.h"

namespace basnet_rt::engine {

enum class DType { kFloat32, kBFloat16, kInt8 };

/// Row-major values in little-endian order, not owned; they need no alignment.
struct TensorView {
  const void* data = nullptr;
  DType dtype = DType::kFloat32;
  std::vector<std::int64_t> shape;
};

/// A 3-tap convolution in time.
///
/// An int8 weight means q * scale[h]; scale[h] is max |w[h]| / 127, q in [-127, 127].
struct ThreeTapView {
  TensorView taps;   ///< (H, 3 * D): row h is [tap 0 (D), tap 1 (D), tap 2 (D)]; any dtype
  TensorView bias;   ///< (H); float32 or bfloat16
  TensorView scale;  ///< (H) float32 beside int8 taps; otherwise without data
};

/// The activations that `forward` and `step` return.
enum class Activation { kRaw, kSoftmax, kSigmoid, kFused };

struct NetworkOptions {
  std::int64_t feature_dim = 0;   ///< F
  std::int64_t num_classes = 0;   ///< C, without background
  std::int64_t topk_divisor = 8;  ///< a video score is the mean of the best max(1, T // divisor)
  Activation activation = Activation::kRaw;
  ScoreFunction score_function = ScoreFunction::kSoftmax;
  bool has_projection = false;
  bool has_filter = true;
  bool constant_background = false;  ///< the classifier has C outputs; `background_logit` follows
  float background_logit = 0.0f;
};

/// Called with bytes of a tensor that have been packed and are not read again; by several threads.
using PackedBytes = std::function<void(const void* data, std::size_t size)>;

/// D is the projection's width, or F without one. Tensors of absent parts are ignored.
struct NetworkWeights {
  NetworkOptions options;
  TensorView projection_weight;  ///< (F, D); float32 or bfloat16, like all below
  TensorView projection_bias;    ///< (D)
  TensorView filter_weight;      ///< (D, hidden)
  TensorView filter_bias;        ///< (hidden)
  TensorView filter_out_weight;  ///< (hidden, 1)
  TensorView filter_out_bias;    ///< (1)
  ThreeTapView first;            ///< (H, 3 * D)
  ThreeTapView second;           ///< (H2, 3 * H)
  TensorView classifier;         ///< (H2, outputs); outputs = C + 1, or C with constant_background
  PackedBytes packed;            ///< may be empty
};

}  // namespace basnet_rt::engine
