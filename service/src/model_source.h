#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "basnet_rt/config.h"
#include "basnet_rt/stream_pool.h"
#include "options.h"

namespace service {

/// A network for the pool, and the facts about it that clients need.
struct ModelSource {
  std::string name;
  std::vector<std::string> classes;
  std::int64_t feature_dim = 0;
  double snippet_seconds = 0.0;
  basnet_rt::PostprocessConfig config;
  std::shared_ptr<basnet_rt::PoolNetwork> network;
};

/// The model of the options. The linked source file decides what it is: a bundle, run by the native
/// engine or by libtorch, or (only for tests) a network of simple arithmetic.
/// @throws basnet_rt::Error
ModelSource load_model(const Options& options);

}  // namespace service
