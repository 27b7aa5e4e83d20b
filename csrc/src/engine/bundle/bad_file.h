#pragma once

#include <stdexcept>

namespace basnet_rt::bundle {

/// What is wrong with a file's bytes; callers say which file, as a basnet_rt::Error.
class BadFile : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace basnet_rt::bundle
