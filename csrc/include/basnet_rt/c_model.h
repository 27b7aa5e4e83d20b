#ifndef BASNET_RT_C_MODEL_H
#define BASNET_RT_C_MODEL_H

/// Bundles for C: from features to detections, without libtorch (basnet_rt/engine.h). The rules of
/// c_api.h hold here too, with one exception: many threads may use a model at once.
///
/// Features are (N, F) float32, contiguous rows. If a function takes a config, NULL means the
/// config of the bundle.

#include "basnet_rt/c_pool.h"

#ifdef __cplusplus
extern "C" {
#endif

// --- the model ----------------------------------------------------------------------------------

/// Model of basnet_rt/engine.h.
typedef struct basnet_rt_model basnet_rt_model;

/// Reads a bundle, TorchScript or safetensors. No code in the file is executed.
///
/// @param path         of the file, in the system's encoding.
/// @param dtype        "float32", "bfloat16" or "int8"; NULL: as stored.
/// @param num_threads  threads that one call may use; 0: one per core.
/// @return BUNDLE: the file is absent, damaged or not a bundle; INVALID_ARGUMENT: unknown dtype;
///         UNAVAILABLE: BASNET_RT_FORCE_KERNEL names a kernel that cannot run here.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_model_load(const char* path, const char* dtype,
                                                        int32_t num_threads,
                                                        basnet_rt_model** model);
/// Streams and pools of the model may still be used afterwards.
BASNET_RT_C_API void basnet_rt_model_free(basnet_rt_model** model);

// The bundle's metadata. Texts are valid until the model is freed. For a NULL model, numbers are 0
// and texts NULL.

/// C.
BASNET_RT_C_API int64_t basnet_rt_model_num_classes(const basnet_rt_model* model);
/// The name behind a label in [0, C); NULL for another.
BASNET_RT_C_API const char* basnet_rt_model_class_name(const basnet_rt_model* model, int64_t label);
/// F.
BASNET_RT_C_API int64_t basnet_rt_model_feature_dim(const basnet_rt_model* model);
/// Distance between the starts of two snippets, in seconds.
BASNET_RT_C_API double basnet_rt_model_snippet_seconds(const basnet_rt_model* model);
/// The dtype of the weights in use: "float32", "bfloat16" or "int8".
BASNET_RT_C_API const char* basnet_rt_model_dtype(const basnet_rt_model* model);
/// The kernel that runs the network on this processor, such as "avx512_vnni".
BASNET_RT_C_API const char* basnet_rt_model_kernel(const basnet_rt_model* model);
/// The whole metadata, as JSON.
BASNET_RT_C_API const char* basnet_rt_model_metadata(const basnet_rt_model* model);

/// A copy of the bundle's settings, which the caller may change.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_model_config(const basnet_rt_model* model,
                                                          basnet_rt_config** config);
/// The bundle's settings, changed for early finals: `streaming_config` of basnet_rt/bundle.h.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_model_streaming_config(const basnet_rt_model* model,
                                                                    basnet_rt_config** config);

// --- whole videos -------------------------------------------------------------------------------

/// Detections of one video, by falling score.
///
/// @param features  (T, F), finite, T >= 1. Another F is BUNDLE.
/// @param duration  seconds, or NULL: T * snippet_seconds; mode "published" does not look at it.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_model_localize(const basnet_rt_model* model,
                                                            const basnet_rt_rows* features,
                                                            const basnet_rt_config* config,
                                                            const double* duration,
                                                            basnet_rt_detections** found);

// --- streams ------------------------------------------------------------------------------------

/// StreamingLocalizer of basnet_rt/engine.h: its finals equal the detections of `localize` in the
/// whole video, bit for bit. A failed call leaves it unchanged, except for OUT_OF_MEMORY.
typedef struct basnet_rt_localizer basnet_rt_localizer;

/// @param config             mode "continuous"; or NULL.
/// @param thresholds         of onsets: one, or one per class.
/// @param num_thresholds     0: no onsets; `thresholds` and `hold` are then ignored.
/// @param hold               seconds that an activation must stay at or above its threshold.
/// @param zero_bad_features  1: NaN and Inf become 0; 0: they are INVALID_ARGUMENT.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_localizer_create(const basnet_rt_model* model,
                                                              const basnet_rt_config* config,
                                                              const double* thresholds,
                                                              int64_t num_thresholds, double hold,
                                                              int32_t zero_bad_features,
                                                              basnet_rt_localizer** localizer);
BASNET_RT_C_API void basnet_rt_localizer_free(basnet_rt_localizer** localizer);

/// @param features  (N, F); N may be 0. @param finals  the detections that became final.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_localizer_push(basnet_rt_localizer* localizer,
                                                            const basnet_rt_rows* features,
                                                            basnet_rt_detections** finals);
/// Provisional detections, by falling score.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_localizer_pending(const basnet_rt_localizer* localizer,
                                                               basnet_rt_detections** found);
/// Onsets since the last call.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_localizer_onsets(basnet_rt_localizer* localizer,
                                                              basnet_rt_onsets** found);
/// Declares `snippets` >= 1 missing ones.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_localizer_gap(basnet_rt_localizer* localizer,
                                                           int64_t snippets,
                                                           basnet_rt_detections** finals);
/// @param duration  seconds, or NULL: the end of the last snippet.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_localizer_finish(basnet_rt_localizer* localizer,
                                                              const double* duration,
                                                              basnet_rt_detections** finals);
/// Back to an empty stream with the same settings.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_localizer_reset(basnet_rt_localizer* localizer);
/// Everything needed to continue the stream. Python and C++ can load it too.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_localizer_save(const basnet_rt_localizer* localizer,
                                                            basnet_rt_bytes** bytes);
/// Continues from bytes that a localizer of the same bundle and settings saved.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_localizer_load(basnet_rt_localizer* localizer,
                                                            const void* data, size_t size);
/// Snippets with final activations, gaps included; up to two fewer than were pushed.
BASNET_RT_CHECKED basnet_rt_status
basnet_rt_localizer_num_snippets(const basnet_rt_localizer* localizer, int64_t* snippets);
/// 1 after `finish`, else 0.
BASNET_RT_CHECKED basnet_rt_status
basnet_rt_localizer_finished(const basnet_rt_localizer* localizer, int32_t* finished);

// --- many streams -------------------------------------------------------------------------------

/// A pool of streams of the model, for the functions of c_pool.h.
///
/// @param config   mode "continuous"; or NULL.
/// @param options  or NULL: the defaults.
BASNET_RT_CHECKED basnet_rt_status basnet_rt_model_make_pool(const basnet_rt_model* model,
                                                             const basnet_rt_config* config,
                                                             const basnet_rt_pool_options* options,
                                                             basnet_rt_pool** pool);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // BASNET_RT_C_MODEL_H
