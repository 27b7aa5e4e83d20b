#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "basnet_rt/config.h"
#include "basnet_rt/export.h"
#include "basnet_rt/onset.h"
#include "basnet_rt/stream.h"
#include "basnet_rt/stream_backend.h"
#include "basnet_rt/types.h"

namespace basnet_rt {

/// Names a stream of one pool; never used twice.
using StreamId = std::int64_t;

/// A request to the network: the next N snippets of B slots, or the end of B slots.
///
/// A slot is a place for one stream's network state, in [0, max_streams). Streams come and go;
/// slots are used again.
struct PoolBatch {
  std::vector<std::int64_t> slots;  ///< B, distinct
  std::vector<std::uint8_t> fresh;  ///< B; 1: a stream begins here, forget what the slot held
  std::int64_t num_rows = 0;        ///< N; 0 at a flush
  std::int64_t feature_dim = 0;     ///< F
  std::vector<float> features;      ///< (B, N, F), finite
};

/// The snippets that became certain; M is the largest of `counts`.
struct PoolActivations {
  std::int64_t num_rows = 0;         ///< M
  std::vector<std::int64_t> counts;  ///< B; a slot with fewer than M finds its rows at the end
  std::vector<float> activations;    ///< (B, M, C)
  std::vector<float> cas;            ///< (B, M, C+1) raw, background last; empty at gate kNone
  // If PoolOptions::backend reads device memory, the network may leave the two above empty (but an
  // alarm needs `activations`) and point to these, which stay until the network's next call.
  const float* device_activations = nullptr;
  const float* device_cas = nullptr;
  void* device_stream = nullptr;  ///< the stream of the CUDA runtime that writes them
};

/// The network of a pool. One thread at a time calls it; it keeps a state per slot, and must not
/// call its pool.
///
/// A call that throws (any std::exception) leaves every slot as it was: the pool then asks for each
/// of the batch alone, so that only the streams at fault fail.
class BASNET_RT_API PoolNetwork {
 public:
  virtual ~PoolNetwork() = default;
  virtual PoolActivations step(const PoolBatch& batch) = 0;
  /// The last snippets of each slot; the next `step` of such a slot says `fresh`.
  virtual PoolActivations flush(const PoolBatch& batch) = 0;
  /// The state of a slot as bytes; asked for only once the slot has been stepped.
  /// @throws Error (kInvalidState) unless overridden: a network that streams need not be saved of.
  virtual std::string save(std::int64_t slot);
  /// A slot that continues where `save` was called, perhaps in another process.
  /// @throws any std::exception: bytes of another network; the slot may then hold anything.
  virtual void load(std::int64_t slot, std::string_view bytes);
};

struct PoolOptions {
  std::int64_t max_batch = 64;      ///< most snippets (B * N) in one call of the network
  double max_delay = 0.01;          ///< seconds that a snippet may wait for others; >= 0
  std::int64_t max_queue = 256;     ///< snippets that may wait per stream; then `push` blocks
  std::int64_t max_streams = 4096;  ///< open at once
  bool zero_bad_features = false;   ///< NaN and Inf become 0 and are counted, instead of an error
  bool threaded = true;             ///< false: nothing runs but in `step`, `close` and `shutdown`
  std::function<double()> clock;    ///< seconds, for a pool without thread; default: steady clock
  std::optional<AlarmConfig> alarm = {};  ///< onsets of every stream; absent: none are looked for
  /// The backend that post-processes streams: made for the pool's settings, with a slot per stream,
  /// and for no other pool. Absent: the CPU.
  std::shared_ptr<StreamBackend> backend = nullptr;
};

enum class StreamStatus {
  kOpen,
  kEnding,    ///< `end` was called; its last snippets are on their way
  kFinished,  ///< every final is there
  kFailed,    ///< the network or its output failed on it; the others go on
};

struct PoolStreamStatistics {
  std::int64_t snippets_in = 0;      ///< pushed, gaps not counted
  std::int64_t snippets_queued = 0;  ///< of these, not yet seen by the network
  std::int64_t finals_out = 0;       ///< detections that became final
  std::int64_t onsets_out = 0;
  std::int64_t features_zeroed = 0;
  double compute_seconds = 0.0;  ///< its share of the batches it was in
  double wait_max = 0.0;         ///< longest that a snippet waited for its batch, in seconds
  double latency_sum = 0.0;      ///< decision latency: seconds of stream from a final's end to the
  double latency_max = 0.0;      ///< end of the snippet whose arrival decided it
};

struct PoolStatistics {
  std::int64_t streams_open = 0;
  std::int64_t streams_failed = 0;
  std::int64_t batches = 0;   ///< calls of the network that returned
  std::int64_t snippets = 0;  ///< snippets in them
  std::int64_t largest_batch = 0;
  std::int64_t snippets_queued = 0;
  double compute_seconds = 0.0;  ///< inside batches, post-processing included
};

enum class Shutdown {
  kDrain,    ///< ends every stream and runs what is queued; all finals can still be polled
  kDiscard,  ///< drops what is queued; streams that had not finished fail
};

/// Many streams, one network batch.
///
/// A batch runs as soon as it is full, as every open stream waits in it, or as its oldest snippet
/// has waited `max_delay`. Streams are served in rotation: a batch holds up to max_batch streams
/// and the same number of snippets of each, so a long queue never delays the others by more than
/// one batch. From the network's output on, a stream's finals are those of a StreamPostprocessor of
/// its own, bit for bit, however batches fell.
///
/// Every member function may be called from any thread. A thread of the pool's own runs the
/// batches, unless `threaded` is false. Calls that name no stream of this pool, or one that was
/// closed or dropped, throw Error (kInvalidArgument); on a stream that failed, what it failed of.
class BASNET_RT_API StreamPool {
 public:
  /// @param config  mode kContinuous.
  /// @param feature_dim  F of every stream.
  /// @throws Error (kInvalidArgument)
  StreamPool(std::shared_ptr<PoolNetwork> network, const PostprocessConfig& config,
             std::int64_t num_classes, std::int64_t feature_dim, double snippet_seconds,
             const PoolOptions& options = {});
  /// As shutdown(kDiscard).
  ~StreamPool();
  StreamPool(const StreamPool&) = delete;
  StreamPool& operator=(const StreamPool&) = delete;

