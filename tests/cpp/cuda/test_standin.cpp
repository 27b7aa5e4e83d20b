// The CUDA backend's passes, run by the serial stand-in, must give the CPU backend's detections to
// the last bit, whatever the order of threads, teams and lanes: a pass that reads what its own
// phase writes, or a place planned too small, shows here without a GPU.

#include <algorithm>
#include <limits>
#include <string>

#include "cases.h"
#include "cuda/batch/host_batch.h"
#include "standin.h"

namespace basnet_rt {
namespace {

using cuda::Order;
using testing::Case;
using testing::cases;
using testing::expect_equal;
using testing::expect_invalid;
using testing::Inputs;
using testing::inputs_of;
using testing::run_standin;
using testing::run_standin_until_done;
using testing::standin_batch;

class Standin : public ::testing::TestWithParam<Case> {};

TEST_P(Standin, GivesTheDetectionsOfTheCpuInAnyOrder) {
  const PostprocessConfig& config = GetParam().config;
  const Inputs inputs = inputs_of(config, 3, 40);
  const auto want = postprocess_batch(inputs.views, config, 1);
  std::size_t found = 0;
  for (const Order order : {Order::kForward, Order::kBackward, Order::kScattered}) {
    const auto got = run_standin_until_done(standin_batch(inputs.views), config, order);
    ASSERT_EQ(got.size(), want.size());
    for (std::size_t i = 0; i < want.size(); ++i) {
      SCOPED_TRACE("video " + std::to_string(i));
      expect_equal(got[i], want[i]);
      found += want[i].size();
    }
  }
  EXPECT_GT(found, 60u);  // else the comparison says nothing
}

INSTANTIATE_TEST_SUITE_P(Configs, Standin, ::testing::ValuesIn(cases()),
                         [](const auto& info) { return info.param.name; });

TEST(StandinSizes, TooLittleMemoryAsksForMoreAndThenServes) {
  const PostprocessConfig config;
  const Inputs inputs = inputs_of(config, 2, 7);
  const auto batch = standin_batch(inputs.views);
  const auto want = postprocess_batch(inputs.views, config, 1);
  int tries = 0;
  const auto got = run_standin_until_done(batch, config, Order::kForward, {3, 64}, &tries);
  EXPECT_GT(tries, 1);  // three detections cannot be enough
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < want.size(); ++i) expect_equal(got[i], want[i]);
}

TEST(StandinSizes, TheWorstCaseIsEnoughAtOnce) {
  const PostprocessConfig config;
  const Inputs inputs = inputs_of(config, 2, 9);
  const auto batch = standin_batch(inputs.views);
  const cuda::Plan plan(config, batch.videos, batch.num_classes);
  const auto run = run_standin(batch, config, Order::kForward, {plan.most_detections(), 64 << 20});
  EXPECT_EQ(run.detections.size(), inputs.views.size());
}

// Rows between videos are nobody's: a NaN there must not be seen.
TEST(StandinPadding, IsNotLookedAt) {
  for (const Case& one : cases()) {
    SCOPED_TRACE(one.name);
    const Inputs inputs = inputs_of(one.config, 3, 19, {40, 1, 33});
    auto batch = standin_batch(inputs.views);
    const auto tight = batch;
    const std::int64_t spacing = 50;
    const auto padded = static_cast<std::size_t>(3 * spacing);
    batch.cas.assign(padded * 3, std::numeric_limits<float>::quiet_NaN());
    batch.raw_cas.assign(padded * 4, std::numeric_limits<float>::quiet_NaN());
    std::int64_t from = 0;
    for (std::size_t v = 0; v < batch.videos.size(); ++v) {
      const std::int64_t first = static_cast<std::int64_t>(v) * spacing;
      const std::int64_t count = batch.videos[v].num_snippets;
      batch.videos[v].first_row = first;
      std::copy_n(tight.cas.begin() + 3 * from, 3 * count, batch.cas.begin() + 3 * first);
      std::copy_n(tight.raw_cas.begin() + 4 * from, 4 * count, batch.raw_cas.begin() + 4 * first);
      from += count;
    }
    const auto want = postprocess_batch(inputs.views, one.config, 1);
    const auto got = run_standin_until_done(batch, one.config, Order::kForward);
    ASSERT_EQ(got.size(), want.size());
    for (std::size_t i = 0; i < want.size(); ++i) expect_equal(got[i], want[i]);
  }
}

// What goes up to a GPU is what a batch on one looks like.
TEST(HostBatch, IsPackedVideoByVideo) {
  PostprocessConfig config;
  config.gate = Gate::kHorizon;
  config.horizon = 3.0;
  const Inputs inputs = inputs_of(config, 3, 29, {4, 1, 7});
  const cuda::HostBatch packed = cuda::pack(inputs.views, config);
  const auto want = standin_batch(inputs.views);
  EXPECT_EQ(packed.cas, want.cas);
  EXPECT_EQ(packed.raw_cas, want.raw_cas);
  EXPECT_TRUE(packed.video_scores.empty());  // gate kHorizon has scores of its own
  EXPECT_EQ(cuda::pack(inputs.views, {}).video_scores, want.scores);
  ASSERT_EQ(packed.shapes.size(), 3u);
  EXPECT_EQ(packed.shapes[2].num_snippets, 7);
  EXPECT_EQ(packed.shapes[1].duration, inputs.views[1].duration);
}

TEST(HostBatch, HasOneNumberOfClasses) {
  const Inputs three = inputs_of({}, 3, 29, {4});
  const Inputs two = inputs_of({}, 2, 29, {5});
  expect_invalid([&] { cuda::pack({three.views[0], two.views[0]}, {}); },
                 {"videos[1]", "2 classes", "3"});
}

TEST(StandinErrors, NameVideoSnippetAndClassAsTheCpuDoes) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const auto& [video, place] : {std::pair{3, 5}, std::pair{8, 749 * 2 + 1}}) {
    Inputs inputs = inputs_of({}, 2, 11);
    inputs.videos[static_cast<std::size_t>(video)].cas[static_cast<std::size_t>(place)] = nan;
    std::string want;
    try {
      postprocess_batch(inputs.views, {}, 1);
    } catch (const Error& error) {
      want = error.what();
    }
    expect_invalid([&] { run_standin(standin_batch(inputs.views), {}, Order::kForward); }, {want});
    EXPECT_FALSE(want.empty());
  }
}

TEST(StandinErrors, ScoresOutsideTheirRange) {
  Inputs inputs = inputs_of({}, 2, 13);
  inputs.videos[4].scores[1] = 1.5f;
  expect_invalid([&] { run_standin(standin_batch(inputs.views), {}, Order::kBackward); },
                 {"videos[4]: video_scores[1]", "[0, 1]"});
}

}  // namespace
}  // namespace basnet_rt
