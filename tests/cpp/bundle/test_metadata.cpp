#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "basnet_rt/bundle.h"
#include "basnet_rt/error.h"
#include "support.h"

namespace basnet_rt {
namespace {

/// Metadata of two classes with `fields` in place of, or beside, its own.
std::string text(const std::string& fields = "\"modality\": \"rgb\"") {
  std::string text = R"({"format": "basnet_rt.bundle", "format_version": 1)";
  const std::vector<std::pair<std::string, std::string>> own = {{"classes", R"(["a", "b"])"},
                                                                {"feature_dim", "4"},
                                                                {"dtype", "\"float32\""},
                                                                {"activation", "\"raw\""}};
  for (const auto& [name, value] : own) {
    if (fields.find("\"" + name + "\"") == std::string::npos)
      text += ", \"" + name + "\": " + value;
  }
  return text + ", " + fields + "}";
}

void expect_refused(const std::string& json, const std::vector<std::string>& parts) {
  testing::expect_error([&] { parse_metadata(json, "m.pt"); }, ErrorCode::kBundle, parts);
}

TEST(Bundle, ReadsEveryField) {
  const BundleMetadata found = parse_metadata(
      text(R"("fps": 30, "snippet_frames": 8, "snippet_stride": 12, "num_segments": 750,
              "topk_divisor": 4, "score_function": "sigmoid", "feature_extractor": "I3D",
              "calibration": {"lo": [0, -1], "hi": [1, 2.5]}, "somebody_elses": 1,
              "postprocess": {"gate": "none", "cas_thresholds": 0.5, "max_duration": 60},
              "provenance": {"simulated": true})"),
      "m.pt");
  EXPECT_EQ(found.classes, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(found.feature_dim, 4);
  EXPECT_DOUBLE_EQ(found.snippet_seconds(), 0.4);
  EXPECT_EQ(found.snippet_frames, 8);
  EXPECT_EQ(found.num_segments, 750);
  EXPECT_EQ(found.calibration->hi, (std::vector<double>{1.0, 2.5}));
  EXPECT_EQ(found.postprocess.gate, Gate::kNone);
  EXPECT_EQ(found.postprocess.cas_thresholds, std::vector<double>{0.5});
  EXPECT_EQ(found.postprocess.max_duration, 60.0);
  EXPECT_EQ(found.postprocess.score_function, ScoreFunction::kSigmoid);  // the network's
  EXPECT_EQ(found.postprocess.topk_divisor, 4);
  EXPECT_TRUE(found.simulated);
  EXPECT_NE(found.json.find("somebody_elses"), std::string::npos);
}

TEST(Bundle, AbsentFieldsHaveTheDefaultsOfTheFormat) {
  const BundleMetadata found = parse_metadata(text(), "m.pt");
  EXPECT_DOUBLE_EQ(found.snippet_seconds(), 0.64);
  EXPECT_FALSE(found.num_segments.has_value());
  EXPECT_FALSE(found.calibration.has_value());
  EXPECT_EQ(found.score_function, "softmax");
  EXPECT_FALSE(found.simulated);
}

TEST(Bundle, RefusesWhatIsNoMetadata) {
  expect_refused("{", {"m.pt", "not JSON"});
  expect_refused("[1]", {"m.pt", "expected metadata"});
  expect_refused(R"({"format": "another"})", {"basnet_rt.bundle"});
  expect_refused(R"({"format": "basnet_rt.bundle", "format_version": 2})",
                 {"version 2", "reads 1"});
  expect_refused(R"({"format": "basnet_rt.bundle", "format_version": 1, "dtype": "float32"})",
                 {"lacks activation, classes, feature_dim"});
}

TEST(Bundle, RefusesEveryImpossibleValueByName) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"("classes": [])", "classes"},
      {R"("classes": "ab")", "classes"},
      {R"("classes": ["a", ""])", "classes"},
      {R"("classes": ["a", "a"])", "named twice"},
      {R"("feature_dim": 0)", "feature_dim"},
      {R"("feature_dim": 2.5)", "feature_dim"},
      {R"("feature_dim": true)", "feature_dim"},
      {R"("feature_dim": 18446744073709551615)", "feature_dim"},
      {R"("snippet_stride": -1)", "snippet_stride"},
      {R"("num_segments": 0)", "num_segments"},
      {R"("num_segments": 20001)", "at most 20000"},
      {R"("dtype": "float16")", "float32, bfloat16"},
      {R"("activation": 3)", "raw, softmax, sigmoid, fused"},
      {R"("score_function": "raw")", "softmax, sigmoid"},
      {R"("modality": 1)", "modality"},
      {R"("fps": 0)", "fps"},
      {R"("fps": "25")", "fps"},
      {R"("versions": [])", "versions"},
      {R"("calibration": {"lo": [0, 0]})", "calibration"},
      {R"("calibration": {"lo": [0], "hi": [1]})", "one per class"},
      {R"("calibration": {"lo": [0, "x"], "hi": [1, 1]})", "calibration.lo"},
      {R"("calibration": {"lo": [0, 1], "hi": [1, 1]})", "class 1"},
      {R"("postprocess": {"gates": "none"})", "gates"},
      {R"("postprocess": {"gate": "door"})", "door"},
      {R"("postprocess": {"nms_iou": 0})", "nms_iou"},
      {R"("postprocess": {"upsample": 2.5})", "upsample"},
  };
  for (const auto& [fields, part] : cases) expect_refused(text(fields), {"m.pt", part});
}

