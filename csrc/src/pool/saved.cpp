#include "pool/saved.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "formulas/formulas.h"
#include "formulas/video_section.h"
#include "saved/archive.h"
#include "saved/stream_fields.h"
#include "settings/validate.h"

namespace basnet_rt::cpu {
namespace {

constexpr std::string_view kStateKind = "BRTP";
constexpr std::uint32_t kStateVersion = 1;

template <class Archive, class Statistics>
void visit_statistics(Archive& archive, Statistics& statistics) {
  archive.field(statistics.snippets_in);
  archive.field(statistics.finals_out);
  archive.field(statistics.onsets_out);
  archive.field(statistics.features_zeroed);
  archive.field(statistics.compute_seconds);
  archive.field(statistics.wait_max);
  archive.field(statistics.latency_sum);
  archive.field(statistics.latency_max);
}

template <class Archive, class Stream>  // a constant one for a writer
void visit_plain(Archive& archive, Stream& stream) {
  archive.field(stream.status);
  archive.field(stream.index);
  archive.field(stream.fed);
  archive.field(stream.certain);
  visit_statistics(archive, stream.statistics);
  archive.block(stream.finals.labels);
  archive.block(stream.finals.scores);
  archive.block(stream.finals.segments);
  archive.block(stream.finals.decided);
  visit_onsets(archive, stream.onsets);
}

[[noreturn]] void refuse(const std::string& why) {
  throw Error(ErrorCode::kInvalidState, "saved state " + why);
}

void check_settings(archive::Reader& reader, const PoolSettings& settings) {
  std::int64_t feature_dim = 0;
  std::optional<AlarmConfig> alarm;
  reader.field(feature_dim);
  visit_alarm(reader, alarm);
  if (feature_dim != settings.feature_dim) {
    fail("saved state is of a stream with " + std::to_string(feature_dim) +
         " channels; this pool's have " + std::to_string(settings.feature_dim));
  }
  if (!same_alarm(alarm, settings.options.alarm)) {
    fail("saved state is of a pool with another alarm, (thresholds, hold) = " + alarm_text(alarm) +
         "; this pool's is " + alarm_text(settings.options.alarm));
  }
}

StreamPostprocessor read_post(archive::Reader& reader, const PoolSettings& settings) {
  std::string bytes;
  reader.block(bytes);
  StreamPostprocessor post = StreamPostprocessor::load(bytes);
  const StreamPostprocessor own(settings.config, settings.num_classes, settings.snippet_seconds);
  if (!post.same_settings(own)) {
    fail("saved state is of a pool with other settings than this one's: " +
         post.differing_settings(own));
  }
  return post;
}

std::optional<OnsetDetector> read_detector(archive::Reader& reader, const PoolSettings& settings) {
  std::optional<OnsetDetector> detector = settings.new_detector();
  if (!detector) return detector;
  std::string bytes;
  reader.block(bytes);
  detector->load(bytes);
  return detector;
}

bool is_count(std::int64_t value) { return value >= 0 && value <= kMostSnippets; }

bool is_time(double seconds) { return std::isfinite(seconds) && seconds >= 0.0; }

bool make_sense(const PoolStreamStatistics& one) {
  return is_count(one.snippets_in) && is_count(one.finals_out) && is_count(one.onsets_out) &&
         is_count(one.features_zeroed) && is_time(one.compute_seconds) && is_time(one.wait_max) &&
         std::isfinite(one.latency_sum) && std::isfinite(one.latency_max);
}

bool make_sense(const StreamDetections& finals, std::int64_t num_classes) {
  for (std::size_t i = 0; i < finals.size(); ++i) {
    const Segment segment = finals.segments[i];
    if (finals.labels[i] < 0 || finals.labels[i] >= num_classes || !is_count(finals.decided[i]) ||
        !std::isfinite(finals.scores[i]) || !std::isfinite(segment.start) ||
        !std::isfinite(segment.end) || segment.start > segment.end) {
      return false;
    }
  }
  return true;
}

bool make_sense(const std::vector<Onset>& onsets, std::int64_t num_classes) {
  return std::all_of(onsets.begin(), onsets.end(), [&](const Onset& one) {
    return one.label >= 0 && one.label < num_classes && std::isfinite(one.time) &&
           is_count(one.decided) && std::isfinite(one.activation);
  });
}

/// Whether the counts of arrived, queued and processed snippets fit together.
bool counts_match(const PoolStream& stream) {
  const PoolStreamStatistics& told = stream.statistics;
  const std::int64_t queued = stream.queue.num_rows();
  return is_count(stream.index) && told.snippets_in <= stream.index && queued <= told.snippets_in &&
         stream.queue.num_missing() <= stream.index - queued &&
         stream.post.num_snippets() <= stream.index - queued &&
         static_cast<std::int64_t>(stream.finals.size()) <= told.finals_out &&
         static_cast<std::int64_t>(stream.onsets.size()) <= told.onsets_out &&
         is_count(stream.fed) && is_count(stream.certain) && stream.certain <= stream.fed &&
         stream.fed <= told.snippets_in - queued;
}

/// Whether a queued end is not before the last snippet, which would fail the stream later.
bool end_fits(const PoolStream& stream, const PoolSettings& settings) {
  const std::optional<double> duration = stream.queue.end_duration();
  return !duration ||
         *duration >= formulas::to_seconds(stream.index - 1, 0.0, settings.snippet_seconds);
}

/// Refuses content that no `save` can have written, although its checksum fits.
void check_sense(const SavedStream& saved, const PoolSettings& settings) {
  const std::int64_t num_classes = settings.num_classes;
  const PoolStream& stream = *saved.stream;
  const bool finished = stream.status == StreamStatus::kFinished;
  const StreamDetections& finals = stream.finals;
  const bool finals_match = finals.scores.size() == finals.size() &&
                            finals.segments.size() == finals.size() &&
                            finals.decided.size() == finals.size();
  if ((!stream.is_live() && !finished) || finished != stream.post.finished() || !finals_match ||
      saved.network.has_value() != (stream.fed > 0) || (finished && !stream.queue.empty()) ||
      (stream.status == StreamStatus::kEnding) != stream.queue.has_end() ||
      !make_sense(stream.statistics) || !counts_match(stream) || !end_fits(stream, settings) ||
      !make_sense(stream.finals, num_classes) || !make_sense(stream.onsets, num_classes)) {
    refuse("contradicts itself");
  }
}

}  // namespace

std::string stream_bytes(const PoolStream& stream, const std::string& post,
                         const PoolSettings& settings) {
  archive::Writer writer;
  std::int64_t feature_dim = settings.feature_dim;
  std::optional<AlarmConfig> alarm = settings.options.alarm;
  writer.field(feature_dim);
  visit_alarm(writer, alarm);
  writer.block(post);
  if (stream.detector) {
    std::string detector = stream.detector->save();
    writer.block(detector);
  }
  stream.queue.write(writer);
  auto num_onsets = static_cast<std::uint64_t>(stream.onsets.size());
  writer.field(num_onsets);
  visit_plain(writer, stream);
  return writer.take();
}

std::string sealed(std::string&& stream_bytes, std::optional<std::string> network) {
  archive::Writer writer;
  bool present = network.has_value();
  writer.field(present);
  if (present) writer.block(*network);
  return archive::seal(kStateKind, kStateVersion, std::move(stream_bytes) + writer.take());
}

SavedStream read_stream(std::string_view bytes, const PoolSettings& settings, double now) {
  archive::Reader reader(archive::unseal(kStateKind, kStateVersion, bytes));
  check_settings(reader, settings);
  StreamPostprocessor post = read_post(reader, settings);
  std::optional<OnsetDetector> detector = read_detector(reader, settings);
  SavedStream saved;
  saved.stream =
      std::make_shared<PoolStream>(settings.feature_dim, std::move(post), std::move(detector));
  PoolStream& stream = *saved.stream;
  stream.queue.read(reader, now);
  stream.onsets.resize(reader.count());
  visit_plain(reader, stream);
  stream.statistics.snippets_queued = stream.queue.num_rows();
  bool present = false;
  reader.field(present);
  if (present) reader.block(saved.network.emplace());
  if (!reader.at_end()) refuse("has bytes left over");
  check_sense(saved, settings);
  return saved;
}

}  // namespace basnet_rt::cpu
