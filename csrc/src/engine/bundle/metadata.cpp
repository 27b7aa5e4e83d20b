#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "basnet_rt/bundle.h"
#include "basnet_rt/error.h"
#include "engine/bundle/extractor_record.h"
#include "engine/bundle/settings_json.h"
#include "json/reader.h"
#include "json/writer.h"

// Python's BundleMetadata is checked here too.

namespace basnet_rt {
namespace {

using json::Kind;
using json::shown;
using json::Value;

constexpr const char* kFormat = "basnet_rt.bundle";
constexpr std::int64_t kFormatVersion = 1;
// A video is resampled to so many snippets, in memory; released settings have 750.
constexpr std::int64_t kMostSegments = 20000;

using Names = std::vector<std::string>;
const Names kDtypes = {"float32", "bfloat16", "int8"};
const Names kActivations = {"raw", "softmax", "sigmoid", "fused"};
const Names kScoreFunctions = {"softmax", "sigmoid"};

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorCode::kBundle, why); }

std::string joined(const Names& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// An absent field keeps its default. The errors of these functions name the field and its value.

void read_count(const Value& fields, const char* name, std::int64_t& to) {
  const Value* const found = fields.find(name);
  if (found == nullptr) return;
  if (!found->integer || *found->integer < 1) {
    refuse(std::string(name) + ": expected an integer of at least 1, got " + shown(*found));
  }
  to = *found->integer;
}

void read_text(const Value& fields, const char* name, std::string& to) {
  const Value* const found = fields.find(name);
  if (found == nullptr) return;
  if (!found->is(Kind::kString)) {
    refuse(std::string(name) + ": expected text, got " + shown(*found));
  }
  to = found->text;
}

void read_choice(const Value& fields, const char* name, const Names& allowed, std::string& to) {
  const Value* const found = fields.find(name);
  if (found == nullptr) return;
  const bool known = found->is(Kind::kString) &&
                     std::find(allowed.begin(), allowed.end(), found->text) != allowed.end();
  if (!known) {
    refuse(std::string(name) + ": expected one of " + joined(allowed) + ", got " + shown(*found));
  }
  to = found->text;
}

void read_fps(const Value& fields, double& to) {
  const Value* const found = fields.find("fps");
  if (found == nullptr) return;
  if (!found->is(Kind::kNumber) || !(found->number > 0)) {
    refuse("fps: expected a finite number above 0, got " + shown(*found));
  }
  to = found->number;
}

void read_background(const Value& fields, BundleMetadata& metadata) {
  const Value* const found = fields.find("background_logit");
  if (found == nullptr || found->is(Kind::kNull)) return;
  if (!found->is(Kind::kNumber)) {
    refuse("background_logit: expected a number or null, got " + shown(*found));
  }
  metadata.background_logit = found->number;
}

const Value& object_of(const Value& fields, const char* name) {
  static const Value kEmpty = json::read("{}");
  const Value* const found = fields.find(name);
  if (found == nullptr) return kEmpty;
  if (!found->is(Kind::kObject)) {
    refuse(std::string(name) + ": expected a dictionary, got " + shown(*found));
  }
  return *found;
}

void read_classes(const Value& fields, Names& to) {
  const Value& classes = *fields.find("classes");
  if (!classes.is(Kind::kArray) || classes.items.empty()) {
    refuse("classes: expected one name or more, got " + shown(classes));
  }
  for (const Value& name : classes.items) {
    if (!name.is(Kind::kString) || name.text.empty()) {
      refuse("classes: every name must be non-empty text, got " + shown(classes));
    }
    to.push_back(name.text);
  }
  Names sorted = to;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) refuse("classes: named twice: ['" + *twice + "']");
}

std::vector<double> bounds(const Value& calibration, const char* name, std::size_t num_classes) {
  const Value* const found = calibration.find(name);
  if (found == nullptr || !found->is(Kind::kArray)) {
    refuse("calibration: expected {\"lo\": [...], \"hi\": [...]}, got " + shown(calibration));
  }
  std::vector<double> values;
  for (const Value& value : found->items) {
    if (value.is(Kind::kNumber)) values.push_back(value.number);
  }
  if (values.size() != num_classes || values.size() != found->items.size()) {
    refuse("calibration." + std::string(name) + ": expected " + std::to_string(num_classes) +
           " finite numbers, one per class, got " + shown(*found));
  }
  return values;
}

