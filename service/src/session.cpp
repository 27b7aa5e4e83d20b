// The input of a session.

#include "session.h"

#include <algorithm>
#include <utility>

namespace service {
namespace {

constexpr std::int64_t kLongest = std::int64_t{1} << 60;  // snippets; what the pool's indices hold

std::string text(std::int64_t number) { return std::to_string(number); }

Refusal lost(const std::string& message) { return {grpc::StatusCode::NOT_FOUND, "state", message}; }

}  // namespace

Refusal Session::refusal_of_keeper(const KeeperAnswer& answer) {
  using grpc::StatusCode;
  switch (answer.what) {
    case Kept::kFenced:
      return {StatusCode::ABORTED, "taken_over", answer.message};
    case Kept::kForeign:
      return {StatusCode::PERMISSION_DENIED, "state", answer.message};
    case Kept::kFull:
      return {StatusCode::RESOURCE_EXHAUSTED, "over_limit", answer.message};
    case Kept::kDamaged:
      return lost(answer.message);
    case Kept::kAway:
      return {StatusCode::UNAVAILABLE, "state", answer.message};
    default:
      return {StatusCode::INTERNAL, "state", answer.message};
  }
}

Session::Session(Shared& shared, std::shared_ptr<EventSink> sink, Peer peer)
    : shared_(shared), sink_(std::move(sink)), peer_(std::move(peer)) {
  began_ = last_request_ = last_kept_ = now_seconds();
}

void Session::begin() {
  guarded([&] { place_ = admit_call(shared_, peer_.client); });
}

void Session::take(Incoming request) {
  if (closed()) return;
  last_request_ = request.arrived;
  inbox_.push_back(std::move(request));
  work_inbox(now_seconds());
}

void Session::refuse(const Refusal& why) {
  if (!closed()) leave(why);
}

void Session::work_inbox(double now) {
  guarded([&] {
    while (!inbox_.empty() && phase_ != Phase::kClaiming) {  // closing empties it
      Incoming request = std::move(inbox_.front());
      inbox_.pop_front();
      if (!accept(request, now)) return inbox_.push_front(std::move(request));
      paid_ = false;
      sink_->request_done();
    }
  });
}

void Session::guarded(const std::function<void()>& work) {
  try {
    work();
  } catch (const std::exception& error) {
    if (!closed()) leave(refusal_of(error));
  }
}

bool Session::accept(const Incoming& request, double now) {
  // A new connection's client may know more than this object does until its stream is found.
  if (phase_ != Phase::kNew) forget_received(request.received);
  arrived_ = request.arrived;
  const bool is_open = std::holds_alternative<OpenRequest>(request.what);
  if (phase_ == Phase::kNew && !is_open && !std::holds_alternative<HalfClose>(request.what)) {
    throw bad_input("the first request must be an open");
  }
  if (is_open) open_received_ = request.received;
  if (!std::visit([&](const auto& what) { return accept(what, now); }, request.what)) return false;
  maybe_done();
  return true;
}

bool Session::accept(const OpenRequest& request, double) {
  if (phase_ != Phase::kNew) throw bad_input("open must be the first request and no other");
  if (!request.token.empty()) {
    name_ = name_of_token(request.token);
    take_over();
  }
  take_place();
  open_ = request;
  pending_every_ = request.pending_every;
  shared_.metrics.stream_opened(request.durable > 0);
  phase_ = Phase::kClaiming;  // requests wait
  if (request.token.empty()) {
    begin_stream(std::nullopt);
  } else {
    claim();
  }
  return true;
}

// From an older connection to this process; of those elsewhere the keeper knows.
void Session::take_over() {
  const auto found = shared_.by_name.find(name_);
  const auto other = found == shared_.by_name.end() ? nullptr : found->second.lock();
  if (other != nullptr && !other->closed()) {
    if (other->peer_.identity != peer_.identity) {
      throw refusal_of_keeper(foreign_answer());
    }
    if (other->peer_.client == peer_.client) std::swap(place_, other->place_);
    other->leave(refusal_of_keeper(fenced_answer()));
  }
  shared_.by_name[name_] = weak_from_this();
}

// Unless the older connection's place was taken.
void Session::take_place() {
  if (place_ == Place::kStream) return;
  release(shared_, peer_.client, std::exchange(place_, Place::kNone));
  admit(shared_, peer_.client);
  place_ = Place::kStream;
}

void Session::claim() {
  const KeeperClaim claim{name_, peer_.identity, peer_.client};
  shared_.keeper.claim(claim, [self = shared_from_this()](Claimed found) {
    auto shared = std::make_shared<Claimed>(std::move(found));
    self->shared_.post([self, shared] { self->claimed(std::move(*shared)); });
  });
}

void Session::claimed(Claimed found) {
  if (closed()) {  // the client did not wait
    if (found.fence != 0) shared_.keeper.release(name_, found.fence);
    return;
  }
  guarded([&] {
    if (!found.answer.ok()) throw refusal_of_keeper(found.answer);
    fence_ = found.fence;
    begin_stream(found.record);
  });
  if (!closed()) work_inbox(now_seconds());
}

void Session::begin_stream(const std::optional<std::string>& record) {
  if (record) {
    resume(*record);
  } else if (open_.durable > 0) {
    throw lost("there is no stream of this token; it was kept up to snippet " +
               text(open_.durable) + " and has expired, or is kept elsewhere");
  } else {
    stream_ = shared_.pool.open();
  }
  if (phase_ == Phase::kClaiming) phase_ = Phase::kRunning;
  durable_ = processed_ = pending_told_ = next_snippet_;
  basnet_rt::v1::StreamEvent event;
  event.mutable_opened()->set_next_snippet(next_snippet_);
  event.mutable_opened()->set_resumed(next_snippet_ > 0 || last_sequence_ > 0);
  sink_->send(std::move(event));
  forget_received(open_received_);
  for (const auto& waiting : outbox_) sink_->send(waiting);
  maybe_done();
}

void Session::resume(const std::string& bytes) {
  basnet_rt::v1::StreamRecord record;
  if (!record.ParseFromString(bytes)) throw lost("the state kept of this stream is damaged");
  if (record.next_snippet() < open_.durable) {
    throw lost("the state kept of this stream ends before snippet " + text(open_.durable));
  }
  if (record.state().empty()) {
    phase_ = Phase::kFinished;
    end_repeats_ = true;
  } else {
    try {
      stream_ = shared_.pool.restore(record.state());
    } catch (const basnet_rt::Error& error) {
      throw Refusal(grpc::StatusCode::FAILED_PRECONDITION, "state", error.what());
    }
    rows_pushed_ = shared_.pool.statistics(*stream_).snippets_queued;
    arrivals_.push_back({record.next_snippet(), rows_pushed_, now_seconds()});
    waiting_ = true;
    const auto status = shared_.pool.status(*stream_);
    if (status != basnet_rt::StreamStatus::kOpen) {
      phase_ = Phase::kEnding;
      end_repeats_ = true;
    }
  }
  next_snippet_ = record.next_snippet();
  last_sequence_ = record.last_sequence();
  outbox_.assign(record.outbox().begin(), record.outbox().end());
}

void Session::check_next(const char* what, std::int64_t first) const {
  if (phase_ != Phase::kRunning) throw bad_input(std::string(what) + " after the end");
  if (first == next_snippet_) return;
  const std::string begin = std::string(what) + ".first_snippet is " + text(first) +
                            "; the next snippet is " + text(next_snippet_);
  throw bad_input(begin + (first < next_snippet_ ? ": time cannot go back"
                                                 : ": declare what is missing as a gap"));
}

bool Session::accept(const Chunk& chunk, double now) {
  check_next("features", chunk.first);
  if (congested()) return false;
  const std::int64_t dim = shared_.model.feature_dim;
  const auto rows = static_cast<std::int64_t>(chunk.rows.size()) / dim;
  if (rows == 0) return true;
  paid_ = paid_ || shared_.limits.pay(peer_.client, static_cast<double>(rows), now);
  if (!paid_ || !shared_.pool.push(*stream_, {chunk.rows.data(), rows, dim}, 0.0)) return false;
  next_snippet_ += rows;
  rows_pushed_ += rows;
  arrivals_.push_back({next_snippet_, rows_pushed_, arrived_});
  waiting_ = true;
  return true;
}

bool Session::accept(const Missing& gap, double) {
  check_next("gap", gap.first);
  if (gap.snippets > kLongest - next_snippet_) throw bad_input("gap: the stream would be too long");
  if (congested()) return false;
  shared_.pool.gap(*stream_, gap.snippets);
  next_snippet_ += gap.snippets;
  arrivals_.push_back({next_snippet_, rows_pushed_, arrived_});
  waiting_ = true;
  return true;
}

bool Session::accept(const EndRequest& end, double) {
  if (std::exchange(end_repeats_, false)) return true;
  if (phase_ != Phase::kRunning) throw bad_input("end after the end");
  shared_.pool.end(*stream_, end.duration);
  phase_ = Phase::kEnding;
  waiting_ = true;
  return true;
}

bool Session::accept(HalfClose, double) {
  half_closed_ = true;
  if (phase_ == Phase::kNew) {
    throw bad_input("the first request must be an open");
  } else if (phase_ == Phase::kRunning && !resumable()) {
    throw bad_input("the requests stopped without an end");
  } else if (phase_ == Phase::kRunning) {
    leave({grpc::StatusCode::OK, "left", ""});
  }
  return true;
}

void Session::forget_received(std::int64_t received) {
  if (received < received_) return;  // an older request's, or one that says nothing
  if (received > last_sequence_) {
    throw bad_input("received is " + text(received) + "; the last event was " +
                    text(last_sequence_));
  }
  received_ = received;
  while (!outbox_.empty() && outbox_.front().sequence() <= received_) outbox_.pop_front();
}

}  // namespace service
