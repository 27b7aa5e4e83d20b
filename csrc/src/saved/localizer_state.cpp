#include "saved/localizer_state.h"

#include <algorithm>

#include "basnet_rt/error.h"
#include "saved/archive.h"
#include "saved/old_localizer_state.h"
#include "saved/stream_fields.h"

namespace basnet_rt {
namespace {

constexpr std::string_view kStateKind = "BRSL";
constexpr std::uint32_t kStateVersion = 3;

template <class Archive, class Statistics>
void visit_statistics(Archive& archive, Statistics& statistics) {
  archive.field(statistics.snippets_in);
  archive.field(statistics.finals_out);
  archive.field(statistics.pushes);
  archive.field(statistics.features_zeroed);
  archive.field(statistics.compute_seconds);
  archive.field(statistics.latency_sum);
  archive.field(statistics.latency_max);
}

/// All fields after the two counts.
template <class Archive>
void visit_state(Archive& archive, LocalizerState& state) {
  for (std::string& name : state.classes) archive.block(name);
  visit_alarm(archive, state.alarm);
  visit_statistics(archive, state.statistics);
  archive.field(state.first);
  archive.field(state.seen);
  visit_onsets(archive, state.onset_events);
  archive.block(state.network);
  archive.block(state.post);
  archive.block(state.onsets);
}

void check_sense(const LocalizerState& state) {
  constexpr std::int64_t kMost = std::int64_t{1} << 60;
  const auto columns = static_cast<std::int64_t>(state.classes.size());
  const bool labels =
      std::all_of(state.onset_events.begin(), state.onset_events.end(),
                  [columns](const Onset& one) { return one.label >= 0 && one.label < columns; });
  const bool counts =
      state.first >= 0 && state.first <= kMost && state.seen >= 0 && state.seen <= kMost;
  if (!labels || !counts) archive::refuse_content();
}

}  // namespace

std::string seal_state(const LocalizerState& state) {
  archive::Writer writer;
  LocalizerState copy = state;
  const auto num_classes = static_cast<std::uint64_t>(copy.classes.size());
  const auto num_onsets = static_cast<std::uint64_t>(copy.onset_events.size());
  writer.field(num_classes);
  writer.field(num_onsets);
  visit_state(writer, copy);
  return archive::seal(kStateKind, kStateVersion, writer.take());
}

LocalizerState unseal_state(std::string_view bytes) {
  if (bytes.substr(0, kStateKind.size()) != kStateKind) {
    throw Error(ErrorCode::kInvalidState, "state is not the saved state of a StreamingLocalizer");
  }
  LocalizerState state;
  if (is_old_localizer_state(bytes)) {
    state = read_old_localizer_state(bytes);
  } else {
    archive::Reader reader(archive::unseal(kStateKind, kStateVersion, bytes));
    state.classes.resize(reader.count());
    state.onset_events.resize(reader.count());
    visit_state(reader, state);
    if (!reader.at_end()) archive::refuse_content();
  }
  check_sense(state);
  return state;
}

}  // namespace basnet_rt
