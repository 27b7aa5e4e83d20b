#include "stream_call.h"

#include <chrono>
#include <utility>

namespace service {
namespace {

constexpr int kReadAhead = 4;

bool deadline_passed(const grpc::CallbackServerContext& context) {
  return context.deadline() <= std::chrono::system_clock::now();
}

}  // namespace

Peer peer_of(const grpc::CallbackServerContext& context) {
  const auto auth = context.auth_context();
  if (auth != nullptr && auth->IsPeerAuthenticated() && !auth->GetPeerIdentity().empty()) {
    const grpc::string_ref name = auth->GetPeerIdentity().front();
    const std::string identity(name.begin(), name.end());
    return {"tls:" + identity, identity};
  }
  const std::string address = context.peer();  // such as ipv4:127.0.0.1:4711
  return {address.substr(0, address.rfind(':')), ""};
}

StreamCall* StreamCall::start(Engine& engine, grpc::CallbackServerContext* context) {
  const std::shared_ptr<StreamCall> call(new StreamCall(engine, context));
  call->self_ = call;
  call->session_ = std::make_shared<Session>(engine.shared(), call, peer_of(*context));
  engine.post([&engine, session = call->session_] {
    engine.add(session);
    session->begin();
  });
  const std::lock_guard<std::mutex> lock(call->mutex_);
  call->read_more();
  return call.get();
}

StreamCall::StreamCall(Engine& engine, grpc::CallbackServerContext* context)
    : engine_(engine), context_(context) {}

void StreamCall::to_session(std::function<void(Session&)> work) {
  const std::lock_guard<std::mutex> lock(mutex_);
  engine_.post([session = session_, work = std::move(work)] { work(*session); });
}

void StreamCall::OnReadDone(bool ok) {
  auto incoming = std::make_shared<Incoming>();
  std::optional<Refusal> refusal;
  if (!ok && context_->IsCancelled()) {  // not a half-close: OnCancel is called
    const std::lock_guard<std::mutex> lock(mutex_);
    reading_ = false;
    no_more_reads_ = true;
    return;
  }
  if (!ok) {
    incoming->what = HalfClose{};
  } else {
    try {
      *incoming = parse(request_, engine_.model().feature_dim);
    } catch (const std::exception& error) {
      refusal = refusal_of(error);
    }
  }
  incoming->arrived = now_seconds();
  to_session([incoming, refusal](Session& session) {
    if (refusal) return session.refuse(*refusal);
    session.take(std::move(*incoming));
  });
  const std::lock_guard<std::mutex> lock(mutex_);
  reading_ = false;
  ++in_hand_;
  no_more_reads_ = no_more_reads_ || !ok || refusal;
  read_more();
}

void StreamCall::read_more() {
  if (reading_ || no_more_reads_ || last_ || finished_ || in_hand_ >= kReadAhead) return;
  reading_ = true;
  StartRead(&request_);
}

void StreamCall::request_done() {
  const std::lock_guard<std::mutex> lock(mutex_);
  --in_hand_;
  read_more();
}

void StreamCall::send(basnet_rt::v1::StreamEvent event) {
  const std::lock_guard<std::mutex> lock(mutex_);
  events_.push_back(std::move(event));
  write_more();
}

void StreamCall::tell(basnet_rt::v1::StreamEvent event) {
  const std::lock_guard<std::mutex> lock(mutex_);
  told_[event.event_case()] = std::move(event);
  write_more();
}

// gRPC never calls back inside StartRead, StartWrite or Finish, so they may be called with the
// mutex held; the mutex also keeps them in order.
void StreamCall::write_more() {
  if (writing_ || finished_) return;
  if (!events_.empty()) {
    event_ = std::move(events_.front());
    events_.pop_front();
  } else if (!told_.empty()) {
    event_ = std::move(told_.begin()->second);
    told_.erase(told_.begin());
  } else {
    if (!last_) return;
    finished_ = true;
    return Finish(*last_);
  }
  writing_ = true;
  StartWrite(&event_);
}

void StreamCall::OnWriteDone(bool ok) {
  const std::lock_guard<std::mutex> lock(mutex_);
  writing_ = false;
  if (!ok) {  // the connection is lost, and OnCancel informs the session
    events_.clear();
    told_.clear();
  }
  write_more();
}

void StreamCall::OnCancel() {
  const bool late = deadline_passed(*context_);
  to_session([late](Session& session) {
    session.refuse(
        late ? Refusal(grpc::StatusCode::DEADLINE_EXCEEDED, "deadline", "the deadline has passed")
             : Refusal(grpc::StatusCode::CANCELLED, "cancelled", "the client has gone"));
  });
}

void StreamCall::finish(const grpc::Status& status) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (last_) return;
  last_ = status;
  write_more();
}

void StreamCall::abandon() {
  const std::lock_guard<std::mutex> lock(mutex_);
  events_.clear();
  told_.clear();
  if (!finished_) context_->TryCancel();
}

std::size_t StreamCall::unsent() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return events_.size();
}

void StreamCall::OnDone() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    finished_ = true;
    session_.reset();
  }
  const std::shared_ptr<StreamCall> last = std::move(self_);  // may be the last to let go
}

}  // namespace service
