#pragma once

#include <cstdint>

#include "engine/bundle/stored_network.h"

namespace basnet_rt::engine {

/// The digest that saved states of this network carry, run in `dtype`: torch's where it runs the
/// same weights, so that its states are read, and another's for int8, which torch does not run.
std::int64_t weights_digest(const bundle::StoredNetwork& stored, DType dtype);

}  // namespace basnet_rt::engine
