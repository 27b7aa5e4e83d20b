#include <string>

#include "basnet_rt/error.h"
#include "basnet_rt/postprocess.h"
#include "cpu/parallel.h"
#include "validate.h"

namespace basnet_rt {

std::vector<Detections> postprocess_batch(const std::vector<VideoInput>& videos,
                                          const PostprocessConfig& config, int num_threads) {
  check(config);
  if (num_threads < 0 || num_threads > 1024) {
    fail("num_threads is " + std::to_string(num_threads) +
         "; it must be from 0 (one per core) to 1024");
  }
  std::vector<Detections> results(videos.size());
  cpu::parallel_for(videos.size(), num_threads, [&](std::size_t i) {
    try {
      results[i] = postprocess(videos[i], config);
    } catch (const Error& error) {
      throw Error(error.code(), "videos[" + std::to_string(i) + "]: " + error.what());
    }
  });
  return results;
}

}  // namespace basnet_rt
