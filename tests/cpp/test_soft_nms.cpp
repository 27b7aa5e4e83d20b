#include <cmath>

#include "basnet_rt/nms.h"
#include "nms_oracle.h"
#include "support.h"

namespace basnet_rt {
namespace {

// IoU of the first two is 1/3; the third stands apart.
const std::vector<Segment> kSegments = {{0, 2}, {1, 3}, {10, 11}};
const std::vector<double> kScores = {0.9, 0.8, 0.7};

SoftNmsResult run_soft(NmsKind kind, double iou, double min_score) {
  return soft_nms({kSegments.data(), kScores.data(), nullptr, 3}, kind, iou, 0.5, min_score);
}

TEST(SoftNms, LinearDecaysByOverlapFromTheThresholdOn) {
  const SoftNmsResult result = run_soft(NmsKind::kLinear, 1.0 / 3.0, 0.0);
  EXPECT_EQ(result.indices, (std::vector<std::int64_t>{0, 2, 1}));  // the decayed one falls behind
  EXPECT_NEAR(result.scores.at(2), 0.8 * 2.0 / 3.0, 1e-12);
  EXPECT_EQ(run_soft(NmsKind::kLinear, 0.4, 0.0).scores, kScores);  // below the threshold: nothing
}

TEST(SoftNms, GaussianDecaysByEveryOverlap) {
  const SoftNmsResult result = run_soft(NmsKind::kGaussian, 1.0, 0.0);
  EXPECT_NEAR(result.scores.at(2), 0.8 * std::exp(-(1.0 / 9.0) / 0.5), 1e-12);
}

TEST(SoftNms, WhatFallsBelowTheMinimumIsDropped) {
  EXPECT_EQ(run_soft(NmsKind::kLinear, 0.3, 0.6).indices, (std::vector<std::int64_t>{0, 2}));
}

// Multiplying a negative score by less than one would raise it.
TEST(SoftNms, NegativeScoresDoNotRise) {
  const std::vector<double> scores = {0.9, -0.5, 0.1};
  const SoftNmsResult result =
      soft_nms({kSegments.data(), scores.data(), nullptr, 3}, NmsKind::kLinear, 0.1, 0.5, -1.0);
  EXPECT_EQ(result.scores, (std::vector<double>{0.9, 0.1, -0.5}));
}

// Catches an overlap that is missed or counted twice, decays in another order (the bits differ),
// and a next one that is not the best.
TEST(SoftNms, EqualsPlainLoopsOnHardInput) {
  constexpr double kIou = 0.4, kSigma = 0.3;
  const auto linear = [](double iou) { return iou >= kIou ? 1.0 - iou : 1.0; };
  const auto gaussian = [](double iou) { return std::exp(-(iou * iou) / kSigma); };
  testing::for_each_hard_input([&](const testing::NmsInput& input, const std::string& what) {
    for (const double min_score : {-1e300, 0.0, 0.001, 0.3}) {
      const auto check = [&](NmsKind kind, const std::function<double(double)>& weight) {
        const SoftNmsResult got = soft_nms(input.view(), kind, kIou, kSigma, min_score);
        const SoftNmsResult want = testing::NmsOracle(input).soft(min_score, weight);
        EXPECT_EQ(got.indices, want.indices) << what << ", " << min_score;
        EXPECT_EQ(got.scores, want.scores) << what << ", " << min_score;
      };
      check(NmsKind::kLinear, linear);
      check(NmsKind::kGaussian, gaussian);
    }
  });
}

TEST(SoftNms, BadSettingsAreNamed) {
  testing::expect_invalid([] { run_soft(NmsKind::kHard, 0.5, 0.0); }, {"method"});
  testing::expect_invalid([] { run_soft(NmsKind::kLinear, 1.5, 0.0); }, {"iou is 1.5"});
  testing::expect_invalid([] { run_soft(NmsKind::kLinear, 0.5, std::nan("")); }, {"min_score"});
  testing::expect_invalid([] { soft_nms({}, NmsKind::kGaussian, 0.5, 0.0, 0.0); }, {"sigma is 0"});
}

}  // namespace
}  // namespace basnet_rt
