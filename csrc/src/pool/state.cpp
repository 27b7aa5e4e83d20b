#include "pool/state.h"

#include <algorithm>
#include <string>
#include <utility>

#include "formulas/formulas.h"
#include "settings/validate.h"

namespace basnet_rt::cpu {

PoolState::PoolState(const PoolSettings& settings)
    : settings_(settings), scheduler_(settings.options, settings.feature_dim) {}

StreamId PoolState::open() {
  const PoolSettings& own = settings_;
  StreamPostprocessor post(own.config, own.num_classes, own.snippet_seconds);
  auto stream = std::make_shared<PoolStream>(own.feature_dim, std::move(post), own.new_detector());
  return adopt(stream, reserve_slot());
}

std::int64_t PoolState::reserve_slot() {
  if (!accepting_) throw Error(ErrorCode::kInvalidState, "open after shutdown of the pool");
  if (free_slots_.empty() && num_slots_ == settings_.options.max_streams) {
    throw Error(ErrorCode::kInvalidState,
                "the pool has max_streams = " + std::to_string(num_slots_) + " streams open");
  }
  if (free_slots_.empty()) free_slots_.push_back(num_slots_++);
  const std::int64_t slot = free_slots_.back();
  free_slots_.pop_back();
  return slot;
}

StreamId PoolState::adopt(const PoolStreamPtr& stream, std::int64_t slot) {
  stream->id = next_id_++;
  stream->slot = slot;
  streams_[stream->id] = stream;
  if (stream->is_live()) ++live_;
  statistics_.snippets_queued += stream->queue.num_rows();
  if (!stream->queue.empty()) scheduler_.add(stream);
  update_news(*stream);
  return stream->id;
}

const PoolStreamPtr& PoolState::find(StreamId id) const {
  const auto found = streams_.find(id);
  if (found == streams_.end()) {
    basnet_rt::fail("stream is " + std::to_string(id) + "; this pool has no such stream open");
  }
  return found->second;
}

void PoolState::check_accepts(const PoolStream& stream, const char* call) const {
  if (stream.dropped) {
    throw stream_error(stream.id, ErrorCode::kInvalidArgument, "it was closed meanwhile");
  }
  if (stream.error) throw Error(*stream.error);
  const bool open = accepting_ && stream.status == StreamStatus::kOpen;
  if (open) return;
  throw stream_error(stream.id, ErrorCode::kInvalidState,
                     std::string(call) + (accepting_ ? " after its end" : " after shutdown"));
}

bool PoolState::has_room(const PoolStream& stream, std::int64_t num_rows) const {
  const std::int64_t queued = stream.queue.num_rows();
  return queued == 0 || queued + num_rows <= settings_.options.max_queue;
}

void PoolState::push_rows(const PoolStreamPtr& stream, const FeatureView& features, double now) {
  stream->queue.push_rows(features, now);
  stream->index += features.num_snippets;
  stream->statistics.snippets_in += features.num_snippets;
  stream->statistics.snippets_queued += features.num_snippets;
  statistics_.snippets_queued += features.num_snippets;
  scheduler_.add(stream);
}

void PoolState::push_gap(const PoolStreamPtr& stream, std::int64_t snippets, double now) {
  stream->queue.push_mark({snippets, std::nullopt}, now);
  stream->index += snippets;
  scheduler_.add(stream);
}

void PoolState::end(const PoolStreamPtr& stream, std::optional<double> duration, double now) {
  check_duration(*stream, duration);
  stream->status = StreamStatus::kEnding;
  stream->queue.push_mark({0, duration}, now);
  scheduler_.add(stream);
}

void PoolState::check_duration(const PoolStream& stream, std::optional<double> duration) const {
  if (!duration) return;
  check_positive_seconds(*duration, "duration");
  const double least = formulas::to_seconds(stream.index - 1, 0.0, settings_.snippet_seconds);
  if (*duration >= least) return;
  throw stream_error(stream.id, ErrorCode::kInvalidArgument,
                     "duration is " + to_text(*duration) + "; the last snippet's centre is at " +
                         to_text(least) + " seconds");
}

StreamDetections PoolState::take_finals(PoolStream& stream) {
  StreamDetections found = std::exchange(stream.finals, {});
  update_news(stream);
  return found;
}

std::vector<Onset> PoolState::take_onsets(PoolStream& stream) {
  std::vector<Onset> found = std::exchange(stream.onsets, {});
  update_news(stream);
  return found;
}

void PoolState::update_news(const PoolStream& stream) {
  if (stream.is_live() && stream.finals.size() == 0 && stream.onsets.empty()) {
    news_.erase(stream.id);
  } else {
    news_.insert(stream.id);
  }
}

void PoolState::forget(const PoolStreamPtr& stream) {
  const PoolStreamPtr kept = stream;  // the argument may refer to the map's element
  kept->dropped = true;
  if (kept->is_live()) {
    drop_queue(*kept);
    scheduler_.remove(kept);
    --live_;
    if (!kept->in_flight) release_slot(kept->slot);
  }
  news_.erase(kept->id);
  streams_.erase(kept->id);
}

PoolWork PoolState::take_work(double now) {
  PoolWork work = scheduler_.take(now);
  statistics_.snippets_queued -=
      work.batch.num_rows * static_cast<std::int64_t>(work.streams.size());
  return work;
}

void PoolState::deliver(const PoolWork& work, BatchOutcome&& outcome, double seconds) {
  const auto size = static_cast<std::int64_t>(work.streams.size());
  const std::int64_t rows = work.batch.num_rows * size;
  statistics_.batches += outcome.calls;
  statistics_.snippets += rows;
  statistics_.largest_batch = std::max(statistics_.largest_batch, rows);
  statistics_.compute_seconds += seconds;
  for (std::size_t i = 0; i < work.streams.size(); ++i) {
    work.streams[i]->statistics.compute_seconds += seconds / static_cast<double>(size);
    const bool ended = work.is_flush() && work.marks[i].gap == 0;
    deliver_one(work.streams[i], std::move(outcome.streams[i]), ended);
  }
}

void PoolState::deliver_one(const PoolStreamPtr& stream, StreamOutcome&& outcome, bool ended) {
  stream->in_flight = false;
  if (stream->dropped) return release_slot(stream->slot);
  PoolStreamStatistics& statistics = stream->statistics;
  statistics.finals_out += static_cast<std::int64_t>(outcome.finals.size());
  statistics.latency_sum += outcome.latency_sum;
  statistics.latency_max = std::max(statistics.latency_max, outcome.latency_max);
  stream->finals.append(outcome.finals);
  statistics.onsets_out += static_cast<std::int64_t>(outcome.onsets.size());
  stream->onsets.insert(stream->onsets.end(), outcome.onsets.begin(), outcome.onsets.end());
  update_news(*stream);
  if (!stream->is_live()) return release_slot(stream->slot);  // discarded while it was in the batch
  if (outcome.error) return fail(stream, *outcome.error);
  if (ended) return retire(stream, StreamStatus::kFinished);
  if (!stream->queue.empty()) scheduler_.add(stream);
}

void PoolState::fail(const PoolStreamPtr& stream, const Error& error) {
  stream->error = error;
  ++statistics_.streams_failed;
  drop_queue(*stream);
  scheduler_.remove(stream);
  retire(stream, StreamStatus::kFailed);
}

void PoolState::retire(const PoolStreamPtr& stream, StreamStatus status) {
  stream->status = status;
  --live_;
  news_.insert(stream->id);
  if (!stream->in_flight) release_slot(stream->slot);
}

void PoolState::drop_queue(PoolStream& stream) {
  statistics_.snippets_queued -= stream.queue.num_rows();
  stream.statistics.snippets_queued = 0;
  stream.queue.clear();
}

void PoolState::stop_accepting() {
  accepting_ = false;
  scheduler_.hurry();
}

void PoolState::end_all(double now) {
  for (const auto& [id, stream] : streams_) {
    if (stream->status == StreamStatus::kOpen) end(stream, std::nullopt, now);
  }
}

void PoolState::fail_all(const std::string& what) {
  for (const auto& [id, stream] : streams_) {
    if (stream->is_live()) fail(stream, stream_error(id, ErrorCode::kInvalidState, what));
  }
}

PoolStatistics PoolState::statistics() const {
  PoolStatistics now = statistics_;
  now.streams_open = live_;
  return now;
}

}  // namespace basnet_rt::cpu
