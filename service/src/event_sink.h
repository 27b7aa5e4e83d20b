#pragma once

#include <grpcpp/support/status.h>

#include <cstddef>

#include "localization.pb.h"

namespace service {

/// The receiver of a stream's events. Any thread may call it; nothing blocks.
class EventSink {
 public:
  virtual ~EventSink() = default;
  /// Sends an event; events stay in order and are never dropped.
  virtual void send(basnet_rt::v1::StreamEvent event) = 0;
  /// Sends a report of progress, which replaces an earlier unsent one.
  virtual void tell(basnet_rt::v1::StreamEvent event) = 0;
  /// One more request is processed, so another may be read.
  virtual void request_done() = 0;
  /// Ends the call after all sent events.
  virtual void finish(const grpc::Status& status) = 0;
  /// Ends the call at once; for a client that does not read.
  virtual void abandon() = 0;
  /// Events of `send` that wait for the client to read.
  virtual std::size_t unsent() const = 0;
};

}  // namespace service
