#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "engine.h"
#include "event_sink.h"
#include "session.h"

namespace service {

/// The call of one stream in gRPC: reads a few requests ahead, writes one event at a time.
///
/// It keeps itself alive until gRPC has finished with it; the session may keep it longer. The
/// session limits unsent events: it accepts no more snippets if `unsent` grows.
class StreamCall final
    : public grpc::ServerBidiReactor<basnet_rt::v1::StreamRequest, basnet_rt::v1::StreamEvent>,
      public EventSink,
      public std::enable_shared_from_this<StreamCall> {
 public:
  static StreamCall* start(Engine& engine, grpc::CallbackServerContext* context);

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

  void send(basnet_rt::v1::StreamEvent event) override;
  void tell(basnet_rt::v1::StreamEvent event) override;
  void request_done() override;
  void finish(const grpc::Status& status) override;
  void abandon() override;
  std::size_t unsent() const override;

 private:
  StreamCall(Engine& engine, grpc::CallbackServerContext* context);

  void read_more();  // these two with the mutex held
  void write_more();
  void to_session(std::function<void(Session&)> work);

  Engine& engine_;
  grpc::CallbackServerContext* const context_;
  std::shared_ptr<StreamCall> self_;
  std::shared_ptr<Session> session_;
  basnet_rt::v1::StreamRequest request_;  // being read
  basnet_rt::v1::StreamEvent event_;      // being written

  mutable std::mutex mutex_;
  std::deque<basnet_rt::v1::StreamEvent> events_;
  std::map<int, basnet_rt::v1::StreamEvent> told_;  // by kind
  std::optional<grpc::Status> last_;
  int in_hand_ = 0;  // requests that the session has not processed yet
  bool reading_ = false;
  bool no_more_reads_ = false;
  bool writing_ = false;
  bool finished_ = false;
};

/// The caller, by certificate or address.
Peer peer_of(const grpc::CallbackServerContext& context);

}  // namespace service
