// The CUDA backend's passes, run by threads that are a warp's lanes (lane_team.h): the detections
// must be the CPU's, and under ThreadSanitizer (`make test-threads`) no phase may read what another
// lane writes in it. The serial stand-in cannot see either: it has one lane.

#include "cases.h"
#include "standin.h"

namespace basnet_rt {
namespace {

using testing::Case;
using testing::cases;
using testing::expect_equal;
using testing::inputs_of;
using testing::run_lanes;
using testing::standin_batch;

class Lanes : public ::testing::TestWithParam<Case> {};

TEST_P(Lanes, GiveTheDetectionsOfTheCpu) {
  const PostprocessConfig& config = GetParam().config;
  const auto inputs = inputs_of(config, 3, 90, {1, 90, 300});
  const auto want = postprocess_batch(inputs.views, config, 1);
  const auto run = run_lanes(standin_batch(inputs.views), config, 4);
  ASSERT_EQ(run.detections.size(), want.size());
  std::size_t found = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    SCOPED_TRACE("video " + std::to_string(i));
    expect_equal(run.detections[i], want[i]);
    found += want[i].size();
  }
  EXPECT_GT(found, 6u);
}

INSTANTIATE_TEST_SUITE_P(Configs, Lanes, ::testing::ValuesIn(cases()),
                         [](const auto& info) { return info.param.name; });

TEST(LanesOfAWarp, AreThirtyTwo) {
  const PostprocessConfig config;
  const auto inputs = inputs_of(config, 1, 17, {70});
  const auto want = postprocess_batch(inputs.views, config, 1);
  const auto run = run_lanes(standin_batch(inputs.views), config, 32);
  ASSERT_EQ(run.detections.size(), 1u);
  EXPECT_GT(want[0].size(), 2u);
  expect_equal(run.detections[0], want[0]);
}

TEST(LanesOfAWarp, AgreeThatMemoryIsShort) {
  const auto inputs = inputs_of({}, 2, 23, {60, 60});
  const auto run = run_lanes(standin_batch(inputs.views), {}, 4, {2, 16});
  EXPECT_TRUE(run.detections.empty());
  EXPECT_GT(run.needed.max_detections, 2);
}

}  // namespace
}  // namespace basnet_rt
