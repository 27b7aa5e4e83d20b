#pragma once

// Reads a StreamingLocalizer saved by version 0.1: four parts, one of them JSON.

#include <string_view>

#include "saved/localizer_state.h"

namespace basnet_rt {

bool is_old_localizer_state(std::string_view bytes);

/// @throws Error (kInvalidState): damaged.
LocalizerState read_old_localizer_state(std::string_view bytes);

}  // namespace basnet_rt
