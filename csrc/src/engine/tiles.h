#pragma once

// A 3-tap layer by Toom-Cook (Winograd) F(4, 3): four outputs from six rows with six products
// instead of twelve. It is faster but not exact: a snippet's sums depend on its place in its tile.

#include <array>
#include <cstdint>

#include "engine/product.h"

namespace basnet_rt::engine {

/// The layer's weights at the six points, each (H, D).
struct TiledLayer {
  std::array<PackedLayer, 6> points;
  std::vector<float> bias;
};

/// @param layer  float32 or bfloat16 taps.
TiledLayer pack_tiles(const ThreeTapView& layer);

/// LeakyReLU of the layer: `count` outputs from the count + 2 rows at `rows`, float32.
void tiled_product(const TiledLayer& layer, const float* rows, std::int64_t count,
                   const OutputRows& out, const Machine& machine);

}  // namespace basnet_rt::engine
