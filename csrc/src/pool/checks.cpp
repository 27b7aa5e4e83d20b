#include "pool/checks.h"

#include <cmath>
#include <string>

#include "settings/validate.h"

namespace basnet_rt::cpu {
namespace {

constexpr double kLongest = 1e9;  // seconds; fits into the clock's type

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

void check_features(const PoolStream& stream, const FeatureView& features, std::int64_t feature_dim,
                    std::int64_t bad, bool zero_bad) {
  std::string what;
  if (features.feature_dim != feature_dim) {
    what = "features have " + std::to_string(features.feature_dim) +
           " channels; this pool's have " + std::to_string(feature_dim);
  } else if (bad >= 0 && !zero_bad) {
    what = not_finite_text(features, bad, stream.index);
  }
  if (!what.empty()) throw stream_error(stream.id, ErrorCode::kInvalidArgument, what);
}

}  // namespace basnet_rt::cpu
