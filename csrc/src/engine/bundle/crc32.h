#pragma once

#include "saved/crc32.h"

namespace basnet_rt::bundle {

using basnet_rt::crc32;

}  // namespace basnet_rt::bundle
