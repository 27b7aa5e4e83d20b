#include "basnet_rt/bundle.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>
#include <utility>

#include "basnet_rt/error.h"
#include "torch/config_json.h"
#include "torch/zip_file.h"

// The rules are those of python/basnet_rt/model/bundle.py; tests hold the two together.

namespace basnet_rt {
namespace {

using nlohmann::json;

constexpr std::string_view kFormat = "basnet_rt.bundle";
constexpr std::int64_t kFormatVersion = 1;
constexpr std::string_view kMetadataEnding = "/extra/basnet_rt.json";

using Names = std::vector<std::string>;
const Names kDtypes = {"float32", "bfloat16"};
const Names kActivations = {"raw", "softmax", "sigmoid", "fused"};
const Names kScoreFunctions = {"softmax", "sigmoid"};

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorCode::kBundle, why); }

std::string joined(const Names& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// An absent field keeps its default. Each of these names field and value where it refuses.

void read_count(const json& fields, const char* name, std::int64_t& to) {
  const auto found = fields.find(name);
  if (found == fields.end()) return;
  const bool fits = found->is_number_unsigned()
                        ? found->get<std::uint64_t>() <= std::uint64_t{INT64_MAX}
                        : found->is_number_integer();
  if (!fits || found->get<std::int64_t>() < 1) {
    refuse(std::string(name) + ": expected an integer of at least 1, got " + to_text(*found));
  }
  to = found->get<std::int64_t>();
}

void read_text(const json& fields, const char* name, std::string& to) {
  const auto found = fields.find(name);
  if (found == fields.end()) return;
  if (!found->is_string()) refuse(std::string(name) + ": expected text, got " + to_text(*found));
  to = found->get<std::string>();
}

void read_choice(const json& fields, const char* name, const Names& allowed, std::string& to) {
  const auto found = fields.find(name);
  if (found == fields.end()) return;
  const bool known = found->is_string() && std::find(allowed.begin(), allowed.end(),
                                                     found->get<std::string>()) != allowed.end();
  if (!known) {
    refuse(std::string(name) + ": expected one of " + joined(allowed) + ", got " + to_text(*found));
  }
  to = found->get<std::string>();
}

void read_fps(const json& fields, double& to) {
  const auto found = fields.find("fps");
  if (found == fields.end()) return;
  if (!found->is_number() || !(found->get<double>() > 0) || std::isinf(found->get<double>())) {
    refuse("fps: expected a finite number above 0, got " + to_text(*found));
  }
  to = found->get<double>();
}

const json& object_of(const json& fields, const char* name) {
  static const json kEmpty = json::object();
  const auto found = fields.find(name);
  if (found == fields.end()) return kEmpty;
  if (!found->is_object()) {
    refuse(std::string(name) + ": expected a dictionary, got " + to_text(*found));
  }
  return *found;
}

void read_classes(const json& fields, Names& to) {
  const json& classes = fields.at("classes");
  if (!classes.is_array() || classes.empty()) {
    refuse("classes: expected one name or more, got " + to_text(classes));
  }
  std::set<std::string> seen;
  for (const json& name : classes) {
    if (!name.is_string() || name.get_ref<const std::string&>().empty()) {
      refuse("classes: every name must be non-empty text, got " + to_text(classes));
    }
    if (!seen.insert(name.get<std::string>()).second) {
      refuse("classes: named twice: " + to_text(name));
    }
    to.push_back(name.get<std::string>());
  }
}

std::vector<double> bounds(const json& calibration, const char* name, std::size_t num_classes) {
  const auto found = calibration.is_object() ? calibration.find(name) : calibration.end();
  if (!calibration.is_object() || found == calibration.end() || !found->is_array()) {
    refuse("calibration: expected {\"lo\": [...], \"hi\": [...]}, got " + to_text(calibration));
  }
  std::vector<double> values;
  for (const json& value : *found) {
    values.push_back(value.is_number() ? value.get<double>() : std::nan(""));
  }
  const auto finite = [](double value) { return std::isfinite(value); };
  if (values.size() != num_classes || !std::all_of(values.begin(), values.end(), finite)) {
    refuse("calibration." + std::string(name) + ": expected " + std::to_string(num_classes) +
           " finite numbers, one per class, got " + to_text(*found));
  }
  return values;
}

void read_calibration(const json& fields, BundleMetadata& metadata) {
  const auto found = fields.find("calibration");
  if (found == fields.end() || found->is_null()) return;
  Calibration range{bounds(*found, "lo", metadata.classes.size()),
                    bounds(*found, "hi", metadata.classes.size())};
  for (std::size_t c = 0; c < range.lo.size(); ++c) {
    if (!(range.hi[c] > range.lo[c])) {
      refuse("calibration of class " + std::to_string(c) + ": hi " + to_text(range.hi[c]) +
             " must be above lo " + to_text(range.lo[c]));
    }
  }
  metadata.calibration = std::move(range);
}

void read_postprocess(const json& fields, BundleMetadata& metadata) {
  PostprocessConfig& config = metadata.postprocess;
  config.score_function =
      metadata.score_function == "sigmoid" ? ScoreFunction::kSigmoid : ScoreFunction::kSoftmax;
  config.topk_divisor = metadata.topk_divisor;
  try {
    apply_fields(object_of(fields, "postprocess"), config);
    check(config);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kBundle) throw;
    refuse(std::string("post-processing settings: ") + error.what());
  }
}

