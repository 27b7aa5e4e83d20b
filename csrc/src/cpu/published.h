#pragma once

#include "basnet_rt/postprocess.h"

namespace basnet_rt::cpu {

/// The released code, with the same numbers, on one checked video.
Proposals propose_published(const VideoInput& video, const PostprocessConfig& config);
Detections postprocess_published(const VideoInput& video, const PostprocessConfig& config);

}  // namespace basnet_rt::cpu
