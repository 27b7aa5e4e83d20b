#include "basnet_rt/postprocess.h"

#include "cpu/continuous.h"
#include "cpu/gate.h"
#include "cpu/published.h"
#include "settings/validate.h"

namespace basnet_rt {

Proposals propose(const VideoInput& video, const PostprocessConfig& config) {
  check(config);
  check_video(video, config);
  return config.mode == Mode::kPublished ? cpu::propose_published(video, config)
                                         : cpu::propose_continuous(video, config);
}

Detections postprocess(const VideoInput& video, const PostprocessConfig& config) {
  check(config);
  check_video(video, config);
  return config.mode == Mode::kPublished ? cpu::postprocess_published(video, config)
                                         : cpu::postprocess_continuous(video, config);
}

std::vector<float> video_scores(const CasView& raw_cas, const PostprocessConfig& config) {
  check(config);
  check_cas(raw_cas, "cas");
  const std::vector<double> scores = cpu::class_scores(raw_cas, config);
  return {scores.begin(), scores.end()};
}

}  // namespace basnet_rt
