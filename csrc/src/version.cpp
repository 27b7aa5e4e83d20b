#include "basnet_rt/version.h"

namespace basnet_rt {

const char* version() noexcept { return BASNET_RT_VERSION; }

}  // namespace basnet_rt
