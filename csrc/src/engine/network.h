#pragma once

// BaS-Net's inference: whole videos and streams, from one set of packed weights.
//
// A snippet's output depends only on the snippets in its receptive field: not on chunks, batch,
// threads or (in float32 and int8) the kernel.

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

/// A stream's state: the last two of each, zeros before its start. The TorchScript module has the
/// same state.
struct StreamState {
  std::int64_t seen = 0;
  std::vector<float> foreground;  // (2)
  std::vector<float> rows;        // (2, D): inputs weighed by the foreground
  std::vector<float> hidden;      // (2, H): of the first 3-tap layer
};

/// The next snippets of one stream, N >= 0, and the snippets that become certain with them.
///
/// A snippet is certain once two more have been seen or the stream has ended. So after s earlier
/// snippets, max(0, min(N, s + N - 2)) become certain. With `last`, the stream ends here: all
/// remaining snippets become certain, and the state is that of a new stream.
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
  /// @param exact  false: the 3-tap layers use Toom-Cook's tiles for whole videos in float32. They
  ///               are 1.8 times as fast, differ from streams in the last bits, and need three
  ///               times the memory for weights. Other dtypes and `step` do not change.
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

  /// Computes every stream's next snippets in one batch; no stream twice. Fills `certain` and
  /// changes the states; if it throws, the states are unchanged.
  void step(std::vector<StreamTurn>& turns, const Machine& machine) const;

 private:
  friend class Pass;

  void run(std::vector<StreamTurn>& turns, bool tiled, const Machine& machine) const;

  NetworkOptions options_;
  PackedLayer projection_, filter_, filter_out_, first_, second_, classifier_;
  std::unique_ptr<const TiledLayer> tiled_first_, tiled_second_;  // where not exact
};

}  // namespace basnet_rt::engine
