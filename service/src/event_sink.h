#pragma once

#include <grpcpp/support/status.h>

#include <cstddef>

#include "localization.pb.h"

namespace service {

/// The receiver of a stream's events. Any thread may call it; nothing blocks.
class EventSink {
 public:
  virtual ~EventSink() = default;
  /// In order, and never dropped.
  virtual void send(basnet_rt::v1::StreamEvent event) = 0;
  /// A report of progress; it replaces an earlier one that was not sent yet.
  virtual void tell(basnet_rt::v1::StreamEvent event) = 0;
  /// One more request has been dealt with: another may be read.
  virtual void request_done() = 0;
  /// Ends the call behind everything that was sent.
  virtual void finish(const grpc::Status& status) = 0;
  /// Ends the call at once; for a client that does not read.
  virtual void abandon() = 0;
  /// Events of `send` that wait for the client to read.
  virtual std::size_t unsent() const = 0;
};

}  // namespace service