void check_required(const json& fields) {
  Names absent;
  for (const char* name : {"activation", "classes", "dtype", "feature_dim"}) {
    if (!fields.contains(name)) absent.emplace_back(name);
  }
  if (!absent.empty()) refuse("the metadata lacks " + joined(absent));
}

BundleMetadata from_fields(const json& fields) {
  check_required(fields);
  BundleMetadata metadata;
  read_classes(fields, metadata.classes);
  read_count(fields, "feature_dim", metadata.feature_dim);
  read_count(fields, "snippet_frames", metadata.snippet_frames);
  read_count(fields, "snippet_stride", metadata.snippet_stride);
  read_count(fields, "topk_divisor", metadata.topk_divisor);
  if (const auto found = fields.find("num_segments"); found != fields.end() && !found->is_null()) {
    read_count(fields, "num_segments", metadata.num_segments.emplace());
  }
  read_choice(fields, "dtype", kDtypes, metadata.dtype);
  read_choice(fields, "activation", kActivations, metadata.activation);
  read_choice(fields, "score_function", kScoreFunctions, metadata.score_function);
  read_text(fields, "feature_extractor", metadata.feature_extractor);
  read_text(fields, "modality", metadata.modality);
  read_fps(fields, metadata.fps);
  object_of(fields, "versions");
  const json& provenance = object_of(fields, "provenance");
  const auto simulated = provenance.find("simulated");
  metadata.simulated = simulated != provenance.end() && *simulated == json(true);
  read_calibration(fields, metadata);
  read_postprocess(fields, metadata);
  return metadata;
}

// The JSON text among the archive's files.
std::string metadata_text(std::istream& file, const std::string& path) {
  zip::Reader archive(file);
  for (const zip::Entry& entry : archive.entries()) {
    const std::string_view name = entry.name;
    const std::size_t ending = std::min(name.size(), kMetadataEnding.size());
    if (name.substr(name.size() - ending) == kMetadataEnding) return archive.read(entry);
  }
  refuse(path + ": a zip archive without basnet_rt.json; expected a bundle");
}

}  // namespace

BundleMetadata parse_metadata(std::string_view text, const std::string& where) {
  json fields;
  try {
    fields = json::parse(text);
  } catch (const json::exception& error) {
    refuse(where + ": the metadata is not JSON: " + error.what());
  }
  if (!fields.is_object() || fields.value("format", json()) != kFormat) {
    refuse(where + ": expected metadata with \"format\": \"" + std::string(kFormat) + "\"");
  }
  const json version = fields.value("format_version", json());
  if (version != kFormatVersion) {
    refuse(where + ": bundle format version " + to_text(version) + "; this program reads " +
           std::to_string(kFormatVersion));
  }
  try {
    BundleMetadata metadata = from_fields(fields);
    metadata.json = text;
    return metadata;
  } catch (const Error& error) {
    refuse(where + ": " + error.what());
  }
}

BundleMetadata read_metadata(const std::string& path) {
  std::error_code ignored;
  std::ifstream file(path, std::ios::binary);
  if (!file || !std::filesystem::is_regular_file(path, ignored)) {
    refuse(path + ": no such file; expected a bundle from `basnet-train export`");
  }
  try {
    return parse_metadata(metadata_text(file, path), path);
  } catch (const zip::BadZip& error) {
    refuse(path + ": truncated, or not a TorchScript file: " + error.what());
  }
}

PostprocessConfig streaming_config(const BundleMetadata& metadata) {
  PostprocessConfig config = metadata.postprocess;
  if (config.mode == Mode::kPublished) {  // settings of one mode say nothing about the other
    config = PostprocessConfig{};
    config.score_function = metadata.postprocess.score_function;
    config.topk_divisor = metadata.postprocess.topk_divisor;
  }
  config.gate = Gate::kNone;
  if (config.normalisation == Normalisation::kFixed) return config;
  config.normalisation = Normalisation::kFixed;
  if (metadata.calibration) {
    config.fixed_lo = metadata.calibration->lo;
    config.fixed_hi = metadata.calibration->hi;
  } else if (metadata.activation == "raw") {
    throw Error(ErrorCode::kInvalidArgument,
                "normalisation \"fixed\" needs a range, and this bundle was not calibrated; give "
                "fixed_lo and fixed_hi, or run `basnet-train calibrate`");
  }
  return config;
}

}  // namespace basnet_rt
