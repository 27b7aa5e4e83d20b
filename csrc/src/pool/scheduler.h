#pragma once

// Chooses the streams of the next batch, and its time; it has no thread and no clock.

#include <cstdint>
#include <deque>
#include <limits>
#include <vector>

#include "basnet_rt/stream_pool.h"
#include "pool/stream.h"

namespace basnet_rt::cpu {

/// The streams of one call of the network.
struct PoolWork {
  PoolBatch batch;
  std::vector<PoolStreamPtr> streams;  // B
  std::vector<QueuedMark> marks;       // B at a flush, else empty

  bool is_flush() const { return !marks.empty(); }
};

/// The streams that wait for the network, in the order in which they are served. Not synchronised.
class PoolScheduler {
 public:
  static constexpr double kNever = std::numeric_limits<double>::infinity();
  static constexpr double kNow = -kNever;

  PoolScheduler(const PoolOptions& options, std::int64_t feature_dim)
      : max_batch_(options.max_batch), max_delay_(options.max_delay), feature_dim_(feature_dim) {}

  /// Puts a stream with queued input at the end of the ring, unless it is in the ring or in flight.
  void add(const PoolStreamPtr& stream);
  void remove(const PoolStreamPtr& stream);
  void clear();
  /// After this call, no batch waits for more streams.
  void hurry() { hurried_ = true; }

  bool empty() const { return ring_.empty(); }
  /// Whether a batch would gain nothing by waiting; `live` counts the streams that may still push.
  bool is_full(std::int64_t live, std::int64_t queued) const;
  /// The time at which the next batch should run: kNow, a time of the clock, or kNever.
  double due(std::int64_t live, std::int64_t queued) const;

  /// The next batch: the first stream of the ring and others of the same kind. Not empty.
  PoolWork take(double now);

 private:
  std::vector<PoolStreamPtr> pick();
  std::int64_t rows_each(const std::vector<PoolStreamPtr>& streams) const;

  std::int64_t max_batch_;
  double max_delay_;
  std::int64_t feature_dim_;
  bool hurried_ = false;
  std::deque<PoolStreamPtr> ring_;
};

}  // namespace basnet_rt::cpu
