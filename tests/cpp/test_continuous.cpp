// The continuous mode on cases small enough to compute by hand.
//
// Snippets are one second apart, so snippet i has its centre at i + 0.5.

#include "support.h"

namespace basnet_rt {
namespace {

using testing::expect_segment;
using testing::plain_config;
using testing::Video;

TEST(Continuous, ScoreIsInnerMeanMinusOuterMeanAtExactCrossings) {
  // A triangle that reaches 0.5 at 1.0 s and 2.0 s. Inside: mean of 0.5 .. 1 .. 0.5. Each flank is
  // a quarter second on which the line goes between 0.25 and 0.5.
  const Video video{{0.0f, 1.0f, 0.0f}};
  const Proposals found = propose(video.input(), plain_config({0.5}));
  ASSERT_EQ(found.size(), 1u);
  expect_segment(found.segments[0], 1.0, 2.0);
  EXPECT_NEAR(found.scores[0], 0.75 - 0.375, 1e-12);
}

TEST(Continuous, ActivationsReachHalfASnippetPastTheOuterCentres) {
  const Video video{{1.0f, 1.0f, 0.0f}};
  const Proposals found = propose(video.input(), plain_config({0.5}));
  ASSERT_EQ(found.size(), 1u);
  expect_segment(found.segments[0], 0.0, 2.0);
}

TEST(Continuous, AFullVideoHasNoFlanks) {
  const Video video{{1.0f, 1.0f}};
  const Proposals found = propose(video.input(), plain_config({0.5}));
  ASSERT_EQ(found.size(), 1u);
  expect_segment(found.segments[0], 0.0, 2.0);
  EXPECT_NEAR(found.scores[0], 1.0, 1e-12);  // no flank: nothing to subtract
}

TEST(Continuous, DurationCutsTheVideo) {
  const Video video{{1.0f, 1.0f, 1.0f}};
  VideoInput input = video.input();
  input.duration = 1.25;
  const Proposals found = propose(input, plain_config({0.5}));
  ASSERT_EQ(found.size(), 1u);
  expect_segment(found.segments[0], 0.0, 1.25);
}

TEST(Continuous, GapsShorterThanMergeGapAreBridged) {
  const Video video{{1.0f, 0.0f, 1.0f}};  // at 0.5: [0, 1) and [2, 3)
  PostprocessConfig config = plain_config({0.5});
  config.merge_gap = 1.0;  // not shorter than the gap
  EXPECT_EQ(propose(video.input(), config).size(), 2u);
  config.merge_gap = 1.001;
  const Proposals merged = propose(video.input(), config);
  ASSERT_EQ(merged.size(), 1u);
  expect_segment(merged.segments[0], 0.0, 3.0);
}

TEST(Continuous, LongRootsAreCutAtMaxDurationAndTheirProposalsWithThem) {
  const Video video{{1.0f, 1.0f, 1.0f, 1.0f}};
  PostprocessConfig config = plain_config({0.25, 0.5});
  config.max_duration = 1.5;
  const Proposals found = propose(video.input(), config);
  ASSERT_EQ(found.size(), 6u);  // three pieces at two thresholds
  for (const std::size_t first : {0u, 3u}) {
    expect_segment(found.segments[first], 0.0, 1.5);
    expect_segment(found.segments[first + 1], 1.5, 3.0);
    expect_segment(found.segments[first + 2], 3.0, 4.0);
  }
}

TEST(Continuous, ShortProposalsAreDropped) {
  const Video video{{0.0f, 1.0f, 0.0f}};  // one second long at 0.5, two at 0
  PostprocessConfig config = plain_config({0.0, 0.5});
  config.min_duration = 1.5;
  const Proposals found = propose(video.input(), config);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found.threshold_index[0], 0);
}

TEST(Continuous, NmsDropsAtTheThresholdItself) {
  // [0.5, 2.5) at threshold 0 scores 0.5 and [1, 2) at 0.5 scores 0.375; their IoU is 0.5.
  const Video video{{0.0f, 1.0f, 0.0f}};
  PostprocessConfig config = plain_config({0.0, 0.5});
  config.nms_iou = 0.5;
  const Detections one = postprocess(video.input(), config);
  ASSERT_EQ(one.size(), 1u);
  expect_segment(one.segments[0], 0.5, 2.5);
  EXPECT_FLOAT_EQ(one.scores[0], 0.5f);
  config.nms_iou = 0.501;
  EXPECT_EQ(postprocess(video.input(), config).size(), 2u);
}

TEST(Continuous, EqualDetectionsAreOrderedByLabel) {
  const Video video{{0.0f, 0.0f, 1.0f, 1.0f, 0.0f, 0.0f}, 2};
  const Detections found = postprocess(video.input(), plain_config({0.5}));
  EXPECT_EQ(found.labels, (std::vector<std::int64_t>{0, 1}));
}

TEST(Continuous, AllEqualOrNegativeActivationsEmitNothingUnderMinMax) {
  PostprocessConfig config;
  config.gate = Gate::kNone;
  EXPECT_EQ(postprocess(Video{{0.0f, 0.0f, 0.0f}}.input(), config).size(), 0u);
  EXPECT_EQ(postprocess(Video{{-3.0f, -1.0f}}.input(), config).size(), 0u);
  EXPECT_EQ(postprocess(Video{{2.0f, 2.0f}}.input(), config).size(), 0u);
}

}  // namespace
}  // namespace basnet_rt
