#pragma once

// The ring of a stream's latest snippets: snippet t lies at place t % size.

#include <algorithm>
#include <cstdint>

#include "formulas/host_device.h"

namespace basnet_rt::cuda {

/// Places of up to `size` snippets in a row, found without a division each.
struct RingPlace {
  std::int64_t origin = 0;  ///< a snippet at place 0, less than two rounds before all others
  std::int64_t size = INT64_MAX;

  BASNET_RT_HOST_DEVICE std::int64_t operator()(std::int64_t snippet) const {
    const std::int64_t past = snippet - origin;
    return past < size ? past : past - size;
  }
};

/// For the `size` snippets that end with `last`.
BASNET_RT_HOST_DEVICE inline RingPlace ring_up_to(std::int64_t last, std::int64_t size) {
  const std::int64_t oldest = std::max<std::int64_t>(0, last - size + 1);
  return {oldest / size * size, size};
}

}  // namespace basnet_rt::cuda
