#ifndef BASNET_RT_C_API_H
#define BASNET_RT_C_API_H

/// The core for C, and for every language that can call C. Plain C99.
///
/// Every function that can fail returns a basnet_rt_status and writes its results through its last
/// pointers. If it fails, it writes nothing there. No exception leaves the library.
///
/// Handles are opaque. The caller owns every handle that a function writes and passes it to the
/// `_free` of its type. That function takes the address of the pointer and sets it to NULL; on NULL
/// it does nothing, so a second call is harmless. A copy of the pointer dangles afterwards; using
/// or freeing it is undefined, as with free(). Unless a function says otherwise, arguments are read
/// or copied before the call returns, and never kept.
///
/// Use a handle from one thread at a time; different handles are independent. Many threads may read
/// a config or a result as long as no thread changes or frees it.
///
/// Snippets are int64, times are seconds in double, segments are half-open. The C++ headers of the
/// same names and docs/numerics.md explain the settings, the order of results and ties.

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define BASNET_RT_C_API __attribute__((visibility("default")))
#define BASNET_RT_CHECKED BASNET_RT_C_API __attribute__((warn_unused_result))
#else
#define BASNET_RT_C_API
#define BASNET_RT_CHECKED
#endif

#ifdef __cplusplus
extern "C" {
#endif

/// Increased when a function or a field is added; existing ones stay. A program compiled with
/// number n runs with every library whose number is n or more.
#define BASNET_RT_C_API_VERSION 1

/// These numbers never change; others may be added.
typedef enum basnet_rt_status {
  BASNET_RT_OK = 0,
  BASNET_RT_INVALID_ARGUMENT = 1,  ///< a value, shape, setting or handle is wrong
  BASNET_RT_INVALID_TYPE = 2,      ///< a setting takes a value of another kind
  BASNET_RT_INVALID_STATE = 3,     ///< not allowed now: a finished stream, damaged saved state
  BASNET_RT_BUNDLE = 4,            ///< a bundle, or features for it, cannot be used (c_model.h)
  BASNET_RT_OUT_OF_MEMORY = 5,     ///< a stream or detector that returns this can only be freed
  BASNET_RT_INTERNAL = 6,          ///< a bug in this library
  BASNET_RT_UNAVAILABLE = 7        ///< a kernel that this processor cannot run (c_model.h)
} basnet_rt_status;

BASNET_RT_C_API uint32_t basnet_rt_c_api_version(void);

/// "major.minor.patch" of the library. Static; not to be freed.
BASNET_RT_C_API const char* basnet_rt_version(void);

/// The message of this thread's last failed call: the argument, its value and the allowed values.
/// Empty if no call failed; at most 1023 bytes. Valid until this thread's next failed call; not to
/// be freed.
BASNET_RT_C_API const char* basnet_rt_last_error(void);

// --- settings -----------------------------------------------------------------------------------

typedef struct basnet_rt_config basnet_rt_config;

/// The defaults of a mode, "continuous" or "published".
BASNET_RT_CHECKED basnet_rt_status basnet_rt_config_create(const char* mode,
                                                           basnet_rt_config** config);
BASNET_RT_C_API void basnet_rt_config_free(basnet_rt_config** config);

/// Sets a field of basnet_rt/config.h by its name. Names and choices are spelled as in Python's
/// PostprocessConfig. An unknown name is INVALID_ARGUMENT, a field of another kind INVALID_TYPE.
/// The value itself is checked by basnet_rt_config_check and by every function that takes a config.
///
/// Numbers: class_threshold, outer_ratio, score_weight, nms_iou, soft_sigma, soft_min_score;
/// seconds: horizon, min_duration, merge_gap, max_duration, max_lookahead (INFINITY: no limit).
BASNET_RT_CHECKED basnet_rt_status basnet_rt_config_set_number(basnet_rt_config* config,
                                                               const char* field, double value);
/// upsample, topk_divisor.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_config_set_integer(basnet_rt_config* config,
                                                                const char* field, int64_t value);
/// keep_top1; 0 or 1.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_config_set_flag(basnet_rt_config* config,
                                                             const char* field, int32_t value);
/// cas_thresholds, fixed_lo, fixed_hi.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_config_set_numbers(basnet_rt_config* config,
                                                                const char* field,
                                                                const double* values,
                                                                int64_t count);
/// mode, nms, normalisation, gate, score_function.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_config_set_choice(basnet_rt_config* config,
                                                               const char* field,
                                                               const char* value);

/// INVALID_ARGUMENT: the message names the first field out of range, its value and the allowed
/// ones.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_config_check(const basnet_rt_config* config);

// --- input --------------------------------------------------------------------------------------

/// (num_rows, num_columns) float32, row-major: data[row * row_stride + column]. Not owned. With a
/// wider stride, the action columns of a (T, C+1) array can be viewed without a copy.
typedef struct basnet_rt_rows {
  const float* data;  ///< may be NULL if num_rows is 0
  int64_t num_rows;
  int64_t num_columns;
  int64_t row_stride;  ///< floats, >= num_columns
} basnet_rt_rows;

