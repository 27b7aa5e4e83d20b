// Streams on a GPU beside StreamPostprocessors with the same input, as test_stream.cpp has the
// stand-in beside them. Without `exp`, equality is to the last bit here too.

#include "../stream_pair.h"
#include "basnet_rt/cuda_streams.h"
#include "gpu.h"

namespace basnet_rt {
namespace {

using testing::expect_equal;
using testing::expect_success;
using testing::kClasses;
using testing::kMaxRows;
using testing::kSnippet;
using testing::OnDevice;
using testing::stream_config;
using testing::StreamCase;
using testing::StreamPair;

bool uses_exp(const PostprocessConfig& config) {
  return config.gate == Gate::kHorizon || config.nms == NmsKind::kGaussian;
}

class GpuStreamSlots : public testing::GpuTest {};

TEST_F(GpuStreamSlots, GiveTheFinalsOfTheCpu) {
  unsigned seed = 70;
  for (const StreamCase& one : testing::stream_cases()) {
    if (uses_exp(one.config)) continue;
    SCOPED_TRACE(one.name);
    const auto streams = cuda_stream_backend(one.config, kClasses, kSnippet, 33, kMaxRows);
    StreamPair pair(one.config, *streams, 33, seed++);
    for (int n = 0; n < 60 && !HasFailure(); ++n) {
      pair.step();
      if (n % 20 == 7) pair.expect_same_pending();
      if (n % 20 == 15) pair.exchange();
    }
    EXPECT_GT(pair.found(), 150u);
  }
}

// Where `exp` has other last bits, the same finals at the same times come out.
TEST_F(GpuStreamSlots, GateAndGaussianComeOutAlike) {
  for (const StreamCase& one : testing::stream_cases()) {
    if (!uses_exp(one.config)) continue;
    SCOPED_TRACE(one.name);
    testing::Twin twin(one.config, 5);
    const auto streams = cuda_stream_backend(one.config, kClasses, kSnippet, 1, 700);
    StreamRows rows;
    rows.activations = twin.video.cas.data();
    rows.raw_cas = twin.raw.cas.data();
    rows.num_rows = 700;
    StreamTurn turn;
    turn.num_rows = 700;
    turn.mark = StreamMark::kFinish;
    const auto got = streams->step({turn}, rows);
    StreamDetections want = twin.post.push(twin.rows(700), twin.raw_rows(700));
    testing::append(want, twin.post.finish());
    EXPECT_GT(want.size(), 5u);
    EXPECT_EQ(got[0].finals.labels, want.labels);
    EXPECT_EQ(got[0].finals.decided, want.decided);
    ASSERT_EQ(got[0].finals.size(), want.size());
    for (std::size_t i = 0; i < want.size(); ++i) {
      EXPECT_NEAR(got[0].finals.scores[i], want.scores[i], 1e-6);
    }
  }
}

// Turns and rows are read anew by every replay, and the slots go on.
TEST_F(GpuStreamSlots, AStepIsReplayedFromAGraph) {
  const PostprocessConfig config = stream_config();
  CudaStreamPostprocessor streams(config, kClasses, kSnippet, 1, 7);
  testing::Twin twin(config, 9);
  OnDevice rows(7 * kClasses * sizeof(float));
  OnDevice scratch(streams.scratch_bytes(1));
  OnDevice results(streams.result_bytes(1));
  OnDevice turns(streams.turn_bytes(1));
  StreamTurn turn;
  turn.num_rows = 7;
  std::vector<char> written(streams.turn_bytes(1));
  streams.write_turns({turn}, written.data());
  expect_success(cudaMemcpy(turns.data(), written.data(), written.size(), cudaMemcpyHostToDevice));
  cudaStream_t stream = nullptr;
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t replay = nullptr;
  expect_success(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  expect_success(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
  streams.enqueue({rows.floats(), kClasses, nullptr, 7}, turns.data(), 1, scratch.data(),
                  results.data(), stream);
  expect_success(cudaStreamEndCapture(stream, &graph));
  expect_success(cudaGraphInstantiate(&replay, graph, 0));
  std::size_t found = 0;
  for (; twin.left() > 0; twin.at += 7) {
    const float* from = twin.rows(7).data;
    rows.put({from, from + 7 * kClasses});
    expect_success(cudaGraphLaunch(replay, stream));
    expect_success(cudaStreamSynchronize(stream));
    const StreamDetections want = twin.post.push(twin.rows(7));
    expect_equal(streams.read(results.on_host().data(), 1)[0].finals, want);
    found += want.size();
  }
  EXPECT_GT(found, 50u);
  expect_success(cudaGraphExecDestroy(replay));
  expect_success(cudaGraphDestroy(graph));
  expect_success(cudaStreamDestroy(stream));
}

// A step that was too small leaves the slots alone and says what it needs.
TEST_F(GpuStreamSlots, AShortStepIsRepeated) {
  const PostprocessConfig config = stream_config();
  CudaStreamPostprocessor streams(config, kClasses, kSnippet, 1, 700, 0, {1, 1, 64});
  testing::Twin twin(config, 12);
  const OnDevice rows(twin.video.cas);
  StreamTurn turn;
  turn.num_rows = 700;
  const auto got = streams.step({turn}, {rows.floats(), kClasses, nullptr, 700}, nullptr);
  expect_equal(got[0].finals, twin.post.push(twin.rows(700)));
  EXPECT_EQ(got[0].num_snippets, 700);
  EXPECT_GT(streams.limits().max_detections, 1);
}

}  // namespace
}  // namespace basnet_rt
