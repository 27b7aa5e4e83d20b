// exp, sigmoid, softmax in float32 against double; video scores against the post-processor's.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "engine/scores.h"
#include "network_support.h"

namespace basnet_rt::engine::testing {
namespace {

TEST(Scores, ExpIsWithinTwoUnitsInTheLastPlace) {
  for (float x = -87.0f; x < 88.7f; x += 0.00137f) {
    const double want = std::exp(static_cast<double>(x));
    ASSERT_NEAR(static_cast<double>(exp_float32(x)) / want, 1.0, 2.4e-7) << x;
  }
}

TEST(Scores, ExpAtTheEdges) {
  EXPECT_EQ(exp_float32(0.0f), 1.0f);
  EXPECT_EQ(exp_float32(-0.0f), 1.0f);
  EXPECT_EQ(exp_float32(-1e4f), 0.0f);
  EXPECT_EQ(exp_float32(-HUGE_VALF), 0.0f);
  EXPECT_EQ(exp_float32(HUGE_VALF), HUGE_VALF);
  EXPECT_EQ(exp_float32(100.0f), HUGE_VALF);
  EXPECT_TRUE(std::isfinite(exp_float32(88.72f)));
  EXPECT_NEAR(exp_float32(-100.0f) / std::exp(-100.0), 1.0, 0.02);  // below 2^-126
  EXPECT_TRUE(std::isnan(exp_float32(std::numeric_limits<float>::quiet_NaN())));
}

TEST(Scores, ActivationsOfOneSnippet) {
  NetworkOptions options;
  options.num_classes = 2;
  const float cas[] = {1.0f, -2.0f, 0.5f};
  const double sum = std::exp(1.0) + std::exp(-2.0) + std::exp(0.5);
  const auto got = [&](Activation kind) {
    options.activation = kind;
    Values out(2);
    activate(options, cas, 0.75f, out.data());
    return out;
  };
  EXPECT_EQ(got(Activation::kRaw), (Values{1.0f, -2.0f}));
  EXPECT_NEAR(got(Activation::kSigmoid)[1], 1.0 / (1.0 + std::exp(2.0)), 1e-7);
  EXPECT_NEAR(got(Activation::kSoftmax)[0], std::exp(1.0) / sum, 1e-7);
  EXPECT_NEAR(got(Activation::kFused)[1], (std::exp(-2.0) / sum + 0.75) / 2, 1e-7);
}

TEST(Scores, VideoScoresAreMeansOfTheBest) {
  NetworkOptions options;
  options.num_classes = 1;
  options.topk_divisor = 2;
  const float cas[] = {1.0f, 0.0f, 3.0f, 0.0f, -5.0f, 0.0f, 2.0f, 1.0f};  // best: 2.5 and 0.5
  EXPECT_EQ(video_scores(options, cas, 4)[0], static_cast<float>(1.0 / (1.0 + std::exp(-2.0))));
  options.score_function = ScoreFunction::kSigmoid;
  EXPECT_EQ(video_scores(options, cas, 4)[0], static_cast<float>(1.0 / (1.0 + std::exp(-2.5))));
}

}  // namespace
}  // namespace basnet_rt::engine::testing
