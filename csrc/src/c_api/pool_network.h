#pragma once

// A network of C functions as a PoolNetwork.

#include <memory>

#include "basnet_rt/c_pool.h"
#include "basnet_rt/stream_pool.h"
#include "handles.h"

struct basnet_rt_pool_output : basnet_rt::c_api::Tagged<basnet_rt::c_api::Kind::kPoolOutput> {
  std::int64_t batch_size = 0;
  std::int64_t num_classes = 0;
  bool wants_raw = false;
  std::string error;
  basnet_rt::PoolActivations value;
};

namespace basnet_rt::c_api {

class CNetwork : public PoolNetwork {
 public:
  /// @throws Error (kInvalidArgument): the struct is incomplete.
  CNetwork(const basnet_rt_pool_network* functions, std::int64_t num_classes, bool wants_raw);
  ~CNetwork() override;
  CNetwork(const CNetwork&) = delete;
  CNetwork& operator=(const CNetwork&) = delete;

  PoolActivations step(const PoolBatch& batch) override;
  PoolActivations flush(const PoolBatch& batch) override;
  std::string save(std::int64_t slot) override;
  void load(std::int64_t slot, std::string_view bytes) override;

  /// After this call, the destructor releases the user's data.
  void own() { owns_ = true; }

 private:
  using Function = int32_t (*)(void*, const basnet_rt_pool_batch*, basnet_rt_pool_output*);
  PoolActivations answer(Function function, const PoolBatch& batch) const;

  basnet_rt_pool_network functions_;
  std::int64_t num_classes_;
  bool wants_raw_;
  bool owns_ = false;
};

}  // namespace basnet_rt::c_api
