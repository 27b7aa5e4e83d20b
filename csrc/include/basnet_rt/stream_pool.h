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
/// A slot, in [0, max_streams), holds the network state of one stream. Slots of closed streams are
/// used again.
struct PoolBatch {
  std::vector<std::int64_t> slots;  ///< B, distinct
  std::vector<std::uint8_t> fresh;  ///< B; 1: a new stream begins, forget the slot's old state
  std::int64_t num_rows = 0;        ///< N; 0 at a flush
  std::int64_t feature_dim = 0;     ///< F
  std::vector<float> features;      ///< (B, N, F), finite
};

/// The snippets that became certain; M is the largest of `counts`.
struct PoolActivations {
  std::int64_t num_rows = 0;         ///< M
  std::vector<std::int64_t> counts;  ///< B; a slot with fewer than M has them in its last rows
  std::vector<float> activations;    ///< (B, M, C)
  std::vector<float> cas;            ///< (B, M, C+1) raw, background last; empty at gate kNone
  // If PoolOptions::backend reads device memory, the network may leave the two vectors above empty
  // (but an alarm needs `activations`) and set these pointers. Their memory must stay valid until
  // the network's next call.
  const float* device_activations = nullptr;
  const float* device_cas = nullptr;
  void* device_stream = nullptr;  ///< the stream of the CUDA runtime that writes them
};

/// The network of a pool. It keeps a state per slot. One thread at a time calls it, and it must not
/// call its pool.
///
/// A call that throws (any std::exception) must leave every slot unchanged. The pool then calls
/// again for each slot of the batch alone, so that only the streams with an error fail.
class BASNET_RT_API PoolNetwork {
 public:
  virtual ~PoolNetwork() = default;
  virtual PoolActivations step(const PoolBatch& batch) = 0;
  /// The last snippets of each slot; the next `step` of such a slot says `fresh`.
  virtual PoolActivations flush(const PoolBatch& batch) = 0;
  /// The state of a slot as bytes. Called only after the first `step` of the slot.
  /// @throws Error (kInvalidState) unless overridden: streams of this network cannot be saved.
  virtual std::string save(std::int64_t slot);
  /// Lets a slot continue from saved bytes, perhaps in another process.
  /// @throws any std::exception: bytes of another network; the slot's state is then undefined.
  virtual void load(std::int64_t slot, std::string_view bytes);
};

struct PoolOptions {
  std::int64_t max_batch = 64;      ///< most snippets (B * N) in one call of the network
  double max_delay = 0.01;          ///< seconds that a snippet may wait for a full batch; >= 0
  std::int64_t max_queue = 256;     ///< snippets that may wait per stream; then `push` blocks
  std::int64_t max_streams = 4096;  ///< streams open at once
  bool zero_bad_features = false;   ///< NaN and Inf become 0 and are counted, instead of an error
  bool threaded = true;             ///< false: the pool has no thread; call `step`
  std::function<double()> clock;    ///< seconds, for a pool without thread; default: steady clock
  std::optional<AlarmConfig> alarm = {};  ///< for the onsets of every stream; absent: no onsets
  /// The backend that post-processes the streams of this pool only. It has the settings of the pool
  /// and a slot for every stream. Absent: the CPU.
  std::shared_ptr<StreamBackend> backend = nullptr;
};

enum class StreamStatus {
  kOpen,
  kEnding,    ///< `end` was called; its last snippets are not computed yet
  kFinished,  ///< every final can be polled
  kFailed,    ///< the network failed on it or gave bad output; other streams continue
};

struct PoolStreamStatistics {
  std::int64_t snippets_in = 0;      ///< pushed, gaps not counted
  std::int64_t snippets_queued = 0;  ///< pushed, but not yet processed by the network
  std::int64_t finals_out = 0;       ///< detections that became final
  std::int64_t onsets_out = 0;
  std::int64_t features_zeroed = 0;
  double compute_seconds = 0.0;  ///< its share of the batches it was in
  double wait_max = 0.0;         ///< longest wait of a snippet for its batch, in seconds
  /// Decision latency: seconds of stream from a final's end to the end of the snippet whose arrival
  /// made it final.
  double latency_sum = 0.0;
  double latency_max = 0.0;
};

struct PoolStatistics {
  std::int64_t streams_open = 0;
  std::int64_t streams_failed = 0;
  std::int64_t batches = 0;   ///< calls of the network that succeeded
  std::int64_t snippets = 0;  ///< snippets in these batches
  std::int64_t largest_batch = 0;
  std::int64_t snippets_queued = 0;
  double compute_seconds = 0.0;  ///< inside batches, post-processing included
};

