#include <string>

#include "basnet_rt/error.h"
#include "basnet_rt/postprocess.h"
#include "parallel.h"
#include "settings/validate.h"

namespace basnet_rt {

std::vector<Detections> postprocess_batch(const std::vector<VideoInput>& videos,
                                          const PostprocessConfig& config, int num_threads) {
  check(config);
  check_num_threads(num_threads);
  std::vector<Detections> results(videos.size());
  cpu::parallel_for(videos.size(), num_threads, [&](std::size_t i) {
    try {
      results[i] = postprocess(videos[i], config);
    } catch (const Error& error) {
      throw error.in_video(i);
    }
  });
  return results;
}

}  // namespace basnet_rt
