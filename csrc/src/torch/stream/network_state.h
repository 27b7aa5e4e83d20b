#pragma once

// The network's context of one stream as bytes, exact in every dtype; Python's
// basnet_rt.network_state reads and writes the same.

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "torch/model/model_impl.h"
#include "torch/stream/array_file.h"

namespace basnet_rt {

using Counts = std::vector<std::pair<std::string, std::int64_t>>;

/// `state` of one stream, first dimension 1 everywhere, and numbers that go with it.
std::string pack_state(const Model::Impl& model, const States& state, const Counts& counts);

struct UnpackedState {
  States state;
  std::vector<std::int64_t> counts;  ///< in the order of the names asked for
};

/// What `pack_state` was given; tensors of the kinds and devices of `like`.
/// @throws Error (kInvalidState): damaged, or saved with another model.
UnpackedState unpack_state(const Model::Impl& model, std::string_view bytes, const States& like,
                           const std::vector<std::string>& names);

/// Tells a model from another of its shape by its small weights: biases, classifier.
std::int64_t weights_digest(const Script& script);

}  // namespace basnet_rt
