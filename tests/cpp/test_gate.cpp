// Which classes may emit, and what their video score adds.

#include "support.h"

namespace basnet_rt {
namespace {

using testing::plain_config;
using testing::Video;

PostprocessConfig gated_config() {
  PostprocessConfig config = plain_config({0.5});
  config.gate = Gate::kVideo;
  return config;
}

// Two classes with the same activations, which alone would score 0.375.
Video two_classes(float first_score, float second_score) {
  return {{0.0f, 0.0f, 1.0f, 1.0f, 0.0f, 0.0f}, 2, {first_score, second_score}};
}

TEST(Gate, AClassAtTheThresholdPassesAndAddsItsWeightedScore) {
  const Detections found = postprocess(two_classes(0.25f, 0.24f).input(), gated_config());
  EXPECT_EQ(found.labels, std::vector<std::int64_t>{0});
  EXPECT_FLOAT_EQ(found.scores.at(0), 0.375f + 0.2f * 0.25f);
}

TEST(Gate, NoneIgnoresVideoScores) {
  const Detections found = postprocess(two_classes(0.9f, 0.0f).input(), plain_config({0.5}));
  EXPECT_EQ(found.scores, (std::vector<float>{0.375f, 0.375f}));
}

TEST(Gate, KeepTop1LetsTheBestClassThroughOnlyWhereNonePasses) {
  PostprocessConfig config = gated_config();
  EXPECT_EQ(postprocess(two_classes(0.1f, 0.2f).input(), config).size(), 0u);
  config.keep_top1 = true;
  EXPECT_EQ(postprocess(two_classes(0.1f, 0.2f).input(), config).labels,
            std::vector<std::int64_t>{1});
  EXPECT_EQ(postprocess(two_classes(0.3f, 0.2f).input(), config).labels,
            std::vector<std::int64_t>{0});
}

}  // namespace
}  // namespace basnet_rt
