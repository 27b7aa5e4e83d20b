#pragma once

#include "basnet_rt/postprocess.h"

namespace basnet_rt::cpu {

/// The continuous mode on one checked video.
Proposals propose_continuous(const VideoInput& video, const PostprocessConfig& config);
Detections postprocess_continuous(const VideoInput& video, const PostprocessConfig& config);

}  // namespace basnet_rt::cpu
