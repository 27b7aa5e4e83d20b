#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>

#include "basnet_rt/export.h"

namespace basnet_rt {

/// The kind of error; bindings map each to one exception type.
enum class ErrorCode {
  kInvalidArgument,  ///< a value, shape or setting is out of its range
  kInvalidType,      ///< the kind or layout of an array is wrong
  kInvalidState,     ///< the call is not allowed now (a finished stream, foreign saved state)
  kBundle,           ///< a bundle cannot be read or does not fit
  kUnavailable,      ///< a device, its driver or its memory is not available
};

/// The only exception the library throws. It never prints, exits or aborts.
class BASNET_RT_API Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ErrorCode code() const noexcept { return code_; }

  /// The same error for video i of a batch: "videos[i]: " and the text.
  Error in_video(std::size_t i) const {
    const std::string place = "videos[" + std::to_string(i) + "]: ";
    Error error(code_, place + without_video());
    error.place_ = place.size();
    return error;
  }
  /// The text without the prefix that names the video.
  const char* without_video() const noexcept { return what() + place_; }

 private:
  ErrorCode code_;
  std::size_t place_ = 0;  // characters of `what` that name a video
};

}  // namespace basnet_rt
