#pragma once

// One batch of streams through the layers.

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/network.h"

namespace basnet_rt::engine {

/// Some snippets of one stream. With seen = s, rows and hidden vectors are:
///
///   snippet     s-3  s-2  s-1   s  ...  s+N-2  s+N-1  s+N
///   rows              old  old  new ...  new    new   (0)    (..): at the stream's end
///   hidden      old   old  new  new ...  new   (new)  (0)
///   outputs           out  out  out ... (out)  (out)
///
/// Rows behind an arrow's three neighbours make the hidden vector or the output in their middle.
struct Piece {
  StreamState* state = nullptr;
  const float* features = nullptr;
  std::int64_t count = 0;  // N
  bool last = false;
  Snippets* out = nullptr;  // appended to

  std::int64_t first_feature = 0;  // places in the pass's arrays
  std::int64_t first_row = 0;
  std::int64_t first_hidden = 0;
  std::int64_t first_output = 0;

  bool empty() const { return state->seen + count == 0; }
  std::int64_t rows() const { return 2 + count + (last ? 1 : 0); }
  std::int64_t hidden() const { return 2 + count + (last ? 2 : 0); }
  /// Outputs before the stream's start, which are left out.
  std::int64_t skipped() const { return state->seen < 2 ? 2 - state->seen : 0; }
  std::int64_t outputs() const {
    const std::int64_t count_all = count + (last ? 2 : 0) - skipped();
    return empty() || count_all < 0 ? 0 : count_all;
  }
};

/// Memory for values, kept for the next pass.
class Buffer {
 public:
  /// Room for `count` uninitialised values.
  float* room(std::int64_t count);
  float* data() { return values_.get(); }
  const float* data() const { return values_.get(); }

 private:
  std::unique_ptr<float[]> values_;
  std::int64_t size_ = 0;
};

/// The rows between the layers of a pass; one Workspace per calling thread.
struct Workspace {
  Buffer inputs;      // (num_features, D)
  Buffer rounded;     // the same rounded to bfloat16, if the filter needs it
  Buffer filter;      // (num_features, hidden of the filter)
  Buffer foreground;  // (num_features)
  Buffer rows;        // (num_rows, D): weighed by the foreground
  Buffer hidden;      // (num_hidden, H)
  Buffer second;      // (num_outputs, H2)
  Buffer cas;         // (num_outputs, C+1)
  Int8Rows steps;     // of a 3-tap layer's inputs
};

class Pass {
 public:
  /// @param tiled  computes the 3-tap layers with tiles; only for a single piece.
  Pass(const Network& network, std::vector<Piece>& pieces, const Machine& machine,
       Workspace& workspace, bool tiled);

  /// Fills outputs, then changes the states; changing the states cannot fail.
  void run();

 private:
  void place();
  void project();
  void filter();
  void place_rows();
  void three_taps(const PackedLayer& layer, const Buffer& inputs, std::int64_t count,
                  const std::vector<std::int64_t>& windows, Finish finish,
                  const OutputRows& out) const;
  void first_layer();
  void second_layer();
  void give(const Piece& piece) const;
  void move_on(const Piece& piece) const noexcept;

  const Network& net_;
  std::vector<Piece>& pieces_;
  const Machine& machine_;
  Workspace& space_;
  bool tiled_;
  std::int64_t num_features_ = 0, num_rows_ = 0, num_hidden_ = 0, num_outputs_ = 0;
};

}  // namespace basnet_rt::engine
