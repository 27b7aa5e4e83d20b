#pragma once

// BaS-Net's inference: whole videos and streams, from one set of packed weights.
//
// A snippet's output is a function of the snippets that it depends on, of nothing else: not of
// chunks, batch, threads or, in float32 and int8, the kernel.

#include <cstdint>
#include <memory>
#include <vector>

#include "basnet_rt/types.h"
#include "engine/product.h"
#include "engine/tiles.h"
#include "engine/weights.h"

namespace basnet_rt::engine {

/// The network's output for M snippets.
struct Snippets {
  std::int64_t num_snippets = 0;
  std::vector<float> activations;  // (M, C)
  std::vector<float> foreground;   // (M)
  std::vector<float> cas;          // (M, C+1), raw, background last
};

struct VideoOutput {
  Snippets snippets;
  std::vector<float> video_scores;  // (C)
};

/// A stream's memory: the last two of each, zeros before its start. The
/// TorchScript module's state holds the same.
struct StreamState {
  std::int64_t seen = 0;
  std::vector<float> foreground;  // (2)
  std::vector<float> rows;        // (2, D): inputs weighed by the foreground
  std::vector<float> hidden;      // (2, H): of the first 3-tap layer
};

/// The next snippets of one stream, N >= 0, and what became certain by them.
///
/// A snippet is certain once two more have been seen or the stream has ended, so a stream that had
/// seen s gets max(0, min(N, s + N - 2)) snippets, and all that are left where `last` says that it
/// ends here; its state is then a new stream's.
struct StreamTurn {
  StreamState* state = nullptr;
  const float* features = nullptr;  // (N, F), finite
  std::int64_t num_snippets = 0;
  bool last = false;
  Snippets certain;
};

/// Immutable, so any number of threads may call it.
class Network {
 public:
  /// Packs `weights` for `dtype`, which may differ from the file's; keeps no view of them.
  ///
  /// int8 is for the two 3-tap layers, bfloat16 for them and the filter's first layer; every other
  /// layer is float32.
  /// @param exact  false: whole videos in float32 take the 3-tap layers by Toom-Cook's tiles. They
  ///               run 1.8 times as fast, differ from streams in the last bits, and need three
  ///               times the memory for weights. Other dtypes and `step` stay as they are.
  /// @throws Error (kBundle): a tensor's shape or dtype does not fit; the message names it.
  Network(const NetworkWeights& weights, DType dtype, bool exact = true);

  const NetworkOptions& options() const { return options_; }
  DType dtype() const { return first_.dtype; }
  std::int64_t width() const { return first_.depth; }     ///< D
  std::int64_t hidden() const { return first_.outputs; }  ///< H
  std::size_t packed_bytes() const;

  /// A whole video, (T, F) with T >= 1, finite; in blocks of rows, so that memory is bounded.
  VideoOutput forward(const FeatureView& features, const Machine& machine) const;

  StreamState initial_state() const;

  /// Every stream's next snippets, in one batch; no stream twice. Fills `certain` and moves the
  /// states on; where it throws, they are as before.
  void step(std::vector<StreamTurn>& turns, const Machine& machine) const;

 private:
  friend class Pass;

  void run(std::vector<StreamTurn>& turns, bool tiled, const Machine& machine) const;

  NetworkOptions options_;
  PackedLayer projection_, filter_, filter_out_, first_, second_, classifier_;
  std::unique_ptr<const TiledLayer> tiled_first_, tiled_second_;  // where not exact
};

}  // namespace basnet_rt::engine
