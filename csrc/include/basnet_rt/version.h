#pragma once

namespace basnet_rt {

/// "major.minor.patch" of the library, as built.
const char* version() noexcept;

}  // namespace basnet_rt