/// One video. New fields are added at the end, and zero in them keeps the old behaviour, so start
/// from `basnet_rt_video video = {0}; video.struct_size = sizeof video;`.
typedef struct basnet_rt_video {
  size_t struct_size;             ///< sizeof(basnet_rt_video)
  basnet_rt_rows cas;             ///< (T, C) activations of the action columns, finite
  const float* video_scores;      ///< (C,) in [0, 1]; NULL if the gate does not use them
  const basnet_rt_rows* raw_cas;  ///< (T, C+1), background last, for gate "horizon"; or NULL
  double snippet_seconds;         ///< distance between snippet starts, > 0
  const double* duration;         ///< seconds; NULL: T * snippet_seconds
} basnet_rt_video;

// --- results ------------------------------------------------------------------------------------
// Pointers are valid until the result is freed. For a NULL result, sizes are 0 and pointers NULL.

/// Detections after NMS, or those that became final in a stream.
typedef struct basnet_rt_detections basnet_rt_detections;
BASNET_RT_C_API int64_t basnet_rt_detections_size(const basnet_rt_detections* found);
BASNET_RT_C_API const int64_t* basnet_rt_detections_labels(const basnet_rt_detections* found);
BASNET_RT_C_API const float* basnet_rt_detections_scores(const basnet_rt_detections* found);
/// (N, 2): start and end, in seconds.
BASNET_RT_C_API const double* basnet_rt_detections_segments(const basnet_rt_detections* found);
/// The snippet whose arrival made each detection final; NULL if the result is not of a stream.
BASNET_RT_C_API const int64_t* basnet_rt_detections_decided(const basnet_rt_detections* found);
BASNET_RT_C_API void basnet_rt_detections_free(basnet_rt_detections** found);

/// Scored intervals before NMS, by (threshold index, label, start).
typedef struct basnet_rt_proposals basnet_rt_proposals;
BASNET_RT_C_API int64_t basnet_rt_proposals_size(const basnet_rt_proposals* found);
BASNET_RT_C_API const int64_t* basnet_rt_proposals_threshold_index(
    const basnet_rt_proposals* found);
BASNET_RT_C_API const int64_t* basnet_rt_proposals_labels(const basnet_rt_proposals* found);
BASNET_RT_C_API const double* basnet_rt_proposals_scores(const basnet_rt_proposals* found);
/// (N, 2): start and end, in seconds.
BASNET_RT_C_API const double* basnet_rt_proposals_segments(const basnet_rt_proposals* found);
BASNET_RT_C_API void basnet_rt_proposals_free(basnet_rt_proposals** found);

/// Saved state.
typedef struct basnet_rt_bytes basnet_rt_bytes;
/// Makes a copy of `size` bytes. A pool's network returns its saved state with it.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_bytes_create(const void* data, size_t size,
                                                          basnet_rt_bytes** bytes);
BASNET_RT_C_API const void* basnet_rt_bytes_data(const basnet_rt_bytes* bytes);
BASNET_RT_C_API size_t basnet_rt_bytes_size(const basnet_rt_bytes* bytes);
BASNET_RT_C_API void basnet_rt_bytes_free(basnet_rt_bytes** bytes);

/// Reported onsets, by (snippet, label).
typedef struct basnet_rt_onsets basnet_rt_onsets;
BASNET_RT_C_API int64_t basnet_rt_onsets_size(const basnet_rt_onsets* found);
BASNET_RT_C_API const int64_t* basnet_rt_onsets_labels(const basnet_rt_onsets* found);
/// The time at which the activation crossed the threshold, in seconds.
BASNET_RT_C_API const double* basnet_rt_onsets_times(const basnet_rt_onsets* found);
/// The snippet whose arrival completed the hold time.
BASNET_RT_C_API const int64_t* basnet_rt_onsets_decided(const basnet_rt_onsets* found);
/// The normalised activation of that snippet.
BASNET_RT_C_API const float* basnet_rt_onsets_activations(const basnet_rt_onsets* found);
BASNET_RT_C_API void basnet_rt_onsets_free(basnet_rt_onsets** found);

// --- whole videos -------------------------------------------------------------------------------

BASNET_RT_CHECKED basnet_rt_status basnet_rt_propose(const basnet_rt_video* video,
                                                     const basnet_rt_config* config,
                                                     basnet_rt_proposals** found);
BASNET_RT_CHECKED basnet_rt_status basnet_rt_postprocess(const basnet_rt_video* video,
                                                         const basnet_rt_config* config,
                                                         basnet_rt_detections** found);

/// basnet_rt_postprocess for `count` videos, on up to num_threads threads (0: one per core).
///
/// @param videos  all of the same struct_size.
/// @param found   room for `count` handles; free each of them. An error names its video.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_postprocess_batch(const basnet_rt_video* videos,
                                                               int64_t count,
                                                               const basnet_rt_config* config,
                                                               int32_t num_threads,
                                                               basnet_rt_detections** found);

/// Video scores of a raw CAS (T, C+1), background last. @param scores  room for C.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_video_scores(const basnet_rt_rows* raw_cas,
                                                          const basnet_rt_config* config,
                                                          float* scores);

