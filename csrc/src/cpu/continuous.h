#pragma once

#include <cstdint>
#include <vector>

#include "basnet_rt/postprocess.h"
#include "cpu/root.h"

namespace basnet_rt::cpu {

/// The continuous mode (DESIGN section 5.2) on one checked video.
Proposals propose_continuous(const VideoInput& video, const PostprocessConfig& config);
Detections postprocess_continuous(const VideoInput& video, const PostprocessConfig& config);

/// Section of a whole video: from 0 to `duration`, or to the end of its last snippet.
Section whole_video(const VideoInput& video);

/// Last snippet whose centre lies before the end of `root`, but at least its first.
std::int64_t last_snippet(const Interval& root, const Section& section);

}  // namespace basnet_rt::cpu
