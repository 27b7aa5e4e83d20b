#pragma once

// Settings and videos on which the CUDA backend is compared with the CPU.

#include <ostream>
#include <string>
#include <vector>

#include "../support.h"

namespace basnet_rt::testing {

struct Case {
  std::string name;
  PostprocessConfig config;
};

std::ostream& operator<<(std::ostream& out, const Case& one);

/// Every option that changes what kernels do, by itself or with those that it meets; three classes.
std::vector<Case> cases();

/// Videos, and views of them with a raw CAS; every third with a duration of its own.
struct Inputs {
  std::vector<Video> videos;
  std::vector<Video> raw;
  std::vector<VideoInput> views;
};

/// 1 and 2, then one below, at and above a warp and a block, then a real video's length.
inline const std::vector<std::int64_t> kLengths = {1, 2, 31, 32, 33, 127, 128, 129, 750};

Inputs inputs_of(const PostprocessConfig& config, std::int64_t num_classes, unsigned seed,
                 const std::vector<std::int64_t>& lengths = kLengths);

/// Equal in every bit.
void expect_equal(const Detections& got, const Detections& want);

}  // namespace basnet_rt::testing
