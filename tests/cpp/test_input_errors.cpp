// Bad input is refused with its name, its place and what is allowed, in Release builds too.

#include <functional>
#include <limits>

#include "support.h"

namespace basnet_rt {
namespace {

using testing::expect_invalid;
using testing::plain_config;
using testing::Video;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

TEST(InputErrors, NonFiniteActivationsAreNamedByPlace) {
  const PostprocessConfig config = plain_config({0.5});
  Video video{{0.0f, 0.0f, 0.0f, kNan}, 2};
  expect_invalid([&] { postprocess(video.input(), config); }, {"cas[1, 1] is nan", "finite"});
  video.cas[0] = -kInf;
  expect_invalid([&] { propose(video.input(), config); }, {"cas[0, 0] is -inf"});
}

TEST(InputErrors, PaddingBetweenRowsIsNotLookedAt) {
  Video video{{1.0f, kNan, 0.0f, kNan}, 2};
  VideoInput input = video.input();
  input.cas = {video.cas.data(), 2, 1, 2};  // one class in rows of two
  EXPECT_EQ(postprocess(input, plain_config({0.5})).size(), 1u);
}

TEST(InputErrors, EmptyShapesAreRefused) {
  VideoInput input = Video{{1.0f}}.input();
  input.cas.num_snippets = 0;
  expect_invalid([&] { postprocess(input, plain_config({0.5})); }, {"cas", "(0, 1)"});
}

TEST(InputErrors, SecondsMustBePositiveAndFinite) {
  const Video video{{1.0f}};
  for (const double bad : {0.0, -1.0, static_cast<double>(kNan), static_cast<double>(kInf)}) {
    VideoInput input = video.input();
    input.snippet_seconds = bad;
    expect_invalid([&] { postprocess(input, plain_config({0.5})); }, {"snippet_seconds"});
    input.snippet_seconds = 1.0;
    input.duration = bad;
    expect_invalid([&] { postprocess(input, plain_config({0.5})); }, {"duration"});
  }
}

TEST(InputErrors, TheVideoGateNeedsScoresInTheUnitInterval) {
  PostprocessConfig config = plain_config({0.5});
  config.gate = Gate::kVideo;
  Video video{{1.0f}};
  expect_invalid([&] { postprocess(video.input(), config); }, {"video_scores is None"});
  for (const float bad : {1.5f, -0.1f, kNan}) {
    video.scores = {bad};
    expect_invalid([&] { postprocess(video.input(), config); }, {"video_scores[0]", "[0, 1]"});
  }
}

TEST(InputErrors, TheHorizonGateNeedsARawCasOfTheRightShape) {
  PostprocessConfig config = plain_config({0.5});
  config.gate = Gate::kHorizon;
  config.horizon = 2.0;
  const Video video{{1.0f}};
  VideoInput input = video.input();
  expect_invalid([&] { postprocess(input, config); }, {"raw_cas is None"});
  const std::vector<float> raw = {1.0f};
  input.raw_cas = {raw.data(), 1, 1, 1};  // no background column
  expect_invalid([&] { postprocess(input, config); }, {"raw_cas", "(1, 1)", "(1, 2)"});
}

TEST(InputErrors, FixedRangesMustFitTheClasses) {
  PostprocessConfig config = plain_config({0.5});
  config.fixed_lo = {0.0, 0.0};
  config.fixed_hi = {1.0, 1.0};
  const Video video{{1.0f, 1.0f, 1.0f}, 3};
  expect_invalid([&] { postprocess(video.input(), config); }, {"fixed_lo has 2", "(3)"});
}

}  // namespace
}  // namespace basnet_rt
