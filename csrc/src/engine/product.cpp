#include "engine/product.h"

#include <algorithm>
#include <cstring>

#include "engine/numbers.h"

namespace basnet_rt::engine {
namespace {

// A task's part of the outputs stays in the second-level cache with the panels it reads.
constexpr std::int64_t kTaskRows = 96;
constexpr std::int64_t kTaskPanels = 16;
constexpr std::int64_t kMostRows = 12;  // of any kernel's tile

struct Task {
  std::int64_t row, rows;      // first and number
  std::int64_t panel, panels;  // first and number
};

/// The shares of rows and panels for each thread; no number in the result depends on them.
class Plan {
 public:
  Plan(std::int64_t rows, std::int64_t panels, int threads) : rows_(rows), panels_(panels) {
    // With one row, memory is the limit, so each task reads whole panels. Otherwise there are
    // enough tasks that no thread waits long for the last one.
    const std::int64_t most = rows == 1 ? 1 : kTaskPanels;
    const std::int64_t even = panels / (4 * threads);
    width_ = std::max<std::int64_t>(1, threads == 1 ? most : std::min(most, even));
    row_tasks_ = (rows + kTaskRows - 1) / kTaskRows;
  }

  std::int64_t size() const { return row_tasks_ * ((panels_ + width_ - 1) / width_); }

  /// Tasks that share panels follow one another.
  Task operator[](std::int64_t i) const {
    const std::int64_t row = i % row_tasks_ * kTaskRows, panel = i / row_tasks_ * width_;
    return {row, std::min(kTaskRows, rows_ - row), panel, std::min(width_, panels_ - panel)};
  }

 private:
  std::int64_t rows_, panels_, width_, row_tasks_;
};

float* scratch(std::size_t count) {
  thread_local std::vector<float> values;
  if (values.size() < count) values.resize(count);
  return values.data();
}

std::int32_t* sums_scratch(std::size_t count) {
  thread_local std::vector<std::int32_t> values;
  values.assign(count, 0);
  return values.data();
}

void finish_task(const PackedLayer& layer, const Task& task, const float* sums, Finish finish,
                 const OutputRows& out) {
  const std::int64_t width = task.panels * kPanel, first = task.panel * kPanel;
  const std::int64_t count = std::min(width, layer.outputs - first);
  for (std::int64_t r = 0; r < task.rows; ++r) {
    const float* row = sums + r * width;
    float* to = out[static_cast<std::size_t>(task.row + r)] + first;
    if (finish == Finish::kNone) {
      std::copy(row, row + count, to);
      continue;
    }
    for (std::int64_t o = 0; o < count; ++o) {
      const float low = 0.01f * row[o];  // the larger of the two on either side of 0
      to[o] = row[o] > low ? row[o] : low;
    }
    if (finish != Finish::kRoundedLeakyRelu) continue;
    for (std::int64_t o = 0; o < count; ++o) to[o] = rounded_to_bfloat16(to[o]);
  }
}

/// A block of k of some rows, in the layout of a float kernel.
struct Stage {
  alignas(64) float values[kMostRows * kBlock];

  void fill(const InputRows& rows, std::int64_t first, int count, std::int64_t k,
            std::int64_t length) {
    for (int r = 0; r < count; ++r) {
      const float* from = rows[static_cast<std::size_t>(first + r)] + k;
      std::memcpy(values + r * kBlock, from, static_cast<std::size_t>(length) * sizeof(float));
      if (length % 2 != 0) values[r * kBlock + length] = 0.0f;  // the last pair's other half
    }
  }

