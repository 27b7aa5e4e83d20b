// Errors of the CUDA backend say what was wrong, and both backends work after them.

#include <limits>

#include "gpu.h"

namespace basnet_rt {
namespace {

using testing::expect_error;
using testing::expect_invalid;
using testing::expect_near;
using testing::GpuBatch;
using testing::Inputs;
using testing::inputs_of;
using testing::standin_batch;

class GpuErrors : public testing::GpuTest {
 protected:
  void TearDown() override {
    if (IsSkipped() || HasFatalFailure()) return;
    const Inputs inputs = inputs_of({}, 2, 31, {40, 70});
    const GpuBatch batch(standin_batch(inputs.views));
    expect_near(postprocess_batch_cuda(batch.view(), batch.shapes, 2, {}, 0, nullptr),
                postprocess_batch(inputs.views, {}, 1));
  }
};

TEST_F(GpuErrors, NoSuchDevice) {
  const int count = cuda_support().num_devices;
  for (const int device : {count, -1, 1000}) {
    expect_error([&] { CudaPostprocessor({}, 2, {{40, 1.0, {}}}, device); },
                 ErrorCode::kUnavailable, {"cuda:" + std::to_string(device)});
  }
}

TEST_F(GpuErrors, OutOfMemory) {
  const GpuBatch batch(standin_batch(inputs_of({}, 2, 31, {40}).views));
  const std::vector<VideoShape> shapes(1, {2'000'000'000, 1.0, {}});
  PostprocessConfig config;
  config.max_duration = 1000.0;
  DeviceBatch view = batch.view();
  view.row_stride = 1000;
  expect_error([&] { postprocess_batch_cuda(view, shapes, 1000, config, 0, nullptr); },
               ErrorCode::kUnavailable, {"memory"});
}

TEST_F(GpuErrors, MemoryOfTheHostIsRefused) {
  const auto host = standin_batch(inputs_of({}, 2, 31, {40}).views);
  const GpuBatch batch(host);
  DeviceBatch view = batch.view();
  view.cas = host.cas.data();
  expect_invalid([&] { postprocess_batch_cuda(view, batch.shapes, 2, {}, 0, nullptr); },
                 {"cas lies in host memory", "cuda:0"});
}

TEST_F(GpuErrors, ABadActivationIsNamedAsOnTheCpu) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
        -std::numeric_limits<float>::infinity()}) {
    for (const testing::Case& one : testing::cases()) {
      Inputs inputs = inputs_of(one.config, 3, 11, {40, 70, 300});
      inputs.videos[2].cas[777] = bad;
      inputs.videos[1].cas[5] = bad;
      std::string want = "nothing";
      try {
        postprocess_batch(inputs.views, one.config, 1);
      } catch (const Error& error) {
        want = error.what();
      }
      const GpuBatch batch(standin_batch(inputs.views));
      expect_invalid(
          [&] { postprocess_batch_cuda(batch.view(), batch.shapes, 3, one.config, 0, nullptr); },
          {want});
    }
  }
}

TEST_F(GpuErrors, ShortMemoryIsToldAndEnoughServes) {
  const Inputs inputs = inputs_of({}, 3, 15);
  const GpuBatch batch(standin_batch(inputs.views));
  CudaLimits limits{3, 64};
  for (int tries = 1; tries < 20; ++tries) {
    const CudaPostprocessor postprocessor({}, 3, batch.shapes, 0, limits);
    const testing::OnDevice scratch(postprocessor.scratch_bytes());
    const testing::OnDevice results(postprocessor.result_bytes());
    postprocessor.enqueue(batch.view(), scratch.data(), results.data(), nullptr);
    const auto host = results.on_host();
    if (const auto shortage = postprocessor.shortage(host.data())) {
      expect_error([&] { postprocessor.read(host.data()); }, ErrorCode::kInvalidState, {"memory"});
      limits = *shortage;
      continue;
    }
    EXPECT_GT(tries, 1);
    expect_near(postprocessor.read(host.data()), postprocess_batch(inputs.views, {}, 1));
    return;
  }
  ADD_FAILURE() << "no memory was enough";
}

}  // namespace
}  // namespace basnet_rt
