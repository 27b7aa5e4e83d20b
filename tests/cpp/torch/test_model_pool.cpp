#include <gtest/gtest.h>

#include "basnet_rt/model_pool.h"
#include "basnet_rt/streaming_localizer.h"
#include "torch/torch_support.h"

namespace basnet_rt {
namespace {

using testing::bundle;
using testing::Features;

PoolOptions unthreaded(std::int64_t max_batch) {
  PoolOptions options;
  options.max_batch = max_batch;
  options.threaded = false;
  return options;
}

StreamDetections alone(const Model& model, const Features& features) {
  StreamingLocalizer stream(model);
  StreamDetections found;
  for (std::int64_t t = 0; t < features.count; ++t)
    testing::append(found, stream.push(features.view(t, 1)));
  testing::append(found, stream.finish());
  return found;
}

TEST(ModelPool, OneStreamIsTheStreamAloneBitForBit) {
  const Model model = Model::load(bundle("model.pt"));
  const Features features(70, 1);
  const auto pool = make_pool(model, std::nullopt, unthreaded(1));  // so it gets one row at a time
  const StreamId stream = pool->open();
  ASSERT_TRUE(pool->push(stream, features.view()));
  const StreamDetections expected = alone(model, features);
  ASSERT_GT(expected.size(), 0u);
  testing::expect_same(pool->close(stream), expected);
}

TEST(ModelPool, StreamsOfDifferentAgesShareBatches) {
  for (const char* name : {"model.pt", "bfloat16.pt"}) {
    const Model model = Model::load(bundle(name));
    const auto pool = make_pool(model, std::nullopt, unthreaded(64));
    std::vector<Features> inputs;
    std::vector<StreamId> streams;
    for (unsigned i = 0; i < 5; ++i) {  // more slots than at first, and each opens a little later
      inputs.emplace_back(40 + 7 * i, i);
      streams.push_back(pool->open());
      for (unsigned k = 0; k <= i; ++k) pool->push(streams[k], inputs[k].view((i - k) * 3, 3));
      while (pool->step(true)) {
      }
    }
    for (unsigned i = 0; i < 5; ++i) {
      const std::int64_t pushed = 3 * (5 - i);
      pool->push(streams[i], inputs[i].view(pushed, inputs[i].count - pushed));
    }
    for (unsigned i = 0; i < 5; ++i) {
      const StreamDetections found = pool->close(streams[i]);
      if (std::string(name) == "model.pt") testing::expect_close(found, alone(model, inputs[i]));
    }
    EXPECT_GT(pool->statistics().largest_batch, 1);
  }
}

TEST(ModelPool, HandsOnTheCasWhereAGateLooksAtIt) {
  const Model model = Model::load(bundle("model.pt"));
  PostprocessConfig config = model.metadata().postprocess;
  config.gate = Gate::kHorizon;
  config.horizon = 5.0;
  config.class_threshold = 0.1;
  const Features features(50, 2);
  const auto pool = make_pool(model, config, unthreaded(1));
  const StreamId stream = pool->open();
  pool->push(stream, features.view());
  StreamingLocalizer single(model, config);
  StreamDetections expected;
  for (std::int64_t t = 0; t < 50; ++t) testing::append(expected, single.push(features.view(t, 1)));
  testing::append(expected, single.finish());
  testing::expect_same(pool->close(stream), expected);
}

TEST(ModelPool, ASavedStreamContinuesInAnotherPool) {
  const Model model = Model::load(bundle("model.pt"));
  const Features features(70, 3);
  const auto first = make_pool(model, std::nullopt, unthreaded(1));
  const StreamId stream = first->open();
  first->push(stream, features.view(0, 30));
  while (first->step(true)) {
  }
  const std::string state = first->save(stream);

  const auto second = make_pool(model, std::nullopt, unthreaded(1));
  for (int i = 0; i < 3; ++i) second->open();  // so that the slot is another one
  const StreamId restored = second->restore(state);
  second->push(restored, features.view(30, 40));
  testing::expect_same(second->close(restored), alone(model, features));

  const auto other =
      make_pool(Model::load(bundle("other_weights.pt")), std::nullopt, unthreaded(1));
  testing::expect_error([&] { other->restore(state); }, ErrorCode::kInvalidState,
                        {"another model"});
}

TEST(ModelPool, RunsOnAThreadOfItsOwn) {
  const Model model = Model::load(bundle("model.pt"));
  const auto pool = make_pool(model);
  std::vector<Features> inputs;
  std::vector<StreamId> streams;
  for (unsigned i = 0; i < 8; ++i) {
    inputs.emplace_back(50, 20 + i);
    streams.push_back(pool->open());
  }
  for (std::int64_t t = 0; t < 50; t += 5) {
    for (unsigned i = 0; i < 8; ++i) ASSERT_TRUE(pool->push(streams[i], inputs[i].view(t, 5)));
  }
  for (unsigned i = 0; i < 8; ++i) {
    testing::expect_close(pool->close(streams[i]), alone(model, inputs[i]));
  }
}

}  // namespace
}  // namespace basnet_rt
