#pragma once

// The differences between two settings, for messages.

#include <string>

#include "basnet_rt/config.h"

namespace basnet_rt {

/// "nms_iou is 0.7 there and 0.5 here".
std::string difference(const std::string& name, const std::string& there, const std::string& here);

/// The differences of all fields, separated by ", ".
std::string differences(const PostprocessConfig& there, const PostprocessConfig& here);

}  // namespace basnet_rt
