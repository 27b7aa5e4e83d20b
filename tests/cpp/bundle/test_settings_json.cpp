// Every field of the settings can be given in JSON, and changes that field alone. Catches a field
// that a bundle or a user's text cannot set. What each may hold is tested with `check`.

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "basnet_rt/bundle.h"
#include "basnet_rt/config_fields.h"

namespace basnet_rt {
namespace {

// Values that differ from the defaults; mode is tried on its own, as it restricts the others.
const std::map<std::string, std::string> kChanges = {
    {"class_threshold", "0.5"}, {"cas_thresholds", "[0.3, 0.6]"},
    {"upsample", "7"},          {"outer_ratio", "0.5"},
    {"score_weight", "0.75"},   {"nms_iou", "0.25"},
    {"nms", "\"linear\""},      {"soft_sigma", "0.125"},
    {"soft_min_score", "0.5"},  {"normalisation", "\"fixed\""},
    {"fixed_lo", "[0.25]"},     {"fixed_hi", "2.5"},
    {"gate", "\"none\""},       {"horizon", "12.5"},
    {"min_duration", "0.5"},    {"merge_gap", "1.5"},
    {"max_duration", "60"},     {"max_lookahead", "8"},
    {"keep_top1", "true"},      {"score_function", "\"sigmoid\""},
    {"topk_divisor", "3"},
};

TEST(ConfigJson, EveryFieldCanBeGivenAndChangesThatFieldAlone) {
  const PostprocessConfig plain;
  std::size_t count = 1;  // mode
  for_each_field([&](const auto& wanted) {
    const auto change = kChanges.find(wanted.name);
    if (change == kChanges.end()) return;
    ++count;
    const std::string text = "{\"" + change->first + "\": " + change->second + "}";
    const PostprocessConfig changed = parse_config(text, plain);
    for_each_field([&](const auto& field) {
      const bool same = changed.*field.member == plain.*field.member;
      EXPECT_EQ(same, std::string(field.name) != wanted.name) << text << " and " << field.name;
    });
  });
  std::size_t fields = 0;
  for_each_field([&](const auto&) { ++fields; });
  EXPECT_EQ(count, fields);
}

TEST(ConfigJson, AnotherModeBeginsWithItsOwnDefaults) {
  PostprocessConfig base;
  base.topk_divisor = 5;
  base.outer_ratio = 0.5;
  const auto changed = parse_config("{\"nms_iou\": 0.6, \"mode\": \"published\"}", base);
  EXPECT_EQ(changed.mode, Mode::kPublished);
  EXPECT_EQ(changed.cas_thresholds, PostprocessConfig::published().cas_thresholds);
  EXPECT_EQ(changed.nms, NmsKind::kHard);
  EXPECT_EQ(changed.outer_ratio, 0.25);
  EXPECT_EQ(changed.nms_iou, 0.6);
  EXPECT_EQ(changed.topk_divisor, 5);  // the model's
}

TEST(ConfigJson, NullIsNoLimitWhereThereMayBeNone) {
  PostprocessConfig limited;
  limited.max_duration = limited.max_lookahead = limited.horizon = 5.0;
  const PostprocessConfig freed =
      parse_config("{\"max_duration\": null, \"max_lookahead\": null, \"horizon\": null}", limited);
  EXPECT_EQ(freed.max_duration, kUnlimited);
  EXPECT_EQ(freed.max_lookahead, kUnlimited);
  EXPECT_EQ(freed.horizon, kUnlimited);
  EXPECT_THROW(parse_config("{\"merge_gap\": null}", {}), Error);
}

}  // namespace
}  // namespace basnet_rt
