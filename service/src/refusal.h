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

/// The message for a client, who has one stream and does not know its number in the pool.
inline std::string without_stream(const std::string& message) {
  constexpr const char* kBegin = "stream ";
  const std::size_t number = std::string(kBegin).size();
  const std::size_t end = message.find_first_not_of("0123456789", number);
  const bool named = message.rfind(kBegin, 0) == 0 && end != std::string::npos && end > number &&
                     message.compare(end, 2, ": ") == 0;
  return named ? message.substr(end + 2) : message;
}

inline Refusal bad_input(const std::string& message) {
  return {grpc::StatusCode::INVALID_ARGUMENT, "bad_input", message};
}

/// The status of an exception for a client.
inline Refusal refusal_of(const std::exception& error) {
  if (const auto* own = dynamic_cast<const Refusal*>(&error)) return *own;
  const auto* known = dynamic_cast<const basnet_rt::Error*>(&error);
  if (known == nullptr) return {grpc::StatusCode::INTERNAL, "failed", error.what()};
  const std::string message = without_stream(error.what());
  switch (known->code()) {
    case basnet_rt::ErrorCode::kInvalidArgument:
    case basnet_rt::ErrorCode::kInvalidType:
      return bad_input(message);
    default:
      return {grpc::StatusCode::INTERNAL, "failed", message};
  }
}

}  // namespace service
