#include "engine/packed.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>

#include "engine/kernels/kernel.h"
#include "engine/numbers.h"
#include "engine/threads.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace basnet_rt::engine {
namespace {

constexpr std::size_t kLargePage = std::size_t{2} << 20;

std::int64_t bytes_of(DType dtype) {
  if (dtype == DType::kFloat32) return 4;
  return dtype == DType::kBFloat16 ? 2 : 1;
}

/// Value `i` of a tensor, whatever the alignment.
float value_at(const TensorView& tensor, std::int64_t i) {
  const char* data = static_cast<const char*>(tensor.data);
  if (tensor.dtype == DType::kInt8) return static_cast<float>(static_cast<std::int8_t>(data[i]));
  if (tensor.dtype == DType::kBFloat16) {
    std::uint16_t bits;
    std::memcpy(&bits, data + 2 * i, sizeof bits);
    return from_bfloat16(bits);
  }
  float value;
  std::memcpy(&value, data + 4 * i, sizeof value);
  return value;
}

/// The index of weight (output, k) in a tensor.
struct Strides {
  std::int64_t output;
  std::int64_t k;
};

/// The weights of up to kPanel outputs, one row of `depth` per output; zeros for missing outputs.
std::vector<float> panel_rows(const TensorView& weight, Strides strides, std::int64_t first,
                              std::int64_t count, std::int64_t depth) {
  std::vector<float> rows(static_cast<std::size_t>(kPanel * depth));
  for (std::int64_t o = 0; o < count; ++o) {
    float* row = rows.data() + o * depth;
    const std::int64_t start = (first + o) * strides.output;
    if (weight.dtype == DType::kFloat32 && strides.k == 1) {
      const char* data = static_cast<const char*>(weight.data) + 4 * start;
      std::memcpy(row, data, static_cast<std::size_t>(depth) * sizeof(float));
      continue;
    }
    for (std::int64_t k = 0; k < depth; ++k) row[k] = value_at(weight, start + k * strides.k);
  }
  return rows;
}

bool all_finite(const std::vector<float>& values) {
  float sum = 0.0f;
  for (const float value : values) sum += value * 0.0f;  // NaN as soon as one is not
  return sum == 0.0f;
}

// Few k at a time, so that rows and panel stay in the first-level cache.
constexpr std::int64_t kStrip = 16;

/// Calls put(k, o, value) for `depth` weights of each of a panel's outputs, which are `apart`.
template <class Put>
void for_strips(const float* rows, std::int64_t apart, std::int64_t depth, const Put& put) {
  for (std::int64_t first = 0; first < depth; first += kStrip) {
    const std::int64_t end = std::min(depth, first + kStrip);
    for (std::int64_t o = 0; o < kPanel; ++o) {
      const float* row = rows + o * apart;
      for (std::int64_t k = first; k < end; ++k) put(k, o, row[k]);
    }
  }
}

void write_float32(const std::vector<float>& rows, std::int64_t depth, std::byte* panel) {
  auto* out = reinterpret_cast<float*>(panel);
  for_strips(rows.data(), depth, depth,
             [&](std::int64_t k, std::int64_t o, float value) { out[k * kPanel + o] = value; });
}

void write_bfloat16(const std::vector<float>& rows, std::int64_t depth, std::byte* panel) {
  auto* out = reinterpret_cast<std::uint16_t*>(panel);
  for_strips(rows.data(), depth, depth, [&](std::int64_t k, std::int64_t o, float value) {
    out[(k / 2 * kPanel + o) * 2 + k % 2] = to_bfloat16(value);
  });
}

float largest(const float* row, std::int64_t depth) {
  float most = 0.0f;
  for (std::int64_t k = 0; k < depth; ++k) most = std::max(most, std::fabs(row[k]));
  return most;
}

/// One output's steps of `scale`, in [-127, 127].
void to_steps(float* row, std::int64_t depth, float scale) {
  for (std::int64_t k = 0; k < depth; ++k) {
    const float steps = scale > 0.0f ? rounded(row[k] / scale) : 0.0f;
    row[k] = std::min(127.0f, std::max(-127.0f, steps));
  }
}

void write_int8(const std::vector<float>& steps, PackedLayer& layer, std::int64_t first,
                std::byte* panel) {
  const std::int64_t padded = layer.num_panels() * kPanel;
  for (std::int64_t tap = 0; tap < layer.taps; ++tap) {
    std::byte* to = panel + tap * layer.int8_depth() * kPanel;
    std::int32_t* sums = layer.byte_sums.data() + tap * padded + first;
    for_strips(steps.data() + tap * layer.depth, layer.taps * layer.depth, layer.depth,
               [&](std::int64_t k, std::int64_t o, float step) {
                 const int q = static_cast<int>(step);
                 to[(k / 4 * kPanel + o) * 4 + k % 4] = static_cast<std::byte>(q);
                 sums[o] += 128 * q;
               });
  }
}

/// @return whether the panel's weights are finite.
bool pack_panel(const TensorView& weight, Strides strides, std::int64_t first, PackedLayer& layer) {
  const std::int64_t depth = layer.taps * layer.depth;
  const std::int64_t count = std::min(kPanel, layer.outputs - first);
  std::byte* panel =
      layer.panels.data() + static_cast<std::size_t>(first / kPanel) * layer.panel_bytes();
  std::vector<float> rows = panel_rows(weight, strides, first, count, depth);
  if (!all_finite(rows)) return false;
  if (layer.dtype == DType::kFloat32) {
    write_float32(rows, depth, panel);
    return true;
  }
  std::memset(panel, 0, layer.panel_bytes());
  if (layer.dtype == DType::kBFloat16) {
    write_bfloat16(rows, depth, panel);
    return true;
  }
  for (std::int64_t o = 0; o < count; ++o) {
    float* row = rows.data() + o * depth;
    float& scale = layer.scale[static_cast<std::size_t>(first + o)];
    if (weight.dtype == DType::kInt8) {  // already in steps; -128 is not allowed
      for (std::int64_t k = 0; k < depth; ++k) row[k] = std::max(-127.0f, row[k]);
      continue;
    }
    scale = largest(row, depth) / 127.0f;
    to_steps(row, depth, scale);
  }
  write_int8(rows, layer, first, panel);
  return true;
}

/// Reports `count` rows of weights, which lie one behind the other.
void report(const TensorView& weight, std::int64_t first, std::int64_t count, std::int64_t depth,
            const PackedBytes& packed) {
  const std::int64_t bytes = depth * bytes_of(weight.dtype);
  packed(static_cast<const char*>(weight.data) + first * bytes,
         static_cast<std::size_t>(count * bytes));
}

void pack(const TensorView& weight, Strides strides, const TensorView& bias, PackedLayer& layer,
          const PackedBytes& packed) {
  const auto padded = static_cast<std::size_t>(layer.num_panels() * kPanel);
  layer.panels = AlignedBytes(static_cast<std::size_t>(layer.num_panels()) * layer.panel_bytes());
  layer.bias.assign(padded, 0.0f);
  for (std::int64_t o = 0; bias.data != nullptr && o < layer.outputs; ++o) {
    layer.bias[static_cast<std::size_t>(o)] = value_at(bias, o);
  }
  if (layer.dtype == DType::kInt8) {
    layer.scale.resize(padded);
    layer.byte_sums.assign(static_cast<std::size_t>(layer.taps) * padded, 0);
  }
  Threads threads(layer.panels.size() > kLargePage ? 0 : 1);
  const std::int64_t depth = layer.taps * layer.depth;
  const bool by_rows = strides.k == 1;
  std::atomic<bool> finite = all_finite(layer.bias) && all_finite(layer.scale);
  threads.run(layer.num_panels(), [&](std::int64_t panel) {
    const std::int64_t first = panel * kPanel;
    if (!pack_panel(weight, strides, first, layer)) finite = false;
    if (packed && by_rows) {
      report(weight, first, std::min(kPanel, layer.outputs - first), depth, packed);
    }
  });
  if (packed && !by_rows) report(weight, 0, layer.outputs, depth, packed);
  layer.finite = finite;
}

}  // namespace