enum class Shutdown {
  kDrain,    ///< ends every stream and processes its queue; all finals can still be polled
  kDiscard,  ///< drops queued snippets; streams that had not finished fail
};

/// Many streams, one network batch.
///
/// A batch runs as soon as it is full, every open stream waits in it, or its oldest snippet has
/// waited `max_delay`. Streams are served in rotation: a batch holds up to max_batch streams and
/// the same number of snippets of each. So a long queue never delays other streams by more than one
/// batch. For the same network output, the finals of a stream equal those of a StreamPostprocessor
/// of its own, bit for bit, whatever the batches were.
///
/// Any thread may call any member function. The pool's own thread runs the batches, unless
/// `threaded` is false. Calls throw Error (kInvalidArgument) if the stream is unknown, closed or
/// dropped. On a failed stream they throw the error that it failed with. In a forked child
/// process, a pool with a thread throws Error (kInvalidState): make one there after the fork.
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

  /// Queues the next snippets of a stream, all or none; they are copied.
  ///
  /// There is room if queue and chunk together hold at most max_queue snippets. An empty queue
  /// takes any chunk.
  /// @param timeout  seconds to wait for room; 0: not at all; infinite: as long as it takes. A pool
  ///                 without thread never waits.
  /// @return whether the snippets were queued.
  /// @throws Error (kInvalidArgument): a wrong shape, NaN or Inf (names stream, snippet and
  ///         channel); (kInvalidState): after `end` or `shutdown`. The stream stays as it was.
  bool push(StreamId stream, const FeatureView& features, double timeout = kUnlimited);

  /// Declares that `snippets` >= 1 snippets are missing here; as StreamPostprocessor::gap.
  void gap(StreamId stream, std::int64_t snippets);

  /// Ends the input. The queued snippets are processed, then the network's last snippets are
  /// computed and open roots close.
  /// @param duration  of the stream in seconds; default the end of the last snippet.
  void end(StreamId stream, std::optional<double> duration = std::nullopt);

  /// Takes the detections that became final since the last call. If the stream failed and none are
  /// left, throws its error.
  StreamDetections poll(StreamId stream);

  /// Takes the onsets since the last call, by (snippet, label); none without an alarm. `close`
  /// forgets onsets that were not taken.
  std::vector<Onset> poll_onsets(StreamId stream);

  /// Waits up to `timeout` seconds for an ended stream. A pool without a thread runs batches
  /// meanwhile.
  /// @return whether the stream is finished or failed.
  bool wait(StreamId stream, double timeout = kUnlimited);

  /// Calls `end` if necessary, waits, takes the remaining finals and forgets the stream. On a
  /// failed stream it throws; call `poll` before, to get the earlier finals.
  StreamDetections close(StreamId stream, std::optional<double> duration = std::nullopt);

  /// Forgets the stream and its queue at once.
  void drop(StreamId stream);

  /// The detections that `end` would add now: provisional, by falling score.
  Detections pending(StreamId stream) const;

  /// Streams that have finals or onsets to poll, are finished, or failed. Waits up to `timeout`
  /// seconds for one.
  std::vector<StreamId> ready(double timeout = 0.0);

  /// The whole state of a stream as bytes with a version and a checksum: the network's state, roots
  /// and alarms, the queue, and finals and onsets that are not polled yet. The stream continues.
  ///
  /// The state is taken between two batches, so this waits for the running one.
  /// @throws Error: the stream failed, or its network cannot be saved.
  std::string save(StreamId stream);

  /// Opens a stream, with a new id, that continues where `save` was called.
  ///
  /// Drop results polled after `save`, and push again the snippets pushed after it: then nothing is
  /// lost and nothing comes twice.
  /// @throws Error (kInvalidState): the bytes are not a saved stream, damaged or of another
  /// version,
  ///         max_streams are open, or the pool is shut down; (kInvalidArgument): saved by a pool of
  ///         another config, alarm, snippet length or number of classes or features. Also errors of
  ///         the network.
  StreamId restore(std::string_view bytes);

  StreamStatus status(StreamId stream) const;
  PoolStreamStatistics statistics(StreamId stream) const;
  PoolStatistics statistics() const;

  /// For a pool without a thread: runs one batch if one is due, or with `force` if anything is
  /// queued.
  /// @return whether a batch ran.
  /// @throws Error (kInvalidState): the pool has a thread.
  bool step(bool force = false);

  /// Stops the pool; a second call changes nothing. Streams can be polled and closed afterwards.
  void shutdown(Shutdown how);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace basnet_rt
