#pragma once

#include <cstdint>

#include "engine/bundle/stored_network.h"

namespace basnet_rt::engine {

/// The digest in saved states of this network, run in `dtype`. For weights that torch can run, it
/// equals torch's digest, so that both can read each other's states; int8 has its own.
std::int64_t weights_digest(const bundle::StoredNetwork& stored, DType dtype);

}  // namespace basnet_rt::engine
