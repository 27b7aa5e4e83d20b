#pragma once

// Converts between a module's tensors for a stream and the saved state.

#include <cstdint>

#include "basnet_rt/network_state.h"
#include "torch/model/model_impl.h"

namespace basnet_rt {

/// @param state  of one stream: first dimension 1 everywhere.
NetworkState to_network_state(const Model::Impl& model, const States& state);

/// Tensors of the kinds and devices of `like`, which is the state of one new stream.
/// @throws Error (kInvalidState): the bytes are damaged or of another network.
States load_tensors(const Model::Impl& model, std::string_view bytes, const States& like);

/// Snippets that the stream's network has seen.
std::int64_t seen_by(const States& state);

/// A digest that distinguishes models of the same shape.
std::int64_t weights_digest(const Script& script, bool of_version_0_1 = false);

}  // namespace basnet_rt
