#pragma once

// Checks of a pool's arguments; each throws Error naming the argument.

#include <cstdint>

#include "basnet_rt/stream_pool.h"
#include "pool/stream.h"

namespace basnet_rt::cpu {

void check_at_least(const char* name, std::int64_t value, std::int64_t least);

/// 0 <= seconds <= most.
void check_seconds(const char* name, double value, double most);

void check_options(const PoolOptions& options);

/// Whether the backend has the settings of `like`, and a slot for every stream.
void check_backend(const PoolOptions& options, const StreamPostprocessor& like);

/// `bad` is the result of first_not_finite; it is ignored with `zero_bad`.
void check_features(const PoolStream& stream, const FeatureView& features, std::int64_t feature_dim,
                    std::int64_t bad, bool zero_bad);

}  // namespace basnet_rt::cpu
