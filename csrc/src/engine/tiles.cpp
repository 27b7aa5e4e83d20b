#include "engine/tiles.h"

#include <algorithm>
#include <cmath>

namespace basnet_rt::engine {
namespace {

constexpr int kPoints = 6;  // the last is infinity
constexpr int kOutputs = 4;

// With these points the rounding error is that of plain taps; the usual 0, +-1, +-2 double it.
constexpr std::array<double, 5> kValues = {0.0, 2.0 / 3.0, -2.0 / 3.0, 1.5, -1.5};

/// Coefficients, lowest power first, of the product of (x - value) but for value number `left_out`.
std::array<double, kPoints> polynomial(int left_out) {
  std::array<double, kPoints> out = {1.0};
  for (int i = 0; i < 5; ++i) {
    if (i == left_out) continue;
    for (int power = 5; power >= 0; --power) {
      const auto at = static_cast<std::size_t>(power);
      out[at] = (power > 0 ? out[at - 1] : 0.0) - kValues[static_cast<std::size_t>(i)] * out[at];
    }
  }
  return out;
}

/// outputs = gather ((combine taps) * (spread rows)), for every channel.
///
/// Source: Winograd, "Arithmetic complexity of computations", 1980: the product of two polynomials
/// known by their values at points, transposed.
struct Matrices {
  float spread[kPoints][kPoints];
  float combine[kPoints][3];
  float gather[kOutputs][kPoints];

  Matrices() {
    for (int p = 0; p < kPoints; ++p) {
      const bool infinite = p == 5;
      const double value = infinite ? 0.0 : kValues[static_cast<std::size_t>(p)];
      const std::array<double, kPoints> lagrange = polynomial(p);
      double scale = 1.0;
      for (int i = 0; i < 5; ++i) {
        if (!infinite && i != p) scale *= value - kValues[static_cast<std::size_t>(i)];
      }
      for (int k = 0; k < kPoints; ++k) {
        spread[p][k] = static_cast<float>(lagrange[static_cast<std::size_t>(k)] / scale);
      }
      for (int k = 0; k < 3; ++k) combine[p][k] = power(value, k, infinite, 2);
      for (int k = 0; k < kOutputs; ++k) gather[k][p] = power(value, k, infinite, 3);
    }
  }

  static float power(double value, int exponent, bool infinite, int highest) {
    if (infinite) return exponent == highest ? 1.0f : 0.0f;
    return static_cast<float>(exponent == 0 ? 1.0 : std::pow(value, exponent));
  }
};

const Matrices& matrices() {
  static const Matrices made;
  return made;
}

/// (H, D) weights at point `p`.
std::vector<float> at_point(const std::vector<float>& taps, std::int64_t depth, int p) {
  const float* factor = matrices().combine[p];
  std::vector<float> out(taps.size() / 3);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::size_t k = i % static_cast<std::size_t>(depth);
    const float* row = taps.data() + (i - k) * 3 + k;
    out[i] = factor[0] * row[0] + factor[1] * row[depth] + factor[2] * row[2 * depth];
  }
  return out;
}

/// Rows 4 i .. 4 i + 5 at point `p`; rows behind the last count as zeros.
void spread_tile(const float* rows, std::int64_t num_rows, std::int64_t depth, std::int64_t tile,
                 int p, float* out) {
  std::fill_n(out, depth, 0.0f);
  const std::int64_t first = kOutputs * tile;
  for (std::int64_t i = 0; i < std::min<std::int64_t>(kPoints, num_rows - first); ++i) {
    const float factor = matrices().spread[p][i];
    const float* row = rows + (first + i) * depth;
    if (factor == 0.0f) continue;
    for (std::int64_t k = 0; k < depth; ++k) out[k] += factor * row[k];
  }
}

/// Output `place` of a tile from its products, `apart` values from point to point.
void gather_row(const TiledLayer& layer, const float* products, std::int64_t apart, int place,
                float* out) {
  const std::int64_t width = layer.points[0].outputs;
  std::copy_n(layer.bias.data(), width, out);
  for (int p = 0; p < kPoints; ++p) {
    const float factor = matrices().gather[place][p];
    const float* row = products + p * apart;
    if (factor == 0.0f) continue;
    for (std::int64_t o = 0; o < width; ++o) out[o] += factor * row[o];
  }
  for (std::int64_t o = 0; o < width; ++o) {
    const float low = 0.01f * out[o];
    out[o] = out[o] > low ? out[o] : low;
  }
}

}  // namespace

TiledLayer pack_tiles(const ThreeTapView& view) {
  const std::int64_t outputs = view.taps.shape[0], depth = view.taps.shape[1] / 3;
  const std::vector<float> taps = to_floats(view.taps);
  TiledLayer layer;
  layer.bias = to_floats(view.bias);
  for (int p = 0; p < kPoints; ++p) {
    const std::vector<float> weights = at_point(taps, depth, p);
    const TensorView point = {weights.data(), DType::kFloat32, {outputs, depth}};
    layer.points[static_cast<std::size_t>(p)] = pack_rows(point, DType::kFloat32);
  }
  return layer;
}

void tiled_product(const TiledLayer& layer, const float* rows, std::int64_t count,
                   const OutputRows& out, const Machine& machine) {
  const std::int64_t tiles = (count + kOutputs - 1) / kOutputs;
  const std::int64_t depth = layer.points[0].depth, width = layer.points[0].outputs;
  thread_local std::vector<float> inputs, products;  // (tiles, D) at one point; (6, tiles, H)
  inputs.resize(std::max(inputs.size(), static_cast<std::size_t>(tiles * depth)));
  products.resize(std::max(products.size(), static_cast<std::size_t>(kPoints * tiles * width)));
  float* spread = inputs.data();  // names for the threads, which have vectors of their own
  float* made = products.data();
  for (int p = 0; p < kPoints; ++p) {
    machine.threads.run(tiles, [&](std::int64_t tile) {
      spread_tile(rows, count + 2, depth, tile, p, spread + tile * depth);
    });
    InputRows from;
    OutputRows to;
    for (std::int64_t tile = 0; tile < tiles; ++tile) {
      from.push_back(spread + tile * depth);
      to.push_back(made + (p * tiles + tile) * width);
    }
    product(layer.points[static_cast<std::size_t>(p)], from, Finish::kNone, to, machine);
  }
  machine.threads.run(count, [&](std::int64_t i) {
    const float* own = made + i / kOutputs * width;
    gather_row(layer, own, tiles * width, static_cast<int>(i % kOutputs),
               out[static_cast<std::size_t>(i)]);
  });
}

}  // namespace basnet_rt::engine
