#pragma once

// Reads a network's state saved by version 0.1: NumPy arrays in a zip archive.

#include <cstdint>
#include <string_view>

#include "basnet_rt/network_state.h"

namespace basnet_rt {

struct OldNetworkState {
  NetworkState state;
  std::int64_t first_snippet = 0;  ///< absolute index of the first since the last gap
};

bool is_old_network_state(std::string_view bytes);

/// @throws Error (kInvalidState): damaged, or arrays of another kind.
OldNetworkState read_old_network_state(std::string_view bytes);

}  // namespace basnet_rt