TEST(Bundle, RefusesWhatTwoReadersWouldReadDifferently) {
  expect_refused(text(R"("modality": "rgb", "modality": "flow")"), {"m.pt", "modality", "twice"});
  expect_refused(text(R"("provenance": {"seed": 1, "seed": 2})"), {"provenance", "seed", "twice"});
  expect_refused(text(R"("fps": NaN)"), {"fps", "NaN"});
  expect_refused(text(R"("fps": 1)" + std::string(400, '0')), {"fps", "401 characters"});
  expect_refused(text(R"("provenance": {"loss": -Infinity})"), {"provenance.loss", "Infinity"});
  std::string wide;  // UTF-16
  for (const char letter : text()) wide += {letter, '\0'};
  expect_refused(wide, {"not JSON"});
  expect_refused("\xEF\xBB\xBF" + text(), {"byte order mark"});
}

std::string with_record(const std::string& frames, const std::string& more = "") {
  return text(R"("feature_dim": 4, "extractor": {"name": "motion", "version": 1, "fps": 25.0,
    "feature_dim": 4, "snippet_frames": 16, "snippet_stride": 16, "frames": )" +
              frames + more + "}");
}

TEST(Bundle, JudgesTheExtractorsRecord) {
  parse_metadata(with_record(R"({"pixels": "gray", "width": 64, "height": 48})"), "m.pt");
  parse_metadata(with_record(R"({"short_side": 64, "width": null})", R"(, "settings": {})"),
                 "m.pt");
  parse_metadata(text(R"("extractor": null)"), "m.pt");
  expect_refused(text(R"("extractor": 3)"), {"m.pt", "extractor", "dictionary"});
  expect_refused(text(R"("extractor": {"name": "motion"})"), {"extractor", "lacks version"});
  expect_refused(with_record(R"({"width": 64})"), {"width and height"});
  expect_refused(with_record(R"({"width": 20000, "height": 1})"), {"16384", "20000"});
  expect_refused(with_record("{}", R"(, "door": 1)"), {"door"});
  const auto with_parts = [](int first, int second) {
    const auto part = [](int channels) {
      return R"({"name": "a", "version": 1, "fps": 25.0, "snippet_frames": 16,
        "snippet_stride": 16, "frames": {}, "feature_dim": )" +
             std::to_string(channels) + "}";
    };
    return with_record("{}", R"(, "parts": [)" + part(first) + ", " + part(second) + "]");
  };
  parse_metadata(with_parts(1, 3), "m.pt");
  expect_refused(with_parts(1, 4), {"feature_dim: 4, but its parts have 5"});
  expect_refused(with_record("{}", R"(, "parts": {})"), {"parts: expected a list"});
  expect_refused(with_record("{}", R"(, "parts": [{"name": "a"}])"), {"lacks version"});
  const std::string other =
      text(R"("feature_dim": 4, "fps": 30.0, "extractor": {"name": "motion", "version": 1,
    "feature_dim": 4, "fps": 25.0, "snippet_frames": 16, "snippet_stride": 16, "frames": {}})");
  expect_refused(other, {"fps: 30.0, but the extractor's record says 25.0"});
}

TEST(Config, ChangesTheFieldsGivenAndKeepsTheOthers) {
  PostprocessConfig base;
  base.nms_iou = 0.4;
  base.max_duration = 5.0;
  const PostprocessConfig found =
      parse_config(R"({"normalisation": "fixed", "fixed_hi": [2], "max_duration": null})", base);
  EXPECT_EQ(found.normalisation, Normalisation::kFixed);
  EXPECT_EQ(found.fixed_hi, std::vector<double>{2.0});
  EXPECT_EQ(found.max_duration, kUnlimited);
  EXPECT_EQ(found.nms_iou, 0.4);
}

TEST(Config, RefusesUnknownFieldsKindsAndValues) {
  testing::expect_invalid([] { parse_config("3"); }, {"JSON object"});
  testing::expect_invalid([] { parse_config("{"); }, {"not JSON"});
  testing::expect_invalid([] { parse_config(R"({"gatee": 1})"); }, {"gatee", "topk_divisor"});
  testing::expect_invalid([] { parse_config(R"({"nms_iou": 2})"); }, {"nms_iou", "2"});
  testing::expect_error([] { parse_config(R"({"keep_top1": 1})"); }, ErrorCode::kInvalidType,
                        {"keep_top1", "true or false"});
}

TEST(StreamingConfig, TakesTheBundlesOwnRangeThenItsCalibrationThenProbabilities) {
  BundleMetadata metadata = parse_metadata(text(), "m.pt");
  testing::expect_invalid([&] { streaming_config(metadata); }, {"calibrate"});
  metadata.calibration = Calibration{{-1.0, 0.0}, {2.0, 1.0}};
  EXPECT_EQ(streaming_config(metadata).fixed_lo, metadata.calibration->lo);
  EXPECT_EQ(streaming_config(metadata).gate, Gate::kNone);
  metadata.postprocess.normalisation = Normalisation::kFixed;
  EXPECT_EQ(streaming_config(metadata).fixed_lo, std::vector<double>{0.0});
  metadata = parse_metadata(text(R"("activation": "softmax", "topk_divisor": 5,
                                    "postprocess": {"mode": "published"})"),
                            "m.pt");
  EXPECT_EQ(streaming_config(metadata).mode, Mode::kContinuous);
  EXPECT_EQ(streaming_config(metadata).topk_divisor, 5);
}

}  // namespace
}  // namespace basnet_rt
