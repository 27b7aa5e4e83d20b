#include <gtest/gtest.h>

#include "basnet_rt/localizer.h"
#include "basnet_rt/postprocess.h"
#include "torch/torch_support.h"

namespace basnet_rt {
namespace {

using testing::bundle;
using testing::Features;

Detections expected(const Model& model, const FeatureView& rows, const PostprocessConfig& config,
                    double snippet_seconds) {
  const Activations output = model.forward(rows);
  VideoInput video;
  video.cas = output.view();
  video.raw_cas = output.raw_view();
  const std::vector<float> scores = config.mode == Mode::kPublished
                                        ? output.video_scores
                                        : video_scores(output.raw_view(), config);
  video.video_scores = scores.data();
  video.snippet_seconds = snippet_seconds;
  return postprocess(video, config);
}

TEST(Localizer, PostProcessesWhatTheNetworkSays) {
  const Features features(80, 1);
  for (const char* name : {"model.pt", "raw.pt", "bfloat16.pt"}) {
    const Model model = Model::load(bundle(name));
    const Localizer localize(model);
    const Detections found = localize(features.view());
    EXPECT_GT(found.size(), 0u) << name;
    testing::expect_same(found,
                         expected(model, features.view(), model.metadata().postprocess, 0.64));
  }
}

TEST(Localizer, ModePublishedSeesTheSnippetsThatTheReleasedCodeTakes) {
  const Model model = Model::load(bundle("published.pt"));
  ASSERT_EQ(model.metadata().num_segments, 40);
  for (const std::int64_t count : {17, 40, 90}) {  // fewer, as many, and more than it wants
    const Features features(count, 2);
    Features sampled(40, 0);
    for (std::int64_t i = 0; i < 40; ++i) {
      const auto row = features.values.begin() + i * count / 40 * testing::kFeatureDim;
      std::copy(row, row + testing::kFeatureDim, sampled.values.begin() + i * testing::kFeatureDim);
    }
    const double seconds = 16.0 * static_cast<double>(count) / (40 * 25.0);
    testing::expect_same(Localizer(model)(features.view()),
                         expected(model, sampled.view(), model.metadata().postprocess, seconds));
  }
}

TEST(Localizer, NothingEndsAfterTheDuration) {
  const Features features(80, 1);
  const Localizer localize(Model::load(bundle("model.pt")));
  double latest = 0.0;
  for (const Segment& one : localize(features.view()).segments) latest = std::max(latest, one.end);
  const double duration = 80 * 0.64 - 0.2;
  ASSERT_GT(latest, duration);
  for (const Segment& one : localize(features.view(), duration).segments) {
    EXPECT_LE(one.end, duration);
  }
}

TEST(Localizer, RefusesSettingsThatDoNotFitTheClasses) {
  PostprocessConfig config = testing::plain_config({0.5});
  config.fixed_lo = {0.0, 0.0};
  testing::expect_invalid([&] { Localizer(Model::load(bundle("model.pt")), config); },
                          {"fixed_lo", "2"});
}

}  // namespace
}  // namespace basnet_rt
