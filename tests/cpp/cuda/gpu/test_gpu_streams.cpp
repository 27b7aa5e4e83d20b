// What `enqueue` promises: the caller's stream and nothing else, no waiting, and CUDA graphs.

#include <atomic>
#include <chrono>
#include <thread>

#include "gpu.h"

namespace basnet_rt {
namespace {

using testing::expect_near;
using testing::expect_success;
using testing::GpuBatch;
using testing::Inputs;
using testing::inputs_of;
using testing::OnDevice;
using testing::standin_batch;

const std::vector<std::int64_t> kSomeLengths = {33, 200, 1, 128};

class GpuStreams : public testing::GpuTest {
 protected:
  void SetUp() override {
    GpuTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    expect_success(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking));
  }
  void TearDown() override {
    if (stream_ != nullptr) expect_success(cudaStreamDestroy(stream_));
  }

  cudaStream_t stream_ = nullptr;
};

// Everything that one batch's shape needs.
struct Prepared {
  explicit Prepared(const Inputs& inputs, const PostprocessConfig& settings = {})
      : config(settings),
        batch(standin_batch(inputs.views)),
        postprocessor(config, batch.num_classes, batch.shapes),
        scratch(postprocessor.scratch_bytes()),
        results(postprocessor.result_bytes()) {}

  void enqueue(cudaStream_t stream) {
    postprocessor.enqueue(batch.view(), scratch.data(), results.data(), stream);
  }
  std::vector<Detections> read() { return postprocessor.read(results.on_host().data()); }

  PostprocessConfig config;
  GpuBatch batch;
  CudaPostprocessor postprocessor;
  OnDevice scratch;
  OnDevice results;
};

struct Hold {
  std::atomic<bool> released{false};
};

void CUDART_CB wait_until_released(void* hold) {
  while (!static_cast<Hold*>(hold)->released) std::this_thread::yield();
}

TEST_F(GpuStreams, EnqueueDoesNotWait) {
  const Inputs inputs = inputs_of({}, 3, 5, kSomeLengths);
  Prepared prepared(inputs);
  prepared.enqueue(stream_);  // loads the kernels, which may wait
  expect_success(cudaStreamSynchronize(stream_));
  Hold hold;
  expect_success(cudaLaunchHostFunc(stream_, wait_until_released, &hold));
  prepared.enqueue(stream_);
  EXPECT_EQ(cudaStreamQuery(stream_), cudaErrorNotReady);
  hold.released = true;
  expect_success(cudaStreamSynchronize(stream_));
  expect_near(prepared.read(), postprocess_batch(inputs.views, {}, 1));
}

TEST_F(GpuStreams, WhatTheStreamDidBeforeIsSeen) {
  const Inputs inputs = inputs_of({}, 3, 6, kSomeLengths);
  const auto host = standin_batch(inputs.views);
  Prepared prepared(inputs);
  OnDevice source(host.cas);
  expect_success(cudaMemset(prepared.batch.cas.data(), 0, host.cas.size() * sizeof(float)));
  expect_success(cudaDeviceSynchronize());
  Hold hold;
  expect_success(cudaLaunchHostFunc(stream_, wait_until_released, &hold));
  expect_success(cudaMemcpyAsync(prepared.batch.cas.data(), source.data(),
                                 host.cas.size() * sizeof(float), cudaMemcpyDeviceToDevice,
                                 stream_));
  prepared.enqueue(stream_);
  hold.released = true;
  expect_success(cudaStreamSynchronize(stream_));
  expect_near(prepared.read(), postprocess_batch(inputs.views, {}, 1));
}

class GpuGraphs : public GpuStreams, public ::testing::WithParamInterface<testing::Case> {};

TEST_P(GpuGraphs, ReplayOnNewActivations) {
  const PostprocessConfig& config = GetParam().config;
  Prepared prepared(inputs_of(config, 3, 7, kSomeLengths), config);
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t runnable = nullptr;
  expect_success(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeGlobal));
  prepared.enqueue(stream_);
  expect_success(cudaStreamEndCapture(stream_, &graph));
  expect_success(cudaGraphInstantiate(&runnable, graph, 0));
  for (unsigned seed = 7; seed < 11; ++seed) {
    Inputs inputs = inputs_of(config, 3, 7, kSomeLengths);
    for (std::size_t v = 0; v < inputs.videos.size(); ++v) {  // same shapes, other activations
      inputs.videos[v].cas = testing::random_video(kSomeLengths[v], 3, seed).cas;
    }
    prepared.batch.cas.put(standin_batch(inputs.views).cas);
    expect_success(cudaGraphLaunch(runnable, stream_));
    expect_success(cudaStreamSynchronize(stream_));
    const auto shortage = prepared.postprocessor.shortage(prepared.results.on_host().data());
    if (shortage) continue;
    expect_near(prepared.read(), postprocess_batch(inputs.views, config, 1));
  }
  expect_success(cudaGraphExecDestroy(runnable));
  expect_success(cudaGraphDestroy(graph));
}

INSTANTIATE_TEST_SUITE_P(Configs, GpuGraphs, ::testing::ValuesIn(testing::cases()),
                         [](const auto& info) { return info.param.name; });

TEST_F(GpuStreams, ResultsMayLieInPinnedHostMemory) {
  const Inputs inputs = inputs_of({}, 3, 9, kSomeLengths);
  Prepared prepared(inputs);
  void* pinned = nullptr;
  expect_success(
      cudaHostAlloc(&pinned, prepared.postprocessor.result_bytes(), cudaHostAllocMapped));
  prepared.postprocessor.enqueue(prepared.batch.view(), prepared.scratch.data(), pinned, stream_);
  expect_success(cudaStreamSynchronize(stream_));
  expect_near(prepared.postprocessor.read(pinned), postprocess_batch(inputs.views, {}, 1));
  expect_success(cudaFreeHost(pinned));
}

TEST_F(GpuStreams, ThreadsOnStreamsOfTheirOwn) {
  std::vector<std::thread> threads;
  for (unsigned n = 0; n < 4; ++n) {
    threads.emplace_back([n] {
      for (unsigned seed = 0; seed < 20; ++seed) {
        const Inputs inputs = inputs_of({}, 2, 100 * n + seed, kSomeLengths);
        const GpuBatch batch(standin_batch(inputs.views));
        const auto got =
            postprocess_batch_cuda(batch.view(), batch.shapes, 2, {}, 0, cudaStreamPerThread);
        expect_near(got, postprocess_batch(inputs.views, {}, 1));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace basnet_rt
