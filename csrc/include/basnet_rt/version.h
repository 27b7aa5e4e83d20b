#pragma once

#include "basnet_rt/export.h"

namespace basnet_rt {

/// "major.minor.patch" of the library, as built.
BASNET_RT_API const char* version() noexcept;

}  // namespace basnet_rt