/// Hard NMS per label.
///
/// @param segments  (size, 2) seconds.
/// @param labels    (size,), or NULL: all segments have the same label.
/// @param kept      room for `size` indices; num_kept of them are written, best first.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_nms(const double* segments, const double* scores,
                                                 const int64_t* labels, int64_t size, double iou,
                                                 int64_t* kept, int64_t* num_kept);

/// @param kind         "linear" or "gaussian".
/// @param kept_scores  room for `size`; the decayed score of each.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_soft_nms(const double* segments, const double* scores,
                                                      const int64_t* labels, int64_t size,
                                                      const char* kind, double iou, double sigma,
                                                      double min_score, int64_t* kept,
                                                      double* kept_scores, int64_t* num_kept);

// --- streams ------------------------------------------------------------------------------------

/// StreamPostprocessor of basnet_rt/stream.h. A failed call leaves it unchanged, except for
/// OUT_OF_MEMORY.
typedef struct basnet_rt_stream basnet_rt_stream;

BASNET_RT_CHECKED basnet_rt_status basnet_rt_stream_create(const basnet_rt_config* config,
                                                           int64_t num_classes,
                                                           double snippet_seconds,
                                                           basnet_rt_stream** stream);
BASNET_RT_C_API void basnet_rt_stream_free(basnet_rt_stream** stream);

/// @param activations  (N, C), finite; N may be 0.
/// @param raw_cas      (N, C+1), background last, for gates "video" and "horizon"; or NULL.
/// @param finals       the detections that became final.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_stream_push(basnet_rt_stream* stream,
                                                         const basnet_rt_rows* activations,
                                                         const basnet_rt_rows* raw_cas,
                                                         basnet_rt_detections** finals);
/// The detections that `finish` would add now: provisional, by falling score.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_stream_pending(const basnet_rt_stream* stream,
                                                            basnet_rt_detections** found);
/// Declares `snippets` >= 1 missing ones.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_stream_gap(basnet_rt_stream* stream, int64_t snippets,
                                                        basnet_rt_detections** finals);
/// @param duration      seconds, or NULL: the end of the last snippet.
/// @param video_scores  (C,) for gate "video", or NULL: computed from the raw CAS pushed.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_stream_finish(basnet_rt_stream* stream,
                                                           const double* duration,
                                                           const float* video_scores,
                                                           basnet_rt_detections** finals);
/// Back to an empty stream with the same settings.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_stream_reset(basnet_rt_stream* stream);
/// The whole state, settings included. Python and C++ can load it too.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_stream_save(const basnet_rt_stream* stream,
                                                         basnet_rt_bytes** bytes);
/// Makes a new stream that continues from the saved state.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_stream_load(const void* data, size_t size,
                                                         basnet_rt_stream** stream);

/// Snippets seen so far, gaps included.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_stream_num_snippets(const basnet_rt_stream* stream,
                                                                 int64_t* snippets);
/// Snippets kept for detections that are not final yet.
BASNET_RT_CHECKED basnet_rt_status
basnet_rt_stream_buffered_snippets(const basnet_rt_stream* stream, int64_t* snippets);
/// 1 after `finish`, else 0.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_stream_finished(const basnet_rt_stream* stream,
                                                             int32_t* finished);
/// 1 if both run with the same config, classes and snippet length, else 0.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_stream_same_settings(const basnet_rt_stream* stream,
                                                                  const basnet_rt_stream* other,
                                                                  int32_t* same);

// --- onsets -------------------------------------------------------------------------------------

/// OnsetDetector of basnet_rt/onset.h.
typedef struct basnet_rt_onset_detector basnet_rt_onset_detector;

/// @param config          normalisation "fixed" or "horizon".
/// @param thresholds      of normalised activation, > 0; one, or one per class.
/// @param hold            seconds that the activation must stay at or above it, >= 0.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_onset_detector_create(
    const basnet_rt_config* config, const double* thresholds, int64_t num_thresholds, double hold,
    int64_t num_classes, double snippet_seconds, basnet_rt_onset_detector** detector);
BASNET_RT_C_API void basnet_rt_onset_detector_free(basnet_rt_onset_detector** detector);
BASNET_RT_CHECKED basnet_rt_status basnet_rt_onset_detector_push(basnet_rt_onset_detector* detector,
                                                                 const basnet_rt_rows* activations,
                                                                 basnet_rt_onsets** found);
BASNET_RT_CHECKED basnet_rt_status basnet_rt_onset_detector_gap(basnet_rt_onset_detector* detector,
                                                                int64_t snippets);
/// The state without the settings: `load` needs a detector with the same settings.
BASNET_RT_CHECKED basnet_rt_status
basnet_rt_onset_detector_save(const basnet_rt_onset_detector* detector, basnet_rt_bytes** bytes);
BASNET_RT_CHECKED basnet_rt_status basnet_rt_onset_detector_load(basnet_rt_onset_detector* detector,
                                                                 const void* data, size_t size);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // BASNET_RT_C_API_H
