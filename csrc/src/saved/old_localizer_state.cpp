#include "saved/old_localizer_state.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "basnet_rt/error.h"
#include "saved/crc32.h"
#include "saved/old_network_state.h"
#include "saved/small_json.h"

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

std::int64_t count(const JsonValue& value) {
  const double number = value.as_number();
  return number >= 0.0 && number < 1e15 ? static_cast<std::int64_t>(number) : -1;
}

StreamStatistics statistics_of(const JsonValue& did) {
  StreamStatistics statistics;
  statistics.snippets_in = count(did.at("snippets_in"));
  statistics.finals_out = count(did.at("finals_out"));
  statistics.pushes = count(did.at("pushes"));
  statistics.features_zeroed = count(did.at("features_zeroed"));
  statistics.compute_seconds = did.at("compute_seconds").as_number();
  statistics.latency_sum = did.at("latency_sum").as_number();
  statistics.latency_max = did.at("latency_max").as_number();
  return statistics;
}

/// (thresholds, hold), or null.
std::optional<AlarmConfig> alarm_of(const JsonValue& value) {
  if (value.kind == JsonValue::Kind::kNull) return std::nullopt;
  AlarmConfig alarm{{}, value.as_list(2)[1].as_number()};
  for (const JsonValue& one : value.list[0].as_list()) alarm.thresholds.push_back(one.as_number());
  return alarm;
}

/// (label, name, time, decided, activation).
Onset onset_of(const JsonValue& value) {
  const std::vector<JsonValue>& fields = value.as_list(5);
  return {count(fields[0]), fields[2].as_number(), count(fields[3]),
          static_cast<float>(fields[4].as_number())};
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
  const JsonValue about = parse_json(parts[0]);
  LocalizerState state;
  for (const JsonValue& name : about.at("classes").as_list()) {
    state.classes.push_back(name.as_text());
  }
  state.alarm = alarm_of(about.at("alarm"));
  state.statistics = statistics_of(about.at("statistics"));
  for (const JsonValue& event : about.at("onset_events").as_list()) {
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
