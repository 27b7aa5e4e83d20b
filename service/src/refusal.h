#pragma once

#include <grpcpp/support/status.h>

#include <stdexcept>
#include <string>

#include "basnet_rt/error.h"

namespace service {

/// The reason for ending a call: the message for the client, and the name in the metrics.
class Refusal : public std::runtime_error {
 public:
  Refusal(grpc::StatusCode code, const char* kind, const std::string& message)
      : std::runtime_error(message), code_(code), kind_(kind) {}

  const char* kind() const { return kind_; }
  grpc::Status status() const { return {code_, what()}; }

 private:
  grpc::StatusCode code_;
  const char* kind_;
};

inline Refusal bad_input(const std::string& message) {
  return {grpc::StatusCode::INVALID_ARGUMENT, "bad_input", message};
}

/// The status of an exception for a client.
inline Refusal refusal_of(const std::exception& error) {
  if (const auto* own = dynamic_cast<const Refusal*>(&error)) return *own;
  const auto* known = dynamic_cast<const basnet_rt::Error*>(&error);
  if (known == nullptr) return {grpc::StatusCode::INTERNAL, "failed", error.what()};
  switch (known->code()) {
    case basnet_rt::ErrorCode::kInvalidArgument:
    case basnet_rt::ErrorCode::kInvalidType:
      return bad_input(error.what());
    default:
      return {grpc::StatusCode::INTERNAL, "failed", error.what()};
  }
}

}  // namespace service
