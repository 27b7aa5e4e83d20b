// The published mode on cases small enough to compute by hand.

#include <cmath>

#include "support.h"

namespace basnet_rt {
namespace {

using testing::expect_segment;
using testing::Video;

PostprocessConfig published_config() {
  PostprocessConfig config = PostprocessConfig::published();
  config.cas_thresholds = {0.5};
  config.upsample = 2;
  return config;
}

// Class 1 is the triangle 0, 1, 0; class 0 is level. Class 0 alone would emit nothing (the slip).
Video triangle(float first_score, float second_score) {
  return {{0.0f, 0.0f, 0.0f, 1.0f, 0.0f, 0.0f}, 2, {first_score, second_score}};
}

TEST(Published, SamplesRunsWindowsAndSegments) {
  // Samples of class 1: 0, .5, 1, .5, 0, -.5 (the last one extrapolated). The run at 0.5 is
  // 1 .. 3; its window holds sample 0 alone, which is 0.
  const Proposals found = propose(triangle(0.0f, 0.3f).input(), published_config());
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found.labels[0], 1);
  expect_segment(found.segments[0], 0.5, 2.0);
  EXPECT_NEAR(found.scores[0], 2.0 / 3.0 + static_cast<double>(0.2f), 1e-12);
}

TEST(Published, ThePredictedScoreItselfDoesNotCount) {
  const Proposals low = propose(triangle(0.0f, 0.3f).input(), published_config());
  const Proposals high = propose(triangle(0.0f, 0.9f).input(), published_config());
  EXPECT_EQ(low.scores, high.scores);
}

TEST(Published, ClassZeroAloneEmitsNothing) {
  Video video{{0.0f, 0.0f, 1.0f, 0.0f, 0.0f, 0.0f}, 2, {0.9f, 0.0f}};
  EXPECT_EQ(postprocess(video.input(), published_config()).size(), 0u);
  video.scores[1] = 0.9f;  // beside another class it does emit
  EXPECT_EQ(postprocess(video.input(), published_config()).labels, std::vector<std::int64_t>{0});
}

TEST(Published, ARunOfSampleZeroAloneIsDropped) {
  // Activations 1, 0: samples 1, .5, 0, -.5. At 0.75 the run is sample 0 alone.
  const Video video{{0.0f, 1.0f, 0.0f, 0.0f}, 2, {0.0f, 0.9f}};
  PostprocessConfig config = published_config();
  config.cas_thresholds = {0.75};
  EXPECT_EQ(propose(video.input(), config).size(), 0u);
  config.cas_thresholds = {0.5};
  EXPECT_EQ(propose(video.input(), config).size(), 1u);
}

TEST(Published, SoftNmsDecaysByTheReleasedIou) {
  // Two levels of the triangle: the run at 0.5 is [0.5, 2), the one at 0.75 is sample 2, [1, 1.5).
  // Their IoU in the released way, with a second added, is 1.5 / (2.5 + 1.5 - 1.5) = 0.6.
  PostprocessConfig config = published_config();
  config.cas_thresholds = {0.5, 0.75};
  config.nms = NmsKind::kGaussian;
  config.soft_sigma = 0.5;
  const Proposals before = propose(triangle(0.0f, 0.3f).input(), config);
  ASSERT_EQ(before.size(), 2u);
  const Detections found = postprocess(triangle(0.0f, 0.3f).input(), config);
  ASSERT_EQ(found.size(), 2u);
  expect_segment(found.segments[0], 1.0, 1.5);
  EXPECT_EQ(found.scores[0], static_cast<float>(before.scores[1]));
  EXPECT_NEAR(found.scores[1], before.scores[0] * std::exp(-0.36 / 0.5), 1e-6);
}

TEST(Published, OneSnippetDoesNotCrash) {
  const Video video{{1.0f, 1.0f}, 2, {0.9f, 0.9f}};
  postprocess(video.input(), published_config());
}

}  // namespace
}  // namespace basnet_rt
