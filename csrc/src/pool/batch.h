#pragma once

// Runs one batch: the network, then each stream's post-processing. Needs no lock of the pool.

#include <cstdint>
#include <optional>
#include <vector>

#include "basnet_rt/stream_pool.h"
#include "pool/scheduler.h"

namespace basnet_rt::cpu {

/// The effect of a batch on one of its streams.
struct StreamOutcome {
  StreamDetections finals;
  std::vector<Onset> onsets;
  double latency_sum = 0.0;  // of `finals`, seconds of stream
  double latency_max = 0.0;
  std::optional<Error> error;  // the stream failed
};

struct BatchOutcome {
  std::vector<StreamOutcome> streams;  // B, in the order of the work
  std::int64_t calls = 0;              // of the network that returned
};

/// A failed network call is tried again stream by stream, so that only streams with an error fail.
/// @param backend  null: each stream has a post-processor of its own.
BatchOutcome run_batch(PoolNetwork& network, StreamBackend* backend, const PoolWork& work);

}  // namespace basnet_rt::cpu
