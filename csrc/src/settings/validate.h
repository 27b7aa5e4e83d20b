#pragma once

// The checks of arguments that arrive with a video; each throws Error naming the argument.

#include <cstdint>
#include <string>
#include <vector>

#include "basnet_rt/config.h"
#include "basnet_rt/error.h"
#include "basnet_rt/postprocess.h"

namespace basnet_rt {

/// The shortest text that parses as `value` ("0.25", "nan", "inf").
std::string to_text(double value);

[[noreturn]] void fail(const std::string& message);

/// Checks shape and finiteness of an activation array. Messages call it `name` and count snippets
/// from `first_snippet`.
void check_cas(const CasView& cas, const char* name, std::int64_t first_snippet = 0);

/// `video_scores` of shape (C,): in [0, 1].
void check_video_scores(const float* video_scores, std::int64_t num_classes);

/// Place of the first NaN or Inf among the values, or -1.
std::int64_t first_not_finite(const FeatureView& features);

/// "features: snippet 7, channel 2 is nan; features must be finite".
///
/// @param first_snippet  index of the first row.
std::string not_finite_text(const FeatureView& features, std::int64_t place,
                            std::int64_t first_snippet);

/// A copy with 0 instead of NaN and Inf; `count` gets their number.
std::vector<float> zeroed(const FeatureView& features, std::int64_t& count);

/// Seconds, finite and > 0.
void check_positive_seconds(double value, const char* name);

/// Checks the input of `postprocess` for one video; `config` is checked already.
void check_video(const VideoInput& video, const PostprocessConfig& config);

/// From 0 (one per core) to 1024.
void check_num_threads(int num_threads);

/// Checks max_duration against the length of a snippet: far shorter pieces would take for ever.
void check_max_duration(const PostprocessConfig& config, double snippet_seconds);

/// Checks the number of values in fixed_lo and fixed_hi.
void check_fixed_range(const PostprocessConfig& config, std::int64_t num_classes);

}  // namespace basnet_rt
