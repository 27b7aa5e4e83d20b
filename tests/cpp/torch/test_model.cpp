#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <thread>

#include "basnet_rt/model.h"
#include "torch/torch_support.h"

namespace basnet_rt {
namespace {

using testing::bundle;
using testing::Features;
using testing::kFeatureDim;

TEST(Model, ReturnsEveryArrayInItsShape) {
  const Features features(37, 1);
  const Activations found = Model::load(bundle("model.pt")).forward(features.view());
  EXPECT_EQ(found.num_snippets, 37);
  EXPECT_EQ(found.num_classes, 3);
  EXPECT_EQ(found.activations.size(), 37u * 3u);
  EXPECT_EQ(found.cas.size(), 37u * 4u);
  EXPECT_EQ(found.foreground.size(), 37u);
  EXPECT_EQ(found.video_scores.size(), 3u);
}

TEST(Model, ActivationsAreTheSoftmaxOfTheCas) {
  const Features features(20, 2);
  const Activations found = Model::load(bundle("model.pt")).forward(features.view());
  for (std::int64_t t = 0; t < 20; ++t) {
    double sum = 0.0;
    for (int c = 0; c < 4; ++c) sum += std::exp(found.raw_view().row(t)[c]);
    EXPECT_NEAR(found.view().row(t)[1], std::exp(found.raw_view().row(t)[1]) / sum, 1e-5);
  }
}

TEST(Model, LongVideosAreComputedInPiecesThatFitTogether) {
  // 4096 snippets a piece; a seam that loses context shows within two snippets of it.
  const Features features(5000, 3);
  const Model model = Model::load(bundle("model.pt"));
  const Activations whole = model.forward(features.view());
  const Activations around_seam = model.forward(features.view(4000, 200));
  ASSERT_EQ(whole.num_snippets, 5000);
  for (std::int64_t t = 4050; t < 4150; ++t) {
    for (int c = 0; c < 4; ++c) {
      EXPECT_NEAR(whole.raw_view().row(t)[c], around_seam.raw_view().row(t - 4000)[c], 1e-4);
    }
  }
  double sum = 0.0;
  for (const float score : whole.video_scores) sum += score;
  EXPECT_GT(sum, 0.0);
  EXPECT_LE(sum, 1.0);  // softmax with the background left out
}

TEST(Model, RunsInEitherKindOfWeights) {
  const Features features(50, 4);
  const Activations exact = Model::load(bundle("model.pt")).forward(features.view());
  const Model rounded = Model::load(bundle("model.pt"), {"cpu", "bfloat16"});
  EXPECT_EQ(rounded.dtype(), "bfloat16");
  EXPECT_EQ(Model::load(bundle("bfloat16.pt")).dtype(), "bfloat16");
  const Activations close = rounded.forward(features.view());
  const Activations stored = Model::load(bundle("bfloat16.pt")).forward(features.view());
  EXPECT_NE(close.cas, exact.cas);
  for (std::size_t i = 0; i < exact.activations.size(); ++i) {
    EXPECT_NEAR(exact.activations[i], close.activations[i], 0.05);
    EXPECT_NEAR(exact.activations[i], stored.activations[i], 0.05);
  }
}

TEST(Model, RefusesFeaturesThatCannotBeItsOwn) {
  const Model model = Model::load(bundle("model.pt"));
  Features features(5, 5);
  testing::expect_error([&] { model.forward({features.values.data(), 5, 7}); }, ErrorCode::kBundle,
                        {"8 channels", "got 7"});
  testing::expect_invalid([&] { model.forward({features.values.data(), 0, kFeatureDim}); },
                          {"(0, 8)", "T >= 1"});
  testing::expect_invalid([&] { model.forward({nullptr, 5, kFeatureDim}); }, {"no address"});
  testing::expect_invalid([&] { model.forward({features.values.data(), -1, kFeatureDim}); },
                          {"-1"});
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), -INFINITY}) {
    features.values[3 * kFeatureDim + 2] = bad;
    testing::expect_invalid([&] { model.forward(features.view()); },
                            {"features[3, 2]", "snippet 3, channel 2"});
  }
}

TEST(Model, CopiesServeSeveralThreadsAtOnce) {
  const Features features(60, 6);
  const Model model = Model::load(bundle("model.pt"));
  const Activations expected = model.forward(features.view());
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (std::size_t i = 0; i < wrong.size(); ++i) {
    threads.emplace_back([&, i, copy = model] {
      for (int k = 0; k < 10; ++k) wrong[i] += copy.forward(features.view()).cas != expected.cas;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

TEST(Model, ThreadsAreAtLeastOne) {
  testing::expect_invalid([] { set_num_threads(0); }, {"num_threads is 0"});
  set_num_threads(1);
}

}  // namespace
}  // namespace basnet_rt