void read_calibration(const Value& fields, BundleMetadata& metadata) {
  const Value* const found = fields.find("calibration");
  if (found == nullptr || found->is(Kind::kNull)) return;
  Calibration range{bounds(*found, "lo", metadata.classes.size()),
                    bounds(*found, "hi", metadata.classes.size())};
  for (std::size_t c = 0; c < range.lo.size(); ++c) {
    if (!(range.hi[c] > range.lo[c])) {
      refuse("calibration of class " + std::to_string(c) + ": hi " +
             found->find("hi")->items[c].text + " must be above lo " +
             found->find("lo")->items[c].text);
    }
  }
  metadata.calibration = std::move(range);
}

// `score_function` and `topk_divisor` are stored beside `postprocess`; files before 0.2 have them
// in both places.
void read_postprocess(const Value& fields, BundleMetadata& metadata) {
  PostprocessConfig& config = metadata.postprocess;
  config.score_function =
      metadata.score_function == "sigmoid" ? ScoreFunction::kSigmoid : ScoreFunction::kSoftmax;
  config.topk_divisor = metadata.topk_divisor;
  const Value& settings = object_of(fields, "postprocess");
  try {
    bundle::apply_fields(settings, config);
    check(config);
  } catch (const Error& error) {
    refuse(std::string("post-processing settings: ") + error.what());
  }
}

void check_required(const Value& fields) {
  Names absent;
  for (const char* name : {"activation", "classes", "dtype", "feature_dim"}) {
    if (fields.find(name) == nullptr) absent.emplace_back(name);
  }
  if (!absent.empty()) refuse("the metadata lacks " + joined(absent));
}

BundleMetadata from_fields(const Value& fields) {
  check_required(fields);
  BundleMetadata metadata;
  read_classes(fields, metadata.classes);
  read_count(fields, "feature_dim", metadata.feature_dim);
  read_count(fields, "snippet_frames", metadata.snippet_frames);
  read_count(fields, "snippet_stride", metadata.snippet_stride);
  read_count(fields, "topk_divisor", metadata.topk_divisor);
  if (const Value* found = fields.find("num_segments");
      found != nullptr && !found->is(Kind::kNull)) {
    read_count(fields, "num_segments", metadata.num_segments.emplace());
    if (*metadata.num_segments > kMostSegments) {
      refuse("num_segments: expected at most " + std::to_string(kMostSegments) + ", got " +
             shown(*found));
    }
  }
  read_choice(fields, "dtype", kDtypes, metadata.dtype);
  read_choice(fields, "activation", kActivations, metadata.activation);
  read_choice(fields, "score_function", kScoreFunctions, metadata.score_function);
  read_text(fields, "feature_extractor", metadata.feature_extractor);
  read_text(fields, "modality", metadata.modality);
  read_fps(fields, metadata.fps);
  read_background(fields, metadata);
  object_of(fields, "versions");
  const Value* const simulated = object_of(fields, "provenance").find("simulated");
  metadata.simulated = simulated != nullptr && simulated->truth;
  read_calibration(fields, metadata);
  read_postprocess(fields, metadata);
  bundle::check_extractor(fields, metadata);
  return metadata;
}

Value json_of(std::string_view text, const std::string& where) {
  try {
    return json::read(text);
  } catch (const json::BadJson& error) {
    refuse(where + ": the metadata is not JSON: " + error.what());
  }
}

}  // namespace

BundleMetadata parse_metadata(std::string_view text, const std::string& where) {
  const Value fields = json_of(text, where);
  const Value* const format = fields.find("format");
  if (format == nullptr || !format->is(Kind::kString) || format->text != kFormat) {
    refuse(where + ": expected metadata with \"format\": \"" + kFormat + "\"");
  }
  const Value* const version = fields.find("format_version");
  if (version == nullptr || version->integer != kFormatVersion) {
    refuse(where + ": bundle format version " + (version == nullptr ? "null" : shown(*version)) +
           "; this program reads " + std::to_string(kFormatVersion));
  }
  try {
    BundleMetadata metadata = from_fields(fields);
    metadata.json = text;
    return metadata;
  } catch (const Error& error) {
    refuse(where + ": " + error.what());
  }
}

}  // namespace basnet_rt
