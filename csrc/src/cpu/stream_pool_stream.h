#pragma once

// One stream of a pool.

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "basnet_rt/error.h"
#include "basnet_rt/stream_pool.h"
#include "cpu/stream_pool_queue.h"

namespace basnet_rt::cpu {

/// Members are guarded by the pool's mutex, but for those of the batch in flight.
struct PoolStream {
  PoolStream(StreamId id_, std::int64_t slot_, std::int64_t feature_dim,
             StreamPostprocessor&& post_)
      : id(id_), slot(slot_), queue(feature_dim), post(std::move(post_)) {}

  bool is_live() const { return status == StreamStatus::kOpen || status == StreamStatus::kEnding; }

  const StreamId id;
  const std::int64_t slot;
  StreamQueue queue;
  StreamStatus status = StreamStatus::kOpen;
  std::optional<Error> error;  // of kFailed
  bool dropped = false;        // nobody can name it any more
  bool listed = false;         // in the scheduler's ring
  bool in_flight = false;      // in the batch that runs
  std::int64_t index = 0;      // of the snippet to be pushed next, gaps counted
  StreamDetections finals;     // not polled yet
  PoolStreamStatistics statistics;

  // Touched by the thread that runs the batch, and under its mutex where `pending` reads too.
  mutable std::mutex post_mutex;
  StreamPostprocessor post;
  std::int64_t fed = 0;      // snippets the network saw since the start or the last gap
  std::int64_t certain = 0;  // of these, what it gave activations for
};

using PoolStreamPtr = std::shared_ptr<PoolStream>;

inline void append(StreamDetections& to, const StreamDetections& found) {
  to.labels.insert(to.labels.end(), found.labels.begin(), found.labels.end());
  to.scores.insert(to.scores.end(), found.scores.begin(), found.scores.end());
  to.segments.insert(to.segments.end(), found.segments.begin(), found.segments.end());
  to.decided.insert(to.decided.end(), found.decided.begin(), found.decided.end());
}

/// "stream 3: what", with the code of an error.
inline Error stream_error(StreamId id, ErrorCode code, const std::string& what) {
  return Error(code, "stream " + std::to_string(id) + ": " + what);
}

}  // namespace basnet_rt::cpu
