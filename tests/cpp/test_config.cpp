// Every setting that can be judged alone is judged by `check`, and the message names the field.

#include <functional>
#include <limits>

#include "support.h"

namespace basnet_rt {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

struct BadSetting {
  std::string field;  // what the message must name
  std::function<void(PostprocessConfig&)> spoil;
};

std::ostream& operator<<(std::ostream& out, const BadSetting& bad) { return out << bad.field; }

class BadSettings : public ::testing::TestWithParam<BadSetting> {};

TEST_P(BadSettings, AreRefusedByName) {
  PostprocessConfig config;
  GetParam().spoil(config);
  testing::expect_invalid([&] { check(config); }, {GetParam().field});
}

using Config = PostprocessConfig;

INSTANTIATE_TEST_SUITE_P(
    OutOfRange, BadSettings,
    ::testing::Values(
        BadSetting{"class_threshold is nan", [](Config& c) { c.class_threshold = kNan; }},
        BadSetting{"class_threshold is 1.5", [](Config& c) { c.class_threshold = 1.5; }},
        BadSetting{"cas_thresholds is empty", [](Config& c) { c.cas_thresholds.clear(); }},
        BadSetting{"cas_thresholds[1]", [](Config& c) { c.cas_thresholds = {0.1, 0.1}; }},
        BadSetting{"cas_thresholds[0]", [](Config& c) { c.cas_thresholds = {-0.1}; }},
        BadSetting{"cas_thresholds[1] is nan", [](Config& c) { c.cas_thresholds = {0, kNan}; }},
        BadSetting{"upsample is 0", [](Config& c) { c.upsample = 0; }},
        BadSetting{"outer_ratio is inf", [](Config& c) { c.outer_ratio = kInf; }},
        BadSetting{"score_weight is -1", [](Config& c) { c.score_weight = -1; }},
        BadSetting{"nms_iou is 0", [](Config& c) { c.nms_iou = 0.0; }},
        BadSetting{"nms_iou is nan", [](Config& c) { c.nms_iou = kNan; }},
        BadSetting{"soft_sigma is 0", [](Config& c) { c.soft_sigma = 0.0; }},
        BadSetting{"soft_min_score is nan", [](Config& c) { c.soft_min_score = kNan; }},
        BadSetting{"fixed_lo", [](Config& c) { c.fixed_lo = {1.0}; }},
        BadSetting{"fixed_hi", [](Config& c) { c.fixed_hi.clear(); }},
        BadSetting{"fixed_lo has 2",
                   [](Config& c) { c.fixed_lo = {0, 0}, c.fixed_hi = {1, 1, 1}; }},
        BadSetting{"class 1", [](Config& c) { c.fixed_lo = {0, 2}; }},
        BadSetting{"horizon is 0", [](Config& c) { c.horizon = 0.0; }},
        BadSetting{"horizon is None", [](Config& c) { c.gate = Gate::kHorizon; }},
        BadSetting{"horizon is None", [](Config& c) { c.normalisation = Normalisation::kHorizon; }},
        BadSetting{"min_duration is inf", [](Config& c) { c.min_duration = kInf; }},
        BadSetting{"merge_gap is -2", [](Config& c) { c.merge_gap = -2.0; }},
        BadSetting{"max_duration is 0", [](Config& c) { c.max_duration = 0.0; }},
        BadSetting{"max_lookahead is -1", [](Config& c) { c.max_lookahead = -1.0; }}));

// A setting the released code never had would be ignored silently; it must be an error instead.
INSTANTIATE_TEST_SUITE_P(
    NotInPublished, BadSettings,
    ::testing::Values(
        BadSetting{"normalisation",
                   [](Config& c) {
                     c = Config::published();
                     c.normalisation = Normalisation::kFixed;
                   }},
        BadSetting{"gate", [](Config& c) { c = Config::published(), c.gate = Gate::kNone; }},
        BadSetting{"merge_gap", [](Config& c) { c = Config::published(), c.merge_gap = 1; }},
        BadSetting{"keep_top1", [](Config& c) { c = Config::published(), c.keep_top1 = true; }}));

TEST(Config, DefaultsAndLimitsOfTheRangesPass) {
  PostprocessConfig config;
  check(config);
  config.class_threshold = 1.0;
  config.nms_iou = 1.0;
  config.cas_thresholds = {0.0};
  config.max_lookahead = 0.0;
  config.fixed_lo = {0.0, -3.0};
  check(config);
}

}  // namespace
}  // namespace basnet_rt
