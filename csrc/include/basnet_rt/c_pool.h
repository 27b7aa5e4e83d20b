#ifndef BASNET_RT_C_POOL_H
#define BASNET_RT_C_POOL_H

/// StreamPool of basnet_rt/stream_pool.h for C: many streams, one network batch. The rules of
/// c_api.h hold here too, with one exception: any thread may call the functions of a pool.

#include "basnet_rt/c_api.h"

#ifdef __cplusplus
extern "C" {
#endif

// --- the network --------------------------------------------------------------------------------

/// The next N snippets of B slots, or, at a flush, the end of B slots. Valid only during the call.
typedef struct basnet_rt_pool_batch {
  int64_t size;           ///< B
  const int64_t* slots;   ///< (B,), distinct, in [0, max_streams)
  const uint8_t* fresh;   ///< (B,); 1: a stream begins here, forget what the slot held
  int64_t num_rows;       ///< N; 0 at a flush
  int64_t feature_dim;    ///< F
  const float* features;  ///< (B, N, F), finite
} basnet_rt_pool_batch;

/// The output of a network. Valid only during the call. For NULL and for a handle of another kind,
/// the functions that return pointers return NULL, and `set_error` does nothing.
typedef struct basnet_rt_pool_output basnet_rt_pool_output;

/// Makes room for M = num_rows rows of each slot, all 0. Earlier pointers become invalid.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_pool_output_resize(basnet_rt_pool_output* output,
                                                                int64_t num_rows);
/// (B,): rows that became certain, at most M; a slot with fewer has them in its last rows.
BASNET_RT_C_API int64_t* basnet_rt_pool_output_counts(basnet_rt_pool_output* output);
/// (B, M, C).
BASNET_RT_C_API float* basnet_rt_pool_output_activations(basnet_rt_pool_output* output);
/// (B, M, C+1) before activation, background last. NULL at gate "none", which does not use it.
BASNET_RT_C_API float* basnet_rt_pool_output_raw_cas(basnet_rt_pool_output* output);
/// Sets the reason of a failure, for the message of the streams that fail. The text is copied.
BASNET_RT_C_API void basnet_rt_pool_output_set_error(basnet_rt_pool_output* output,
                                                     const char* message);

/// Functions of a network. One thread at a time calls them. They must not call their pool, and no
/// exception may leave them. They return 0, or another number if they failed. A failed call must
/// leave every slot unchanged; the pool then calls again for each slot of the batch alone.
typedef struct basnet_rt_pool_network {
  size_t struct_size;  ///< sizeof(basnet_rt_pool_network)
  void* user_data;     ///< first argument of each function
  int32_t (*step)(void* user_data, const basnet_rt_pool_batch* batch,
                  basnet_rt_pool_output* output);
  /// The last snippets of each slot.
  int32_t (*flush)(void* user_data, const basnet_rt_pool_batch* batch,
                   basnet_rt_pool_output* output);
  /// Saves the state of a slot with basnet_rt_bytes_create. If NULL, streams cannot be saved.
  int32_t (*save)(void* user_data, int64_t slot, basnet_rt_bytes** bytes);
  /// Lets a slot continue from a saved state. If NULL, streams cannot be restored.
  int32_t (*load)(void* user_data, int64_t slot, const void* data, size_t size);
  /// Called once, after the last call of the other functions, when the pool is freed; or NULL.
  void (*release)(void* user_data);
} basnet_rt_pool_network;

// --- the pool -----------------------------------------------------------------------------------

typedef struct basnet_rt_pool_options basnet_rt_pool_options;
/// The defaults of PoolOptions.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_pool_options_create(basnet_rt_pool_options** options);
BASNET_RT_C_API void basnet_rt_pool_options_free(basnet_rt_pool_options** options);
/// max_batch, max_queue, max_streams, zero_bad_features and threaded (0 or 1).
BASNET_RT_CHECKED basnet_rt_status basnet_rt_pool_options_set_integer(
    basnet_rt_pool_options* options, const char* field, int64_t value);
/// Seconds that a snippet may wait for a batch to fill.
BASNET_RT_CHECKED basnet_rt_status
basnet_rt_pool_options_set_max_delay(basnet_rt_pool_options* options, double seconds);
/// Onsets of every stream; @param thresholds  one, or one per class.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_pool_options_set_alarm(basnet_rt_pool_options* options,
                                                                    const double* thresholds,
                                                                    int64_t num_thresholds,
                                                                    double hold);

