// A pool owns a thread and its streams: two of them cannot be one.
#include <utility>

#include "basnet_rt/stream_pool.h"

void keep(basnet_rt::StreamPool& pool) {
  basnet_rt::StreamPool& kept = pool;  // good
  basnet_rt::StreamPool kept = pool;   // bad: use of deleted function
  kept.shutdown(basnet_rt::Shutdown::kDrain);
}
