#include "pool/checks.h"

#include <cmath>
#include <cstring>
#include <string>

#include "settings/validate.h"

namespace basnet_rt::cpu {
namespace {

constexpr double kLongest = 1e9;  // seconds; what the clock's own type can hold

bool is_finite(float value) {
  constexpr std::uint32_t kExponent = 0x7f800000u;
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return (bits & kExponent) != kExponent;
}

}  // namespace

void check_at_least(const char* name, std::int64_t value, std::int64_t least) {
  if (value >= least) return;
  fail(std::string(name) + " is " + std::to_string(value) + "; it must be at least " +
       std::to_string(least));
}

void check_seconds(const char* name, double value, double most) {
  if (value >= 0.0 && value <= most) return;
  fail(std::string(name) + " is " + to_text(value) + "; it must be at least 0" +
       (std::isinf(most) ? "" : " and finite") + " seconds");
}

void check_options(const PoolOptions& options) {
  check_at_least("max_batch", options.max_batch, 1);
  check_seconds("max_delay", options.max_delay, kLongest);
  check_at_least("max_queue", options.max_queue, 1);
  check_at_least("max_streams", options.max_streams, 1);
  if (options.threaded && options.clock) fail("clock is for a pool without a thread");
}

void check_backend(const PoolOptions& options, const StreamPostprocessor& like) {
  const std::int64_t slots = options.backend->max_streams();
  if (slots < options.max_streams) {
    fail("backend has " + std::to_string(slots) + " slots; max_streams is " +
         std::to_string(options.max_streams));
  }
  if (!StreamPostprocessor::load(options.backend->save(0)).same_settings(like)) {
    fail("backend was made for another config, number of classes or snippet length");
  }
}

// Exponent bits alone decide, so the first loop vectorises; the second runs where it found one.
std::int64_t first_bad(const FeatureView& features, std::int64_t feature_dim) {
  if (features.feature_dim != feature_dim) return -1;
  const std::int64_t size = features.num_snippets * feature_dim;
  std::uint32_t any = 0;
  for (std::int64_t i = 0; i < size; ++i) any |= is_finite(features.data[i]) ? 0u : 1u;
  for (std::int64_t i = 0; any != 0 && i < size; ++i) {
    if (!is_finite(features.data[i])) return i;
  }
  return -1;
}

void check_features(const PoolStream& stream, const FeatureView& features, std::int64_t feature_dim,
                    std::int64_t bad, bool zero_bad) {
  std::string what;
  if (features.feature_dim != feature_dim) {
    what = "features have " + std::to_string(features.feature_dim) +
           " channels; this pool's have " + std::to_string(feature_dim);
  } else if (bad >= 0 && !zero_bad) {
    what = "features: snippet " + std::to_string(stream.index + bad / feature_dim) + ", channel " +
           std::to_string(bad % feature_dim) + " is " + to_text(features.data[bad]) +
           "; features must be finite";
  }
  if (!what.empty()) throw stream_error(stream.id, ErrorCode::kInvalidArgument, what);
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

}  // namespace basnet_rt::cpu
