#pragma once

#include <memory>
#include <optional>

#include "basnet_rt/config.h"
#include "basnet_rt/export.h"
#include "basnet_rt/model.h"
#include "basnet_rt/stream_pool.h"

// Component `torch`.

namespace basnet_rt {

/// A bundle's network for a StreamPool. The states of all slots are stacked on the model's device,
/// so one call computes a whole batch. A slot is created at its first use.
///
/// @param with_cas  whether to return the raw CAS too; gates kVideo and kHorizon need it.
BASNET_RT_API std::shared_ptr<PoolNetwork> pool_network(const Model& model, bool with_cas = true);

/// A pool of streams of `model`.
///
/// @param config  default: the bundle's own; mode kContinuous.
/// @throws Error (kInvalidArgument): a setting is wrong or does not fit a stream.
BASNET_RT_API std::unique_ptr<StreamPool> make_pool(
    const Model& model, const std::optional<PostprocessConfig>& config = std::nullopt,
    const PoolOptions& options = {});

}  // namespace basnet_rt
