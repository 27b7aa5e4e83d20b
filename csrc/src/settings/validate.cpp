#include "settings/validate.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <sstream>

namespace basnet_rt {
namespace {

// NaN and Inf have all exponent bits set; an integer test vectorises where std::isfinite may not.
bool all_finite(const float* values, std::int64_t count) {
  std::uint32_t bad = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    std::uint32_t bits;
    std::memcpy(&bits, values + i, sizeof bits);
    bad |= static_cast<std::uint32_t>((bits & 0x7f800000u) == 0x7f800000u);
  }
  return bad == 0;
}

bool is_finite(float value) {
  constexpr std::uint32_t kExponent = 0x7f800000u;
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return (bits & kExponent) != kExponent;
}

[[noreturn]] void fail_at_first_non_finite(const CasView& cas, std::int64_t snippet,
                                           const char* name, std::int64_t first_snippet) {
  const float* row = cas.row(snippet);
  std::int64_t column = 0;
  while (std::isfinite(row[column])) ++column;
  fail(std::string(name) + "[" + std::to_string(first_snippet + snippet) + ", " +
       std::to_string(column) + "] is " + to_text(row[column]) + "; activations must be finite");
}

void check_raw_cas(const VideoInput& video) {
  if (video.raw_cas.data == nullptr) {
    fail("raw_cas is None; gate=\"horizon\" needs the raw CAS (T, C+1) with its background column");
  }
  if (video.raw_cas.num_snippets != video.cas.num_snippets ||
      video.raw_cas.num_classes != video.cas.num_classes + 1) {
    std::ostringstream text;
    text << "raw_cas has shape (" << video.raw_cas.num_snippets << ", " << video.raw_cas.num_classes
         << "); it must be (T, C+1) = (" << video.cas.num_snippets << ", "
         << video.cas.num_classes + 1 << ")";
    fail(text.str());
  }
  check_cas(video.raw_cas, "raw_cas");
}

}  // namespace

std::string to_text(double value) {
  std::ostringstream text;
  for (int digits = 6; digits <= 17; ++digits) {
    text.str("");
    text.precision(digits);
    text << value;
    if (!std::isfinite(value) || std::strtod(text.str().c_str(), nullptr) == value) break;
  }
  return text.str();
}

void fail(const std::string& message) { throw Error(ErrorCode::kInvalidArgument, message); }

void check_cas(const CasView& cas, const char* name, std::int64_t first_snippet) {
  if (cas.num_snippets < 1 || cas.num_classes < 1) {
    fail(std::string(name) + " has shape (" + std::to_string(cas.num_snippets) + ", " +
         std::to_string(cas.num_classes) + "); it needs at least one snippet and one class");
  }
  if (cas.row_stride == cas.num_classes &&
      all_finite(cas.data, cas.num_snippets * cas.num_classes)) {
    return;
  }
  for (std::int64_t t = 0; t < cas.num_snippets; ++t) {
    if (!all_finite(cas.row(t), cas.num_classes))
      fail_at_first_non_finite(cas, t, name, first_snippet);
  }
}

// The first pass tests only exponent bits, so it vectorises; the second runs if it finds any.
std::int64_t first_not_finite(const FeatureView& features) {
  const std::int64_t size = features.num_snippets * features.feature_dim;
  if (all_finite(features.data, size)) return -1;
  return std::find_if_not(features.data, features.data + size, is_finite) - features.data;
}

std::string not_finite_text(const FeatureView& features, std::int64_t place,
                            std::int64_t first_snippet) {
  return "features: snippet " + std::to_string(first_snippet + place / features.feature_dim) +
         ", channel " + std::to_string(place % features.feature_dim) + " is " +
         to_text(features.data[place]) + "; features must be finite";
}

std::vector<float> zeroed(const FeatureView& features, std::int64_t& count) {
  const std::int64_t size = features.num_snippets * features.feature_dim;
  std::vector<float> kept(features.data, features.data + size);
  for (float& value : kept) {
    if (is_finite(value)) continue;
    value = 0.0f;
    ++count;
  }
  return kept;
}

void check_video_scores(const float* video_scores, std::int64_t num_classes) {
  for (std::int64_t c = 0; c < num_classes; ++c) {
    const float score = video_scores[c];
    if (!(score >= 0.0f && score <= 1.0f)) {
      fail("video_scores[" + std::to_string(c) + "] is " + to_text(score) +
           "; video scores must be in [0, 1]");
    }
  }
}

void check_positive_seconds(double value, const char* name) {
  if (!(value > 0.0) || !std::isfinite(value)) {
    fail(std::string(name) + " is " + to_text(value) + "; it must be finite and > 0 seconds");
  }
}

void check_num_threads(int num_threads) {
  if (num_threads >= 0 && num_threads <= 1024) return;
  fail("num_threads is " + std::to_string(num_threads) +
       "; it must be from 0 (one per core) to 1024");
}

void check_max_duration(const PostprocessConfig& config, double snippet_seconds) {
  const double least = snippet_seconds / 1000.0;
  if (config.max_duration >= least) return;
  fail("max_duration is " + to_text(config.max_duration) +
       "; it must be a thousandth of a snippet at least, which is " + to_text(least) + " seconds");
}

void check_fixed_range(const PostprocessConfig& config, std::int64_t num_classes) {
  if (config.normalisation != Normalisation::kFixed) return;
  for (const auto* values : {&config.fixed_lo, &config.fixed_hi}) {
    const auto size = static_cast<std::int64_t>(values->size());
    if (size != 1 && size != num_classes) {
      fail(std::string(values == &config.fixed_lo ? "fixed_lo" : "fixed_hi") + " has " +
           std::to_string(size) + " values; it must have 1 or one per class (" +
           std::to_string(num_classes) + ")");
    }
  }
}

void check(const PostprocessConfig& config, std::int64_t num_classes) {
  check(config);
  constexpr std::int64_t kMost = 1'000'000;  // each has memory of its own
  if (num_classes < 1 || num_classes > kMost) {
    fail("num_classes is " + std::to_string(num_classes) + "; it must be from 1 to " +
         std::to_string(kMost));
  }
  check_fixed_range(config, num_classes);
}

void check_video(const VideoInput& video, const PostprocessConfig& config) {
  check_cas(video.cas, "cas");
  check_positive_seconds(video.snippet_seconds, "snippet_seconds");
  if (video.duration) check_positive_seconds(*video.duration, "duration");
  check_max_duration(config, video.snippet_seconds);
  check_fixed_range(config, video.cas.num_classes);
  if (config.gate == Gate::kVideo) {
    if (video.video_scores == nullptr) {
      fail("video_scores is None; give (C,) scores in [0, 1], or use gate=\"none\"");
    }
    check_video_scores(video.video_scores, video.cas.num_classes);
  }
  if (config.gate == Gate::kHorizon) check_raw_cas(video);
}

}  // namespace basnet_rt
