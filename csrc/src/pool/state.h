#pragma once

// The state of a pool, without threads: its streams, their queues, their results.

#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "basnet_rt/stream_pool.h"
#include "pool/batch.h"
#include "pool/scheduler.h"
#include "pool/settings.h"
#include "pool/stream.h"

namespace basnet_rt::cpu {

/// Not synchronised: the pool's mutex guards it.
class PoolState {
 public:
  explicit PoolState(const PoolSettings& settings);

  StreamId open();
  /// Reserves a slot; `adopt` or `release_slot` must follow.
  std::int64_t reserve_slot();
  void release_slot(std::int64_t slot) { free_slots_.push_back(slot); }
  /// Adds a restored stream; `slot` is ignored if the stream has finished.
  StreamId adopt(const PoolStreamPtr& stream, std::int64_t slot);
  const PoolStreamPtr& find(StreamId id) const;
  /// Throws why no more input is accepted: the stream failed or has ended, or the pool is shut
  /// down.
  void check_accepts(const PoolStream& stream, const char* call) const;
  bool has_room(const PoolStream& stream, std::int64_t num_rows) const;

  void push_rows(const PoolStreamPtr& stream, const FeatureView& features, double now);
  void push_gap(const PoolStreamPtr& stream, std::int64_t snippets, double now);
  void end(const PoolStreamPtr& stream, std::optional<double> duration, double now);
  StreamDetections take_finals(PoolStream& stream);
  std::vector<Onset> take_onsets(PoolStream& stream);
  void forget(const PoolStreamPtr& stream);

  /// The time at which the next batch should run, on the same clock as `now` above.
  double due() const { return scheduler_.due(live_, statistics_.snippets_queued); }
  bool idle() const { return scheduler_.empty(); }
  /// Whether a thread that sleeps until the next `due` must be woken.
  bool is_full() const { return scheduler_.is_full(live_, statistics_.snippets_queued); }
  PoolWork take_work(double now);
  void deliver(const PoolWork& work, BatchOutcome&& outcome, double seconds);

  bool accepting() const { return accepting_; }
  void stop_accepting();
  void end_all(double now);
  /// Lets every stream that has not finished fail with the message `what`.
  void fail_all(const std::string& what);

  const std::set<StreamId>& news() const { return news_; }
  PoolStatistics statistics() const;

 private:
  void check_duration(const PoolStream& stream, std::optional<double> duration) const;
  void deliver_one(const PoolStreamPtr& stream, StreamOutcome&& outcome, bool ended);
  void fail(const PoolStreamPtr& stream, const Error& error);
  void retire(const PoolStreamPtr& stream, StreamStatus status);
  void drop_queue(PoolStream& stream);
  void update_news(const PoolStream& stream);

  PoolSettings settings_;
  PoolScheduler scheduler_;
  std::unordered_map<StreamId, PoolStreamPtr> streams_;
  std::set<StreamId> news_;  // streams with results to poll, and finished or failed ones
  std::vector<std::int64_t> free_slots_;
  std::int64_t num_slots_ = 0;
  StreamId next_id_ = 0;
  std::int64_t live_ = 0;  // streams neither finished nor failed
  bool accepting_ = true;
  PoolStatistics statistics_;
};

}  // namespace basnet_rt::cpu
