#pragma once

// One stream of a pool.

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "basnet_rt/error.h"
#include "basnet_rt/onset.h"
#include "basnet_rt/stream_pool.h"
#include "pool/queue.h"

namespace basnet_rt::cpu {

/// Members are guarded by the pool's mutex, except those of the batch in flight.
struct PoolStream {
  PoolStream(std::int64_t feature_dim, StreamPostprocessor&& post_,
             std::optional<OnsetDetector>&& detector_)
      : queue(feature_dim), post(std::move(post_)), detector(std::move(detector_)) {}

  bool is_live() const { return status == StreamStatus::kOpen || status == StreamStatus::kEnding; }

  StreamId id = -1;        // given by the pool once, as is the slot
  std::int64_t slot = -1;  // a finished stream has none
  StreamQueue queue;
  StreamStatus status = StreamStatus::kOpen;
  std::optional<Error> error;  // of kFailed
  bool dropped = false;        // its number is no longer valid
  bool listed = false;         // in the scheduler's ring
  bool in_flight = false;      // in the batch that runs
  std::int64_t index = 0;      // of the next pushed snippet, gaps counted
  StreamDetections finals;     // not polled yet, as are
  std::vector<Onset> onsets;
  PoolStreamStatistics statistics;

  // Used by the thread that runs the batch; members that `pending` reads too are guarded by this.
  mutable std::mutex post_mutex;
  StreamPostprocessor post;
  std::optional<OnsetDetector> detector;
  std::int64_t fed = 0;      // snippets given to the network since the start or the last gap
  std::int64_t certain = 0;  // of these, snippets whose activations are computed
  bool in_backend = false;   // its state is in the backend's slot; `post` stays empty
};

using PoolStreamPtr = std::shared_ptr<PoolStream>;

/// "stream 3: what", with the code of an error.
inline Error stream_error(StreamId id, ErrorCode code, const std::string& what) {
  return Error(code, "stream " + std::to_string(id) + ": " + what);
}

}  // namespace basnet_rt::cpu
