#include "torch/stream/streaming_state.h"

#include <array>
#include <cstring>
#include <nlohmann/json.hpp>

#include "basnet_rt/error.h"
#include "torch/bundle/zip_file.h"

namespace basnet_rt {
namespace {

using nlohmann::json;

constexpr std::string_view kMagic = "BRSL";
constexpr std::uint32_t kVersion = 2;

struct Header {
  std::uint32_t version;
  std::uint32_t crc;
  std::uint64_t sizes[4];
};
constexpr std::size_t kHeaderSize = 4 + 40;
static_assert(sizeof(Header) == kHeaderSize - 4, "the header has no padding");

[[noreturn]] void refuse(const std::string& why) {
  throw Error(ErrorCode::kInvalidState, "state " + why);
}

json alarm_to_json(const std::optional<AlarmConfig>& alarm) {
  if (!alarm) return nullptr;
  return json::array({alarm->thresholds, alarm->hold});
}

std::string about_to_text(const StreamAbout& about, const std::vector<std::string>& classes) {
  const StreamStatistics& did = about.statistics;
  json events = json::array();
  for (const Onset& onset : about.onset_events) {
    events.push_back({onset.label, classes.at(static_cast<std::size_t>(onset.label)), onset.time,
                      onset.decided, static_cast<double>(onset.activation)});
  }
  const json fields = {{"statistics",
                        {{"snippets_in", did.snippets_in},
                         {"finals_out", did.finals_out},
                         {"compute_seconds", did.compute_seconds},
                         {"latency_sum", did.latency_sum},
                         {"latency_max", did.latency_max},
                         {"features_zeroed", did.features_zeroed},
                         {"pushes", did.pushes}}},
                       {"classes", about.classes},
                       {"alarm", alarm_to_json(about.alarm)},
                       {"onset_events", events}};
  return fields.dump();
}

StreamAbout about_from(const json& fields) {
  StreamAbout about;
  const json& did = fields.at("statistics");
  did.at("snippets_in").get_to(about.statistics.snippets_in);
  did.at("finals_out").get_to(about.statistics.finals_out);
  did.at("pushes").get_to(about.statistics.pushes);
  did.at("features_zeroed").get_to(about.statistics.features_zeroed);
  did.at("compute_seconds").get_to(about.statistics.compute_seconds);
  did.at("latency_sum").get_to(about.statistics.latency_sum);
  did.at("latency_max").get_to(about.statistics.latency_max);
  fields.at("classes").get_to(about.classes);
  if (const json& alarm = fields.at("alarm"); !alarm.is_null()) {
    about.alarm = AlarmConfig{alarm.at(0).get<std::vector<double>>(), alarm.at(1).get<double>()};
  }
  for (const json& event : fields.at("onset_events")) {
    about.onset_events.push_back({event.at(0).get<std::int64_t>(), event.at(2).get<double>(),
                                  event.at(3).get<std::int64_t>(), event.at(4).get<float>()});
  }
  return about;
}

}  // namespace

std::string seal(const StreamParts& parts) {
  const std::array<std::string, 4> contents = {about_to_text(parts.about, parts.about.classes),
                                               parts.network, parts.post, parts.onsets};
  Header header{kVersion, 0, {}};
  std::string payload;
  for (std::size_t i = 0; i < contents.size(); ++i) {
    header.sizes[i] = contents[i].size();
    payload += contents[i];
  }
  header.crc = zip::crc32(payload);
  std::string bytes(kMagic);
  bytes.append(reinterpret_cast<const char*>(&header), sizeof header);
  return bytes + payload;
}

StreamParts unseal(std::string_view state) {
  if (state.size() < kHeaderSize || state.substr(0, kMagic.size()) != kMagic) {
    refuse("is not the saved state of a StreamingLocalizer");
  }
  Header header{};
  std::memcpy(&header, state.data() + kMagic.size(), sizeof header);
  if (header.version != kVersion) {
    refuse("has version " + std::to_string(header.version) + "; this program reads " +
           std::to_string(kVersion));
  }
  std::string_view payload = state.substr(kHeaderSize);
  std::uint64_t left = payload.size();
  bool fits = true;
  for (const std::uint64_t size : header.sizes) {
    fits = fits && size <= left;
    left -= fits ? size : 0;
  }
  if (!fits || left != 0 || zip::crc32(payload) != header.crc) {
    refuse("is damaged or truncated: its checksum does not match");
  }
  std::array<std::string, 4> contents;
  for (std::size_t i = 0; i < contents.size(); ++i) {
    contents[i] = payload.substr(0, header.sizes[i]);
    payload.remove_prefix(header.sizes[i]);
  }
  try {
    return {about_from(json::parse(contents[0])), contents[1], contents[2], contents[3]};
  } catch (const json::exception& error) {
    refuse("is not the saved state of a StreamingLocalizer: " + std::string(error.what()));
  }
}

}  // namespace basnet_rt
