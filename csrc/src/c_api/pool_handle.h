#pragma once

#include <memory>

#include "basnet_rt/c_pool.h"
#include "basnet_rt/stream_pool.h"
#include "handles.h"

struct basnet_rt_pool : basnet_rt::c_api::Tagged<basnet_rt::c_api::Kind::kPool> {
  std::unique_ptr<basnet_rt::StreamPool> value;
};
