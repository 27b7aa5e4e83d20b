// One layer, every kernel of this machine: against plain loops, and bit against bit.
//
// Catches a wrong tail (rows, depth, outputs that fill no tile, block or panel), a sum in another
// order, a saturated int8 sum. What a network makes of the layers is test_network's.

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/numbers.h"
#include "engine/product.h"
#include "network_support.h"

namespace basnet_rt::engine::testing {
namespace {

struct Shape {
  std::int64_t rows, depth, outputs;
};

// Around a vector, a tile, a panel, a block and a task; then what users have.
const std::vector<Shape> kShapes = {{1, 1, 1},     {1, 3, 17},    {2, 17, 3},    {3, 255, 31},
                                    {5, 256, 32},  {7, 257, 33},  {12, 455, 64}, {13, 228, 65},
                                    {25, 85, 455}, {97, 19, 300}, {1, 2560, 228}};

TensorView view(const Values& values, std::vector<std::int64_t> shape) {
  return {values.data(), DType::kFloat32, std::move(shape)};
}

InputRows windows(const Values& rows, std::int64_t count, std::int64_t depth) {
  InputRows found;
  for (std::int64_t i = 0; i < count; ++i) found.push_back(rows.data() + i * depth);
  return found;
}

OutputRows places(Values& rows, std::int64_t count, std::int64_t width) {
  OutputRows found;
  for (std::int64_t i = 0; i < count; ++i) found.push_back(rows.data() + i * width);
  return found;
}

struct Layer {
  Values taps, bias;
  PackedLayer packed;

