// A network that cannot flush would lose the last snippets of every stream.
#include "basnet_rt/stream_pool.h"

struct Network : basnet_rt::PoolNetwork {
  basnet_rt::PoolActivations step(const basnet_rt::PoolBatch&) override { return {}; }
  basnet_rt::PoolActivations flush(const basnet_rt::PoolBatch&) override { return {}; }  // good
  basnet_rt::PoolActivations flush() { return {}; }  // bad: abstract class type
};

std::shared_ptr<basnet_rt::PoolNetwork> make() { return std::make_shared<Network>(); }
