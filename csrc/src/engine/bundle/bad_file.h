#pragma once

#include <stdexcept>

namespace basnet_rt::bundle {

/// A fault of a file's bytes; callers name the file, as a basnet_rt::Error.
class BadFile : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace basnet_rt::bundle