  /// @throws Error (kInvalidState): max_streams are open, or the pool is shut down.
  StreamId open();

  /// Queues the next snippets of a stream, all or none; a copy is taken.
  ///
  /// There is room while queue and chunk are no more than max_queue; an empty queue takes any
  /// chunk.
  /// @param timeout  seconds to wait for room; 0: not at all; infinite: as long as it takes. A pool
  ///                 without thread never waits.
  /// @return whether they were taken.
  /// @throws Error (kInvalidArgument): a wrong shape, NaN or Inf (names stream, snippet and
  ///         channel); (kInvalidState): after `end` or `shutdown`. The stream stays as it was.
  bool push(StreamId stream, const FeatureView& features, double timeout = kUnlimited);

  /// Declares that `snippets` >= 1 snippets are missing here; as StreamPostprocessor::gap.
  void gap(StreamId stream, std::int64_t snippets);

  /// No more comes: what is queued runs, then the network's last snippets and open roots.
  /// @param duration  of the stream in seconds; default the end of the last snippet.
  void end(StreamId stream, std::optional<double> duration = std::nullopt);

  /// Takes what became final since the last call; then, on a failed stream, throws its error.
  StreamDetections poll(StreamId stream);

  /// Takes the onsets since the last call, by (snippet, label), as `poll` does the finals; none
  /// without an alarm. `close` forgets those not taken.
  std::vector<Onset> poll_onsets(StreamId stream);

  /// Waits up to `timeout` seconds for an ended stream; without a thread, runs batches meanwhile.
  /// @return whether the stream is finished or failed.
  bool wait(StreamId stream, double timeout = kUnlimited);

  /// `end` where that was not called, waits, takes the rest of the finals, and forgets the stream.
  StreamDetections close(StreamId stream, std::optional<double> duration = std::nullopt);

  /// Forgets the stream at once, with what is queued.
  void drop(StreamId stream);

  /// The detections that `end` would add to those so far; provisional, by falling score.
  Detections pending(StreamId stream) const;

  /// Streams with finals or onsets to poll, finished or failed; waits up to `timeout` seconds for
  /// one.
  std::vector<StreamId> ready(double timeout = 0.0);

  /// All of a stream as bytes with a version and a checksum: the network's state, roots and alarms,
  /// what is queued, and finals and onsets that nobody polled yet. The stream goes on.
  ///
  /// Taken between two batches, so it waits for the one that runs.
  /// @throws Error: the stream failed, or its network cannot be saved.
  std::string save(StreamId stream);

  /// Opens a stream that continues where `save` was called, with a number of its own.
  ///
  /// Nothing is lost and nothing comes twice, if what was polled and pushed after `save` is dropped
  /// by whoever did it.
  /// @throws Error (kInvalidState): not such bytes, another version, or damaged; max_streams are
  ///         open, or the pool is shut down; (kInvalidArgument): saved by a pool of another config,
  ///         alarm, snippet length or number of classes or features. What the network throws.
  StreamId restore(std::string_view bytes);

  StreamStatus status(StreamId stream) const;
  PoolStreamStatistics statistics(StreamId stream) const;
  PoolStatistics statistics() const;

  /// Without a thread: runs one batch if one is due, or, where `force`, if anything is queued.
  /// @return whether one ran.
  /// @throws Error (kInvalidState): the pool has a thread.
  bool step(bool force = false);

  /// Stops the pool; a second call changes nothing. Streams can be polled and closed afterwards.
  void shutdown(Shutdown how);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace basnet_rt