  Layer(std::int64_t depth, std::int64_t outputs, DType dtype)
      : taps(random_values(3 * depth * outputs, 1.0f, 7)), bias(random_values(outputs, 1.0f, 8)) {
    packed = pack_taps({view(taps, {outputs, 3 * depth}), view(bias, {outputs}), {}}, dtype);
  }
};

Values run_floats(const Layer& layer, const Values& rows, std::int64_t count, const Kernel& kernel,
                  Threads& threads) {
  Values out(static_cast<std::size_t>(count * layer.packed.outputs), -1.0f);
  product(layer.packed, windows(rows, count, layer.packed.depth), Finish::kNone,
          places(out, count, layer.packed.outputs), {kernel, threads});
  return out;
}

Values run_int8(const Layer& layer, const Values& rows, std::int64_t count, const Kernel& kernel,
                Threads& threads) {
  const std::int64_t depth = layer.packed.depth;
  Int8Rows steps;
  steps.reset(count + 2, depth, kernel.int8.offset);
  std::vector<std::int64_t> starts;
  for (std::int64_t i = 0; i < count + 2; ++i) steps.set(i, rows.data() + i * depth);
  for (std::int64_t i = 0; i < count; ++i) starts.push_back(i);
  Values out(static_cast<std::size_t>(count * layer.packed.outputs), -1.0f);
  product(layer.packed, steps, starts, Finish::kNone, places(out, count, layer.packed.outputs),
          {kernel, threads});
  return out;
}

double plain(const Layer& layer, const Values& rows, std::int64_t row, std::int64_t output) {
  const std::int64_t depth = layer.packed.depth;
  double sum = static_cast<double>(layer.bias[static_cast<std::size_t>(output)]);
  for (std::int64_t k = 0; k < 3 * depth; ++k) {
    sum += static_cast<double>(rows[static_cast<std::size_t>(row * depth + k)]) *
           static_cast<double>(layer.taps[static_cast<std::size_t>(output * 3 * depth + k)]);
  }
  return sum;
}

/// Largest difference from plain sums, as a share of sqrt(3 * depth), their usual size.
double worst(const Layer& layer, const Values& rows, std::int64_t count, const Values& got) {
  double most = 0.0;
  for (std::int64_t i = 0; i < count * layer.packed.outputs; ++i) {
    const double want = plain(layer, rows, i / layer.packed.outputs, i % layer.packed.outputs);
    most = std::max(most, std::fabs(want - static_cast<double>(got[static_cast<std::size_t>(i)])));
  }
  return most / std::sqrt(3.0 * static_cast<double>(layer.packed.depth));
}

class EveryShape : public ::testing::TestWithParam<Shape> {};

TEST_P(EveryShape, Float32) {
  const auto [count, depth, outputs] = GetParam();
  const Layer layer(depth, outputs, DType::kFloat32);
  const Values rows = random_values((count + 2) * depth, 1.0f, 9);
  Threads one(1), three(3);
  const Values want = run_floats(layer, rows, count, *portable_kernel(), one);
  EXPECT_LT(worst(layer, rows, count, want), 3e-6);
  for (const Kernel* kernel : runnable_kernels()) {
    EXPECT_TRUE(same_bits(want, run_floats(layer, rows, count, *kernel, one))) << kernel->name;
    EXPECT_TRUE(same_bits(want, run_floats(layer, rows, count, *kernel, three))) << kernel->name;
  }
}

TEST_P(EveryShape, BFloat16) {
  const auto [count, depth, outputs] = GetParam();
  Layer layer(depth, outputs, DType::kBFloat16);
  for (float& value : layer.taps) value = rounded_to_bfloat16(value);
  Values rows = random_values((count + 2) * depth, 1.0f, 9);
  for (float& value : rows) value = rounded_to_bfloat16(value);
  Threads one(1), three(3);
  const Values want = run_floats(layer, rows, count, *portable_kernel(), one);
  EXPECT_LT(worst(layer, rows, count, want), 3e-6);
  for (const Kernel* kernel : runnable_kernels()) {
    // No sum here is below 2^-126, where the BF16 instructions would differ.
    EXPECT_TRUE(same_bits(want, run_floats(layer, rows, count, *kernel, one))) << kernel->name;
    EXPECT_TRUE(same_bits(want, run_floats(layer, rows, count, *kernel, three))) << kernel->name;
  }
}

TEST_P(EveryShape, Int8) {
  const auto [count, depth, outputs] = GetParam();
  const Layer layer(depth, outputs, DType::kInt8);
  const Values rows = random_values((count + 2) * depth, 1.0f, 9);
  Threads one(1), three(3);
  const Values want = run_int8(layer, rows, count, *portable_kernel(), one);
  EXPECT_LT(worst(layer, rows, count, want), 0.1);  // of steps of some 3 / 127
  for (const Kernel* kernel : runnable_kernels()) {
    EXPECT_TRUE(same_bits(want, run_int8(layer, rows, count, *kernel, one))) << kernel->name;
    EXPECT_TRUE(same_bits(want, run_int8(layer, rows, count, *kernel, three))) << kernel->name;
  }
}

INSTANTIATE_TEST_SUITE_P(Products, EveryShape, ::testing::ValuesIn(kShapes));

// Every step at its largest: what saturates in 16 bits, or overflows, shows here.
TEST(Int8, LargestSumsAreExact) {
  for (const float sign : {1.0f, -1.0f}) {
    const std::int64_t depth = 5000, outputs = 33;
    const Values taps(static_cast<std::size_t>(3 * depth * outputs), 127.0f);
    const Values bias(static_cast<std::size_t>(outputs), 0.0f);
    Layer layer(1, 1, DType::kInt8);
    layer.packed =
        pack_taps({view(taps, {outputs, 3 * depth}), view(bias, {outputs}), {}}, DType::kInt8);
    const Values rows(static_cast<std::size_t>(4 * depth), sign * 127.0f);
    Threads one(1);
    for (const Kernel* kernel : runnable_kernels()) {
      for (const float value : run_int8(layer, rows, 2, *kernel, one)) {
        ASSERT_EQ(value, sign * 3.0f * 5000.0f * 127.0f * 127.0f) << kernel->name;
      }
    }
  }
}

// The rule that files of int8 follow, too: scale = max / 127, steps to the nearest, ties to even.
TEST(Int8, WeightsRoundToNearestStepTiesToEven) {
  const Values taps = {127.0f, 0.5f, -1.5f, 2.5f, -127.0f, 100.4f,
                       0.0f,   0.0f, 0.0f,  0.0f, 0.0f,    0.0f};
  const Values bias = {0.25f, 0.75f};
  const PackedLayer layer = pack_taps({view(taps, {2, 6}), view(bias, {2}), {}}, DType::kInt8);
  EXPECT_EQ(layer.scale[0], 1.0f);
  EXPECT_EQ(layer.scale[1], 0.0f);
  const auto* bytes = reinterpret_cast<const std::int8_t*>(layer.panels.data());
  const std::vector<int> want = {127, 0, -2, 2, -127, 100};
  for (std::size_t k = 0; k < want.size(); ++k) {
    EXPECT_EQ(bytes[k / 2 * 4 * kPanel + k % 2], want[k]) << k;  // a tap of 2 fills a quad of 4
  }
}

// A file's int8 weights must come through as they are.
TEST(Int8, StepsOfAFileAreKept) {
  const std::int64_t depth = 21, outputs = 37;
  const Layer made(depth, outputs, DType::kInt8);
  std::vector<std::int8_t> steps;
  for (std::int64_t o = 0; o < outputs; ++o) {
    for (std::int64_t k = 0; k < 3 * depth; ++k) {
      const float value = made.taps[static_cast<std::size_t>(o * 3 * depth + k)];
      steps.push_back(static_cast<std::int8_t>(
          std::nearbyint(value / made.packed.scale[static_cast<std::size_t>(o)])));
    }
  }
  const ThreeTapView file = {{steps.data(), DType::kInt8, {outputs, 3 * depth}},
                             view(made.bias, {outputs}),
                             view(made.packed.scale, {outputs})};
  const PackedLayer read = pack_taps(file, DType::kInt8);
  EXPECT_EQ(read.scale, made.packed.scale);
  EXPECT_EQ(read.byte_sums, made.packed.byte_sums);
  ASSERT_EQ(read.panels.size(), made.packed.panels.size());
  EXPECT_EQ(std::memcmp(read.panels.data(), made.packed.panels.data(), read.panels.size()), 0);
}

}  // namespace
}  // namespace basnet_rt::engine::testing
