#include "pool/saved.h"

#include <utility>

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

/// Finds bytes that no `save` made; a checksum does not.
void check_sense(const SavedStream& saved) {
  const PoolStream& stream = *saved.stream;
  const bool finished = stream.status == StreamStatus::kFinished;
  const bool counts = stream.fed >= 0 && stream.certain >= 0 && stream.certain <= stream.fed;
  const StreamDetections& finals = stream.finals;
  const bool finals_match = finals.scores.size() == finals.size() &&
                            finals.segments.size() == finals.size() &&
                            finals.decided.size() == finals.size();
  if ((!stream.is_live() && !finished) || finished != stream.post.finished() || !counts ||
      !finals_match || saved.network.has_value() != (stream.fed > 0) ||
      (finished && !stream.queue.empty())) {
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
  check_sense(saved);
  return saved;
}

}  // namespace basnet_rt::cpu
