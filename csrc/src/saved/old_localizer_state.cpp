#include "saved/old_localizer_state.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "basnet_rt/error.h"
#include "json/reader.h"
#include "saved/crc32.h"
#include "saved/old_network_state.h"

namespace basnet_rt {
namespace {

constexpr std::string_view kKind = "BRSL";
constexpr std::uint32_t kVersion = 2;

struct Header {
  std::uint32_t version;
  std::uint32_t crc;
  std::uint64_t sizes[4];  // description, network, post-processor, onsets
};
constexpr std::size_t kHeaderSize = 4 + 40;
static_assert(sizeof(Header) == kHeaderSize - 4, "the header has no padding");

std::array<std::string_view, 4> parts_of(std::string_view bytes) {
  Header header{};
  if (bytes.size() >= kHeaderSize) std::memcpy(&header, bytes.data() + 4, sizeof header);
  std::string_view payload = bytes.substr(std::min(kHeaderSize, bytes.size()));
  std::uint64_t left = payload.size();
  bool fits = bytes.size() >= kHeaderSize;
  for (const std::uint64_t size : header.sizes) {
    fits = fits && size <= left;
    left -= fits ? size : 0;
  }
  if (!fits || left != 0 || crc32(payload) != header.crc) {
    throw Error(ErrorCode::kInvalidState,
                "saved state is damaged or truncated: its checksum does not match");
  }
  std::array<std::string_view, 4> parts;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    parts[i] = payload.substr(0, header.sizes[i]);
    payload.remove_prefix(header.sizes[i]);
  }
  return parts;
}

[[noreturn]] void refuse_description(const std::string& why) {
  throw Error(ErrorCode::kInvalidState, "saved state is damaged: its description " + why);
}

const json::Value& member(const json::Value& object, const char* name) {
  const json::Value* found = object.find(name);
  if (found == nullptr) refuse_description("lacks " + std::string(name));
  return *found;
}

const json::Value& item(const json::Value& array, std::size_t place) {
  if (place >= array.items.size()) refuse_description("has a list that is too short");
  return array.items[place];
}

double number(const json::Value& value) {
  if (!value.is(json::Kind::kNumber)) refuse_description("has no number in place");
  return value.number;
}

std::int64_t count(const json::Value& value) {
  if (!value.integer) refuse_description("has no count in place");
  return *value.integer;
}

StreamStatistics statistics_of(const json::Value& did) {
  StreamStatistics statistics;
  statistics.snippets_in = count(member(did, "snippets_in"));
  statistics.finals_out = count(member(did, "finals_out"));
  statistics.pushes = count(member(did, "pushes"));
  statistics.features_zeroed = count(member(did, "features_zeroed"));
  statistics.compute_seconds = number(member(did, "compute_seconds"));
  statistics.latency_sum = number(member(did, "latency_sum"));
  statistics.latency_max = number(member(did, "latency_max"));
  return statistics;
}

/// (thresholds, hold), or null.
std::optional<AlarmConfig> alarm_of(const json::Value& value) {
  if (value.is(json::Kind::kNull)) return std::nullopt;
  AlarmConfig alarm{{}, number(item(value, 1))};
  for (const json::Value& one : item(value, 0).items) alarm.thresholds.push_back(number(one));
  return alarm;
}

/// (label, name, time, decided, activation).
Onset onset_of(const json::Value& value) {
  return {count(item(value, 0)), number(item(value, 2)), count(item(value, 3)),
          static_cast<float>(number(item(value, 4)))};
}

json::Value description(std::string_view text) {
  try {
    return json::read(text);
  } catch (const json::BadJson& error) {
    refuse_description(error.what());
  }
}

}  // namespace

bool is_old_localizer_state(std::string_view bytes) {
  std::uint32_t version = 0;
  if (bytes.size() < 8 || bytes.substr(0, 4) != kKind) return false;
  std::memcpy(&version, bytes.data() + 4, sizeof version);
  return version == kVersion;
}

LocalizerState read_old_localizer_state(std::string_view bytes) {
  const std::array<std::string_view, 4> parts = parts_of(bytes);
  const json::Value about = description(parts[0]);
  LocalizerState state;
  for (const json::Value& name : member(about, "classes").items) {
    state.classes.push_back(name.text);
  }
  state.alarm = alarm_of(member(about, "alarm"));
  state.statistics = statistics_of(member(about, "statistics"));
  for (const json::Value& event : member(about, "onset_events").items) {
    state.onset_events.push_back(onset_of(event));
  }
  state.network = parts[1];
  state.post = parts[2];
  state.onsets = parts[3];
  const OldNetworkState network = read_old_network_state(state.network);
  state.first = network.first_snippet;
  state.seen = network.state.seen;
  return state;
}

}  // namespace basnet_rt
