// The CUDA backend on a GPU must find what the CPU backend finds: every option, and shapes that
// straddle warps, blocks and tiles. What the stand-in cannot show: memory order, alignment, grids.

#include <random>

#include "gpu.h"

namespace basnet_rt {
namespace {

using testing::Case;
using testing::cases;
using testing::expect_near;
using testing::GpuBatch;
using testing::GpuTest;
using testing::Inputs;
using testing::inputs_of;
using testing::standin_batch;

std::vector<Detections> on_gpu(const Inputs& inputs, const PostprocessConfig& config) {
  const GpuBatch batch(standin_batch(inputs.views));
  return postprocess_batch_cuda(batch.view(), batch.shapes, batch.num_classes, config, 0, nullptr);
}

class GpuCases : public GpuTest, public ::testing::WithParamInterface<Case> {};

TEST_P(GpuCases, GiveTheDetectionsOfTheCpu) {
  const PostprocessConfig& config = GetParam().config;
  const Inputs inputs = inputs_of(config, 3, 40);
  expect_near(on_gpu(inputs, config), postprocess_batch(inputs.views, config, 1));
}

TEST_P(GpuCases, RaggedBatchesOfAnyShape) {
  const PostprocessConfig& config = GetParam().config;
  std::mt19937 random(static_cast<unsigned>(GetParam().name.size()));
  const std::int64_t middles[] = {1, 32, 64, 128, 256, 1024};
  for (int round = 0; round < 25; ++round) {
    SCOPED_TRACE(round);
    std::vector<std::int64_t> lengths(1 + random() % (round % 5 == 0 ? 300 : 20));
    for (std::int64_t& length : lengths) {
      const std::int64_t near = middles[random() % 6] + random() % 3 - 1;
      length = std::max<std::int64_t>(1, random() % 2 == 0 ? near : random() % 200);
    }
    const Inputs inputs = inputs_of(config, 3, random(), lengths);
    expect_near(on_gpu(inputs, config), postprocess_batch(inputs.views, config, 0));
  }
}

INSTANTIATE_TEST_SUITE_P(Configs, GpuCases, ::testing::ValuesIn(cases()),
                         [](const auto& info) { return info.param.name; });

class GpuBatches : public GpuTest {};

TEST_F(GpuBatches, FewAndManyClassesInBothModes) {
  for (const Mode mode : {Mode::kContinuous, Mode::kPublished}) {
    for (const std::int64_t classes : {1, 2, 31, 32, 33, 200, 1000}) {
      SCOPED_TRACE(classes);
      const PostprocessConfig config = defaults_of(mode);
      const Inputs inputs = inputs_of(config, classes, 3, {33, 1, 129, 77});
      expect_near(on_gpu(inputs, config), postprocess_batch(inputs.views, config, 0));
    }
  }
}

TEST_F(GpuBatches, ALongVideoWhoseRootOutgrowsAWarpsMemory) {
  PostprocessConfig config;
  config.cas_thresholds = {0.0, 0.3, 0.6};
  config.fixed_lo = {-1.0};
  config.normalisation = Normalisation::kFixed;  // above the lowest threshold all the time
  const Inputs inputs = inputs_of(config, 2, 8, {200'000, 3});
  expect_near(on_gpu(inputs, config), postprocess_batch(inputs.views, config, 0));
}

TEST_F(GpuBatches, OfHostMemoryGoUpByThemselves) {
  const PostprocessConfig config;
  const Inputs inputs = inputs_of(config, 3, 12);
  expect_near(postprocess_batch_cuda(inputs.views, config, 0),
              postprocess_batch(inputs.views, config, 1));
}

TEST_F(GpuBatches, PaddedBatchesWithWideRows) {
  const PostprocessConfig config;
  const Inputs inputs = inputs_of(config, 3, 12, {40, 64, 33});
  const std::int64_t longest = 64;
  const std::int64_t stride = 5;
  std::vector<float> cas(3 * longest * stride, std::numeric_limits<float>::quiet_NaN());
  std::vector<VideoShape> shapes;
  for (std::size_t v = 0; v < inputs.views.size(); ++v) {
    const VideoInput& video = inputs.views[v];
    const std::int64_t first = static_cast<std::int64_t>(v) * longest;
    for (std::int64_t t = 0; t < video.cas.num_snippets; ++t) {
      std::copy_n(video.cas.row(t), 3, cas.data() + (first + t) * stride);
    }
    shapes.push_back({video.cas.num_snippets, video.snippet_seconds, video.duration, first});
  }
  const GpuBatch batch(standin_batch(inputs.views));
  const testing::OnDevice padded(cas);
  const DeviceBatch view{padded.floats(), stride, batch.scores.floats(), nullptr};
  expect_near(postprocess_batch_cuda(view, shapes, 3, config, 0, nullptr),
              postprocess_batch(inputs.views, config, 1));
}

}  // namespace
}  // namespace basnet_rt
