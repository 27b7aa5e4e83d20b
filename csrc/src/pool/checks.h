#pragma once

// What a pool asks of its arguments; each check throws Error naming the argument.

#include <cstdint>
#include <vector>

#include "basnet_rt/stream_pool.h"
#include "pool/stream.h"

namespace basnet_rt::cpu {

void check_at_least(const char* name, std::int64_t value, std::int64_t least);

/// 0 <= seconds <= most.
void check_seconds(const char* name, double value, double most);

void check_options(const PoolOptions& options);

/// Whether the backend has the settings of `like`, and a slot for every stream.
void check_backend(const PoolOptions& options, const StreamPostprocessor& like);

/// Place of the first NaN or Inf, or -1; also -1 where the shape is not (N, feature_dim).
std::int64_t first_bad(const FeatureView& features, std::int64_t feature_dim);

/// `bad` is what first_bad found; it matters unless `zero_bad`.
void check_features(const PoolStream& stream, const FeatureView& features, std::int64_t feature_dim,
                    std::int64_t bad, bool zero_bad);

/// A copy with 0 for NaN and Inf, which it counts.
std::vector<float> zeroed(const FeatureView& features, std::int64_t& count);

}  // namespace basnet_rt::cpu