AlignedBytes::AlignedBytes(std::size_t size) : size_(size) {
  const std::size_t boundary = size >= kLargePage ? kLargePage : 64;
  const std::size_t whole = (size + boundary - 1) / boundary * boundary;
  if (whole == 0) return;
  const std::align_val_t alignment{boundary};
  data_ = {static_cast<std::byte*>(::operator new(whole, alignment)), Free{alignment}};
#if defined(__linux__)
  if (boundary == kLargePage) madvise(data_.get(), whole, MADV_HUGEPAGE);
#endif
}

void AlignedBytes::Free::operator()(std::byte* data) const { ::operator delete(data, alignment); }

std::int64_t PackedLayer::num_panels() const { return (outputs + kPanel - 1) / kPanel; }

std::size_t PackedLayer::panel_bytes() const {
  const std::int64_t values = taps * depth;
  if (dtype == DType::kFloat32) return static_cast<std::size_t>(values * kPanel) * sizeof(float);
  if (dtype == DType::kBFloat16) return static_cast<std::size_t>((values + 1) / 2 * kPanel) * 4;
  return static_cast<std::size_t>(taps * int8_depth() * kPanel);
}

PackedLayer pack_dense(const TensorView& weight, const TensorView& bias, DType dtype,
                       const PackedBytes& packed) {
  PackedLayer layer;
  layer.dtype = dtype;
  layer.depth = weight.shape[0];
  layer.outputs = weight.shape[1];
  pack(weight, {1, layer.outputs}, bias, layer, packed);
  return layer;
}

PackedLayer pack_rows(const TensorView& weight, DType dtype) {
  PackedLayer layer;
  layer.dtype = dtype;
  layer.depth = weight.shape[1];
  layer.outputs = weight.shape[0];
  pack(weight, {layer.depth, 1}, {}, layer, {});
  return layer;
}

PackedLayer pack_taps(const ThreeTapView& view, DType dtype, const PackedBytes& packed) {
  PackedLayer layer;
  layer.dtype = dtype;
  layer.taps = 3;
  layer.depth = view.taps.shape[1] / 3;
  layer.outputs = view.taps.shape[0];
  if (view.taps.dtype == DType::kInt8) layer.scale = to_floats(view.scale);
  pack(view.taps, {3 * layer.depth, 1}, view.bias, layer, packed);
  return layer;
}

std::int64_t num_values(const TensorView& tensor) {
  std::int64_t count = 1;
  for (const std::int64_t size : tensor.shape) count *= size;
  return count;
}

std::vector<float> to_floats(const TensorView& tensor) {
  std::vector<float> values(static_cast<std::size_t>(num_values(tensor)));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = value_at(tensor, static_cast<std::int64_t>(i));
  }
  return values;
}

}  // namespace basnet_rt::engine
