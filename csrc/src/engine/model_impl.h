#pragma once

// Shared by all copies of a Model.

#include <cstdint>
#include <memory>
#include <string>

#include "basnet_rt/engine.h"
#include "basnet_rt/network_state.h"
#include "engine/network.h"
#include "engine/threads.h"

namespace basnet_rt::engine {

/// A network in memory and the digest that its saved states carry; shared by all models of its
/// file and dtype.
struct LoadedNetwork {
  Network network;
  std::int64_t weights = 0;
};

class Model::Impl {
 public:
  BundleMetadata metadata;
  std::string name;
  std::string dtype;
  std::string kernel_name;
  std::shared_ptr<const LoadedNetwork> loaded;
  const Kernel* kernel = nullptr;
  std::shared_ptr<Threads> threads;

  const Network& network() const { return loaded->network; }
  Machine machine() const { return {*kernel, *threads}; }
};

/// A stream's state in the layout that every engine saves, and back.
NetworkState to_network_state(const Model::Impl& model, const StreamState& state);

/// @throws Error (kInvalidState): the bytes are damaged or of another network.
StreamState load_stream_state(const Model::Impl& model, std::string_view bytes);

}  // namespace basnet_rt::engine
