#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "basnet_rt/config.h"
#include "basnet_rt/stream_pool.h"
#include "options.h"

namespace service {

/// A network for the pool, and what clients need to know of it.
struct ModelSource {
  std::string name;
  std::vector<std::string> classes;
  std::int64_t feature_dim = 0;
  double snippet_seconds = 0.0;
  basnet_rt::PostprocessConfig config;
  std::shared_ptr<basnet_rt::PoolNetwork> network;
};

/// The model that the options name. Which source file is linked decides: a bundle, run by the
/// native engine or by libtorch, or, for tests alone, a network made of arithmetic.
/// @throws basnet_rt::Error
ModelSource load_model(const Options& options);

}  // namespace service