  void fill_pairs(const InputRows& rows, std::int64_t first, int count, std::int64_t k,
                  std::int64_t length) {
    auto* pairs = reinterpret_cast<std::uint32_t*>(values);
    for (int r = 0; r < count; ++r, pairs += kBlock / 2) {
      std::uint32_t bits[kBlock];
      const float* from = rows[static_cast<std::size_t>(first + r)] + k;
      std::memcpy(bits, from, static_cast<std::size_t>(length) * sizeof(float));
      if (length % 2 != 0) bits[length] = 0;
      for (std::int64_t i = 0; i < (length + 1) / 2; ++i) {
        pairs[i] = bits[2 * i] >> 16 | (bits[2 * i + 1] & 0xffff0000u);
      }
    }
  }
};

/// Rows of the tile that starts at `row`; tiles have nearly equal sizes, so none has few rows.
int tile_rows(std::int64_t row, std::int64_t rows, int most) {
  const std::int64_t tiles = (rows - row + most - 1) / most;
  return static_cast<int>((rows - row + tiles - 1) / tiles);
}

void add_block(const PackedLayer& layer, const Kernel& kernel, const Stage& stage, int count,
               std::int64_t panel, std::int64_t k, std::int64_t length, float* out,
               std::int64_t stride) {
  const std::byte* at = layer.panels.data() + static_cast<std::size_t>(panel) * layer.panel_bytes();
  if (layer.dtype == DType::kFloat32) {
    const float* weights = reinterpret_cast<const float*>(at) + k * kPanel;
    kernel.float32.add(stage.values, count, weights, length, out, stride);
  } else {
    const auto* weights = reinterpret_cast<const std::uint16_t*>(at) + k * kPanel;
    kernel.bfloat16.add(stage.values, count, weights, (length + 1) / 2, out, stride);
  }
}

void float_task(const PackedLayer& layer, const InputRows& rows, const Task& task,
                const Kernel& kernel, float* sums) {
  Stage stage;
  const std::int64_t depth = layer.taps * layer.depth, width = task.panels * kPanel;
  const bool wide = layer.dtype == DType::kFloat32;
  const int most = wide ? kernel.float32.rows : kernel.bfloat16.rows;
  for (std::int64_t r = 0; r < task.rows; ++r) {
    const float* bias = layer.bias.data() + task.panel * kPanel;
    std::copy(bias, bias + width, sums + r * width);
  }
  for (std::int64_t k = 0; k < depth; k += kBlock) {
    const std::int64_t length = std::min(kBlock, depth - k);
    int count = 0;
    for (std::int64_t row = 0; row < task.rows; row += count) {
      count = tile_rows(row, task.rows, most);
      if (!wide && kernel.bfloat16.pairs) {
        stage.fill_pairs(rows, task.row + row, count, k, length);
      } else {
        stage.fill(rows, task.row + row, count, k, length);
      }
      for (std::int64_t p = 0; p < task.panels; ++p) {
        float* out = sums + row * width + p * kPanel;
        add_block(layer, kernel, stage, count, task.panel + p, k, length, out, width);
      }
    }
  }
}

/// Exact sums of one tap, into `sums` (rows, width), which hold zeros.
void int8_tap(const PackedLayer& layer, const Int8Rows& inputs,
              const std::vector<std::int64_t>& windows, const Task& task, std::int64_t tap,
              const Int8Tiles& tiles, std::int32_t* sums) {
  alignas(64) std::uint8_t staged[kMostRows * kInt8Block];
  const std::int64_t width = task.panels * kPanel, depth = layer.int8_depth();
  for (std::int64_t k = 0; k < depth; k += kInt8Block) {
    const std::int64_t length = std::min(kInt8Block, depth - k);
    int count = 0;
    for (std::int64_t row = 0; row < task.rows; row += count) {
      count = tile_rows(row, task.rows, tiles.rows);
      for (int r = 0; r < count; ++r) {
        const std::int64_t input = windows[static_cast<std::size_t>(task.row + row + r)] + tap;
        std::memcpy(staged + r * kInt8Block, inputs.row(input) + k,
                    static_cast<std::size_t>(length));
      }
      for (std::int64_t p = 0; p < task.panels; ++p) {
        const std::byte* panel = layer.panels.data() +
                                 static_cast<std::size_t>(task.panel + p) * layer.panel_bytes() +
                                 static_cast<std::size_t>((tap * depth + k) * kPanel);
        tiles.add(staged, count, reinterpret_cast<const std::int8_t*>(panel), length / 4,
                  sums + row * width + p * kPanel, width);
      }
    }
  }
}

void int8_task(const PackedLayer& layer, const Int8Rows& inputs,
               const std::vector<std::int64_t>& windows, const Task& task, const Int8Tiles& tiles,
               float* out) {
  const std::int64_t width = task.panels * kPanel, first = task.panel * kPanel;
  const std::int64_t padded = layer.num_panels() * kPanel;
  std::fill(out, out + task.rows * width, 0.0f);
  for (std::int64_t tap = 0; tap < layer.taps; ++tap) {
    std::int32_t* sums = sums_scratch(static_cast<std::size_t>(task.rows * width));
    int8_tap(layer, inputs, windows, task, tap, tiles, sums);
    const std::int32_t* extra = layer.byte_sums.data() + tap * padded + first;
    for (std::int64_t r = 0; r < task.rows; ++r) {
      const float scale = inputs.scale(windows[static_cast<std::size_t>(task.row + r)] + tap);
      for (std::int64_t o = 0; o < width; ++o) {
        const std::int32_t sum = sums[r * width + o] - (tiles.offset ? extra[o] : 0);
        out[r * width + o] += static_cast<float>(sum) * scale;
      }
    }
  }
  for (std::int64_t r = 0; r < task.rows; ++r) {
    for (std::int64_t o = 0; o < width; ++o) {
      const auto output = static_cast<std::size_t>(first + o);
      out[r * width + o] = out[r * width + o] * layer.scale[output] + layer.bias[output];
    }
  }
}

}  // namespace

void product(const PackedLayer& layer, const InputRows& rows, Finish finish, const OutputRows& out,
             const Machine& machine) {
  const Plan plan(static_cast<std::int64_t>(rows.size()), layer.num_panels(),
                  machine.threads.count());
  machine.threads.run(plan.size(), [&](std::int64_t i) {
    const Task task = plan[i];
    float* sums = scratch(static_cast<std::size_t>(task.rows * task.panels * kPanel));
    float_task(layer, rows, task, machine.kernel, sums);
    finish_task(layer, task, sums, finish, out);
  });
}

void Int8Rows::reset(std::int64_t count, std::int64_t depth, bool offset) {
  depth_ = depth;
  width_ = (depth + 3) / 4 * 4;
  shift_ = offset ? 128 : 0;
  if (bytes_.size() < static_cast<std::size_t>(count * width_)) {
    bytes_.resize(static_cast<std::size_t>(count * width_));
  }
  if (scale_.size() < static_cast<std::size_t>(count)) {
    scale_.resize(static_cast<std::size_t>(count));
  }
}

void Int8Rows::set(std::int64_t i, const float* values) {
  // Absolute values compare like their bits, and compilers vectorise a maximum only for integers.
  std::int32_t most_bits = 0;
  for (std::int64_t k = 0; k < depth_; ++k) {
    std::int32_t bits;
    std::memcpy(&bits, values + k, sizeof bits);
    bits &= 0x7fffffff;
    most_bits = bits > most_bits ? bits : most_bits;
  }
  float most;
  std::memcpy(&most, &most_bits, sizeof most);
  const float step = most / 127.0f;
  scale_[static_cast<std::size_t>(i)] = step;
  std::uint8_t* to = bytes_.data() + i * width_;
  for (std::int64_t k = 0; k < depth_; ++k) {
    float steps = step > 0.0f ? values[k] / step : 0.0f;
    steps = steps < 127.0f ? steps : 127.0f;  // NaN, too
    steps = steps > -127.0f ? steps : -127.0f;
    to[k] = static_cast<std::uint8_t>(static_cast<int>(rounded(steps)) + shift_);
  }
}

void product(const PackedLayer& layer, const Int8Rows& inputs,
             const std::vector<std::int64_t>& windows, Finish finish, const OutputRows& out,
             const Machine& machine) {
  const Plan plan(static_cast<std::int64_t>(windows.size()), layer.num_panels(),
                  machine.threads.count());
  machine.threads.run(plan.size(), [&](std::int64_t i) {
    const Task task = plan[i];
    float* sums = scratch(static_cast<std::size_t>(task.rows * task.panels * kPanel));
    int8_task(layer, inputs, windows, task, machine.kernel.int8, sums);
    finish_task(layer, task, sums, finish, out);
  });
}

}  // namespace basnet_rt::engine
