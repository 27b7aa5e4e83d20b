#pragma once

#include "basnet_rt/c_pool.h"
#include "basnet_rt/stream_pool.h"
#include "handles.h"

struct basnet_rt_pool_options : basnet_rt::c_api::Tagged<basnet_rt::c_api::Kind::kPoolOptions> {
  basnet_rt::PoolOptions value;
};
