#include "engine/bundle/extractor_record.h"

#include <array>
#include <string>
#include <string_view>

#include "basnet_rt/error.h"
#include "json/writer.h"

// The fields of Python's ExtractorSpec and FrameFormat.

namespace basnet_rt::bundle {
namespace {

using json::Kind;
using json::Value;

constexpr std::int64_t kMostPixels = 16384;
constexpr std::array<std::string_view, 4> kCounts = {"version", "feature_dim", "snippet_frames",
                                                     "snippet_stride"};

[[noreturn]] void refuse(const std::string& why) {
  throw Error(ErrorCode::kBundle, "extractor: not a record of one: " + why);
}

const Value& member(const Value& record, std::string_view name, Kind kind, const char* expected) {
  const Value* const found = record.find(name);
  if (found == nullptr) refuse("it lacks " + std::string(name));
  if (!found->is(kind)) {
    refuse(std::string(name) + ": expected " + expected + ", got " + json::shown(*found));
  }
  return *found;
}

template <std::size_t N>
void check_names(const Value& record, const std::array<std::string_view, N>& known) {
  for (const json::Member& one : record.members) {
    bool found = false;
    for (const std::string_view name : known) found = found || name == one.name;
    if (!found) refuse(json::quoted(one.name.substr(0, 100)) + " is no field of it");
  }
}

/// A side's length, or absent.
bool has_side(const Value& frames, std::string_view name) {
  const Value* const found = frames.find(name);
  if (found == nullptr || found->is(Kind::kNull)) return false;
  if (!found->integer || *found->integer < 1 || *found->integer > kMostPixels) {
    refuse(std::string(name) + ": expected 1 .. " + std::to_string(kMostPixels) + " pixels, got " +
           json::shown(*found));
  }
  return true;
}

void check_frames(const Value& frames) {
  check_names(frames, std::array<std::string_view, 4>{"pixels", "width", "height", "short_side"});
  const Value* const pixels = frames.find("pixels");
  if (pixels != nullptr &&
      (!pixels->is(Kind::kString) || (pixels->text != "rgb" && pixels->text != "gray"))) {
    refuse("pixels: expected 'rgb' or 'gray', got " + json::shown(*pixels));
  }
  const bool width = has_side(frames, "width"), height = has_side(frames, "height");
  if (width != height) refuse("width and height: give both, or neither");
  if (has_side(frames, "short_side") && width) {
    refuse("short_side: not together with width and height");
  }
}

void check_record(const Value& record);

/// The parts of a joined extractor: records, whose channels are concatenated.
void check_parts(const Value& record) {
  if (record.find("parts") == nullptr) return;
  const Value& parts = member(record, "parts", Kind::kArray, "a list of records");
  std::int64_t channels = 0;
  for (const Value& part : parts.items) {
    check_record(part);
    channels += *part.find("feature_dim")->integer;
  }
  if (!parts.items.empty() && channels != *record.find("feature_dim")->integer) {
    refuse("feature_dim: " + json::shown(*record.find("feature_dim")) + ", but its parts have " +
           std::to_string(channels));
  }
}

void check_record(const Value& record) {
  if (!record.is(Kind::kObject)) {
    throw Error(ErrorCode::kBundle, "extractor: expected a dictionary, got " + json::shown(record));
  }
  check_names(record, std::array<std::string_view, 9>{"name", "version", "feature_dim", "fps",
                                                      "snippet_frames", "snippet_stride", "frames",
                                                      "settings", "parts"});
  member(record, "name", Kind::kString, "text");
  for (const std::string_view name : kCounts) {
    const Value& value = member(record, name, Kind::kNumber, "an integer of at least 1");
    if (!value.integer || *value.integer < 1) {
      refuse(std::string(name) + ": expected at least 1, got " + json::shown(value));
    }
  }
  if (!(member(record, "fps", Kind::kNumber, "a number").number > 0)) {
    refuse("fps: expected a finite number above 0, got " + json::shown(*record.find("fps")));
  }
  check_frames(member(record, "frames", Kind::kObject, "a dictionary"));
  if (record.find("settings") != nullptr) {
    member(record, "settings", Kind::kObject, "a dictionary");
  }
  check_parts(record);
}

}  // namespace

void check_extractor(const Value& fields, const BundleMetadata& metadata) {
  const Value* const record = fields.find("extractor");
  if (record == nullptr || record->is(Kind::kNull)) return;
  check_record(*record);
  const auto expect = [&](const char* name, bool equal, const std::string& ours) {
    if (equal) return;
    throw Error(ErrorCode::kBundle, std::string(name) + ": " + ours +
                                        ", but the extractor's record says " +
                                        json::shown(*record->find(name)));
  };
  const auto expect_count = [&](const char* name, std::int64_t ours) {
    expect(name, record->find(name)->integer == ours, std::to_string(ours));
  };
  expect_count("feature_dim", metadata.feature_dim);
  expect_count("snippet_frames", metadata.snippet_frames);
  expect_count("snippet_stride", metadata.snippet_stride);
  const Value* const fps = fields.find("fps");
  expect("fps", record->find("fps")->number == metadata.fps, fps == nullptr ? "25" : fps->text);
}

}  // namespace basnet_rt::bundle