typedef struct basnet_rt_pool basnet_rt_pool;

/// @param network  is copied. `release` is called when the pool is freed, but not if this fails.
/// @param options  or NULL: the defaults.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_pool_create(const basnet_rt_pool_network* network,
                                                         const basnet_rt_config* config,
                                                         int64_t num_classes, int64_t feature_dim,
                                                         double snippet_seconds,
                                                         const basnet_rt_pool_options* options,
                                                         basnet_rt_pool** pool);
/// Drops queued snippets and waits for the running batch. No other thread may be in a call.
BASNET_RT_C_API void basnet_rt_pool_free(basnet_rt_pool** pool);

/// INVALID_STATE: max_streams are open, or the pool is shut down.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_pool_open(basnet_rt_pool* pool, int64_t* stream);

/// @param features  (N, F), contiguous; they are copied.
/// @param timeout   seconds to wait for room; 0: not at all; INFINITY: as long as it takes.
/// @param taken     1, or 0 if there was no room.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_pool_push(basnet_rt_pool* pool, int64_t stream,
                                                       const basnet_rt_rows* features,
                                                       double timeout, int32_t* taken);
BASNET_RT_CHECKED basnet_rt_status basnet_rt_pool_gap(basnet_rt_pool* pool, int64_t stream,
                                                      int64_t snippets);
/// Ends the input. @param duration  seconds, or NULL: the end of the last snippet.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_pool_end(basnet_rt_pool* pool, int64_t stream,
                                                      const double* duration);
/// The finals since the last call. On a failed stream, later calls return its error.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_pool_poll(basnet_rt_pool* pool, int64_t stream,
                                                       basnet_rt_detections** finals);
BASNET_RT_CHECKED basnet_rt_status basnet_rt_pool_poll_onsets(basnet_rt_pool* pool, int64_t stream,
                                                              basnet_rt_onsets** found);
BASNET_RT_CHECKED basnet_rt_status basnet_rt_pool_pending(const basnet_rt_pool* pool,
                                                          int64_t stream,
                                                          basnet_rt_detections** found);
/// Waits for an ended stream. @param done  1 if it is finished or failed, else 0.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_pool_wait(basnet_rt_pool* pool, int64_t stream,
                                                       double timeout, int32_t* done);
/// Ends the stream if necessary, waits, takes the remaining finals and forgets the stream.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_pool_close(basnet_rt_pool* pool, int64_t stream,
                                                        const double* duration,
                                                        basnet_rt_detections** finals);
/// Forgets the stream at once.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_pool_drop(basnet_rt_pool* pool, int64_t stream);

/// Streams that have something to poll, are finished, or failed. Waits up to `timeout` seconds for
/// one.
///
/// @param streams    room for `capacity`; if there are more, the next call goes on behind the last
///                   one, and begins again behind the largest.
/// @param num_ready  number of streams written.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_pool_ready(basnet_rt_pool* pool, double timeout,
                                                        int64_t* streams, int64_t capacity,
                                                        int64_t* num_ready);

/// Saves the whole state of a stream, which continues.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_pool_save(basnet_rt_pool* pool, int64_t stream,
                                                       basnet_rt_bytes** bytes);
/// Opens a stream, with a new number, that continues from the saved state.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_pool_restore(basnet_rt_pool* pool, const void* data,
                                                          size_t size, int64_t* stream);

typedef enum basnet_rt_stream_status {
  BASNET_RT_STREAM_OPEN = 0,
  BASNET_RT_STREAM_ENDING = 1,
  BASNET_RT_STREAM_FINISHED = 2,
  BASNET_RT_STREAM_FAILED = 3
} basnet_rt_stream_status;
BASNET_RT_CHECKED basnet_rt_status basnet_rt_pool_status(const basnet_rt_pool* pool, int64_t stream,
                                                         int32_t* status);

/// For a pool without a thread: runs a batch if one is due, or with `force` if anything is queued.
/// @param ran  1 if a batch ran, else 0.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_pool_step(basnet_rt_pool* pool, int32_t force,
                                                       int32_t* ran);
/// @param drain  not 0: ends every stream and processes its queue; 0: drops queued snippets.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_pool_shutdown(basnet_rt_pool* pool, int32_t drain);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // BASNET_RT_C_POOL_H
