// The CUDA backend's stand-in for pytest: one function, with the handles of the C API beside it.

#include <memory>

#include "c_api/handles.h"
#include "c_api/status.h"
#include "standin.h"

using namespace basnet_rt;
using namespace basnet_rt::c_api;

namespace {

std::vector<Detections> run(const basnet_rt_video* videos, std::int64_t count,
                            const PostprocessConfig& config, std::int32_t order) {
  check(config);
  std::vector<VideoInput> inputs;
  for (std::int64_t i = 0; i < count; ++i) inputs.push_back(video_of(videos + i));
  return testing::run_standin_until_done(testing::standin_batch(inputs), config,
                                         static_cast<cuda::Order>(order));
}

}  // namespace

/// As basnet_rt_postprocess_batch, by the stand-in.
/// @param order  0 forward, 1 backward, 2 scattered.
extern "C" BASNET_RT_C_API basnet_rt_status basnet_rt_standin_postprocess_batch(
    const basnet_rt_video* videos, std::int64_t count, const basnet_rt_config* config,
    std::int32_t order, basnet_rt_detections** found) {
  return guarded([&] {
    for (Detections& one : run(videos, count, handle(config, "config").value, order)) {
      auto made = std::make_unique<basnet_rt_detections>();
      made->take(std::move(one));
      *found++ = made.release();
    }
  });
}
