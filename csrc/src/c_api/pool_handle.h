#pragma once

#include <atomic>
#include <memory>

#include "basnet_rt/c_pool.h"
#include "basnet_rt/stream_pool.h"
#include "handles.h"

struct basnet_rt_pool : basnet_rt::c_api::Tagged<basnet_rt::c_api::Kind::kPool> {
  std::unique_ptr<basnet_rt::StreamPool> value;
  std::atomic<std::int64_t> last_ready{-1};  // the last stream that `ready` gave
};
