#include "pool/scheduler.h"

#include <algorithm>
#include <utility>

namespace basnet_rt::cpu {

void PoolScheduler::add(const PoolStreamPtr& stream) {
  if (stream->listed || stream->in_flight) return;
  stream->listed = true;
  ring_.push_back(stream);
}

void PoolScheduler::remove(const PoolStreamPtr& stream) {
  if (!stream->listed) return;
  stream->listed = false;
  ring_.erase(std::find(ring_.begin(), ring_.end(), stream));
}

void PoolScheduler::clear() {
  for (const PoolStreamPtr& stream : ring_) stream->listed = false;
  ring_.clear();
}

bool PoolScheduler::is_full(std::int64_t live, std::int64_t queued) const {
  const auto waiting = static_cast<std::int64_t>(ring_.size());
  return hurried_ || waiting >= std::min(max_batch_, live) || queued >= max_batch_;
}

double PoolScheduler::due(std::int64_t live, std::int64_t queued) const {
  if (ring_.empty()) return kNever;
  if (is_full(live, queued)) return kNow;
  double oldest = kNever;
  for (const PoolStreamPtr& stream : ring_) oldest = std::min(oldest, stream->queue.oldest());
  return oldest + max_delay_;
}

PoolWork PoolScheduler::take(double now) {
  PoolWork work;
  work.streams = pick();
  const bool is_flush = work.streams.front()->queue.at_mark();
  PoolBatch& batch = work.batch;
  batch.feature_dim = feature_dim_;
  batch.num_rows = is_flush ? 0 : rows_each(work.streams);
  batch.features.reserve(work.streams.size() *
                         static_cast<std::size_t>(batch.num_rows * feature_dim_));
  for (const PoolStreamPtr& stream : work.streams) {
    PoolStreamStatistics& statistics = stream->statistics;
    statistics.wait_max = std::max(statistics.wait_max, now - stream->queue.oldest());
    statistics.snippets_queued -= batch.num_rows;
    batch.slots.push_back(stream->slot);
    batch.fresh.push_back(stream->fed == 0 ? 1 : 0);
    if (is_flush) {
      work.marks.push_back(stream->queue.take_mark());
    } else {
      stream->queue.take_rows(batch.num_rows, batch.features);
    }
  }
  return work;
}

// The first stream decides the kind of the batch, so every stream is served in time; streams of the
// other kind keep their places.
std::vector<PoolStreamPtr> PoolScheduler::pick() {
  const bool is_flush = ring_.front()->queue.at_mark();
  std::vector<PoolStreamPtr> picked;
  std::deque<PoolStreamPtr> rest;
  for (PoolStreamPtr& stream : ring_) {
    const bool room = static_cast<std::int64_t>(picked.size()) < max_batch_;
    if (room && stream->queue.at_mark() == is_flush) {
      stream->listed = false;
      stream->in_flight = true;
      picked.push_back(std::move(stream));
    } else {
      rest.push_back(std::move(stream));
    }
  }
  ring_ = std::move(rest);
  return picked;
}

// Equal shares: every stream of a batch has the same number of rows, however long its queue is.
std::int64_t PoolScheduler::rows_each(const std::vector<PoolStreamPtr>& streams) const {
  std::int64_t rows = max_batch_ / static_cast<std::int64_t>(streams.size());
  for (const PoolStreamPtr& stream : streams) {
    rows = std::min(rows, stream->queue.leading_rows());
  }
  return rows;
}

}  // namespace basnet_rt::cpu
