// The output of a session, and its record.

#include <algorithm>
#include <utility>

#include "session.h"

namespace service {

namespace v1 = basnet_rt::v1;

void Session::after_batch(double now) {
  if (closed() || !stream_) return;
  const auto& ready = shared_.ready;
  if (!waiting_ && !std::binary_search(ready.begin(), ready.end(), *stream_)) return;
  guarded([&] { collect(now); });
  if (!closed()) work_inbox(now);
}

void Session::collect(double now) {
  for (const basnet_rt::Onset& onset : shared_.pool.poll_onsets(*stream_)) {
    v1::StreamEvent event;
    v1::Onset& out = *event.mutable_onset();
    out.set_label(onset.label);
    out.set_name(shared_.model.classes.at(static_cast<std::size_t>(onset.label)));
    out.set_time(onset.time);
    out.set_decided(onset.decided);
    out.set_activation(onset.activation);
    emit(std::move(event), "onset");
  }
  const basnet_rt::StreamDetections found = shared_.pool.poll(*stream_);  // throws if it failed
  for (std::size_t i = 0; i < found.size(); ++i) {
    v1::StreamEvent event;
    *event.mutable_final()->mutable_detection() =
        detection_of(shared_.model, found.labels[i], found.scores[i], found.segments[i]);
    event.mutable_final()->set_decided(found.decided[i]);
    emit(std::move(event), "final");
  }
  note_processed(now);
  if (shared_.pool.status(*stream_) == basnet_rt::StreamStatus::kFinished) finish_stream();
  if (!unreleased_.empty()) keep();
}

// Takes note of chunks that the network has processed, and of the time that it took.
void Session::note_processed(double now) {
  const std::int64_t queued = shared_.pool.statistics(*stream_).snippets_queued;
  const std::int64_t seen = rows_pushed_ - queued;
  while (!arrivals_.empty() && arrivals_.front().rows <= seen) {
    const Arrival& arrival = arrivals_.front();
    shared_.metrics.chunk_processed(now - arrival.when);
    processed_ = std::max(processed_, arrival.end);
    arrivals_.pop_front();
  }
  if (!arrivals_.empty()) {  // perhaps partly done
    const Arrival& arrival = arrivals_.front();
    processed_ = std::max(processed_, arrival.end - (arrival.rows - seen));
  }
  waiting_ = !arrivals_.empty() || phase_ == Phase::kEnding;
  tell_progress();
  if (pending_every_ > 0 && processed_ - pending_told_ >= pending_every_) tell_pending();
}

void Session::emit(v1::StreamEvent event, const char* kind) {
  event.set_sequence(++last_sequence_);
  shared_.metrics.event(kind);
  if (!resumable()) return sink_->send(std::move(event));
  outbox_.push_back(event);
  unreleased_.push_back(std::move(event));
}

void Session::finish_stream() {
  v1::StreamEvent event;
  event.mutable_finished()->set_snippets(next_snippet_);
  event.mutable_finished()->set_cut(cut_);
  emit(std::move(event), "finished");
  shared_.pool.drop(*stream_);
  stream_.reset();
  waiting_ = false;
  phase_ = Phase::kFinished;
  maybe_done();
}

void Session::tell_progress() {
  v1::StreamEvent event;
  event.mutable_progress()->set_processed(processed_);
  event.mutable_progress()->set_durable(durable_);
  sink_->tell(std::move(event));
}

void Session::tell_pending() {
  v1::StreamEvent event;
  const basnet_rt::Detections open = shared_.pool.pending(*stream_);
  for (std::size_t i = 0; i < open.size(); ++i) {
    *event.mutable_pending()->add_detections() =
        detection_of(shared_.model, open.labels[i], open.scores[i], open.segments[i]);
  }
  event.mutable_pending();  // an empty list is sent too
  pending_told_ = processed_;
  sink_->tell(std::move(event));
}

// Between batches, so nothing can become final between the poll and the save.
void Session::keep() {
  v1::StreamRecord record;
  record.set_next_snippet(next_snippet_);
  record.set_last_sequence(last_sequence_);
  for (const v1::StreamEvent& event : outbox_) *record.add_outbox() = event;
  if (stream_) record.set_state(shared_.pool.save(*stream_));
  std::string bytes = record.SerializeAsString();
  shared_.metrics.state_saved(static_cast<double>(bytes.size()));
  last_kept_ = now_seconds();
  ++keeping_;
  auto events = std::make_shared<std::vector<v1::StreamEvent>>(std::exchange(unreleased_, {}));
  const auto done = [self = shared_from_this(), events,
                     durable = next_snippet_](const KeeperAnswer& answer) {
    self->shared_.post([self, events, durable, answer] { self->kept(*events, durable, answer); });
  };
  shared_.keeper.store(name_, fence_, std::move(bytes), done);
}

void Session::kept(const std::vector<v1::StreamEvent>& events, std::int64_t durable,
                   const KeeperAnswer& answer) {
  --keeping_;
  if (last_status_ && !answer.ok()) {
    last_status_ = refusal_of_keeper(answer).status();
  } else if (!answer.ok()) {
    // Another try would fail too; the earlier record remains.
    return closed() ? void() : leave(refusal_of_keeper(answer), Save::kNot);
  }
  if (answer.ok()) {
    for (const v1::StreamEvent& event : events) sink_->send(event);
    durable_ = durable;
    tell_progress();
  }
  if (last_status_ && keeping_ == 0) return sink_->finish(*last_status_);
  maybe_done();
}

// Ends a successful call: the client has everything, or can get no more.
void Session::maybe_done() {
  if (phase_ != Phase::kFinished || keeping_ > 0 || !unreleased_.empty() || forgetting_) return;
  const bool all_received = resumable() && outbox_.empty();
  if (all_received && fence_ != 0) return forget();
  if (cut_) {
    close({grpc::StatusCode::UNAVAILABLE,
           "the service stopped and ended the stream at snippet " + std::to_string(next_snippet_)});
  } else if (all_received || !resumable() || half_closed_) {
    close(grpc::Status::OK);
  }
}

// The call ends afterwards, so after OK a client knows that the service keeps nothing.
void Session::forget() {
  forgetting_ = true;
  const auto done = [self = shared_from_this()](const KeeperAnswer&) {
    self->shared_.post([self] {
      self->forgetting_ = false;
      self->maybe_done();
    });
  };
  shared_.keeper.erase(name_, std::exchange(fence_, 0), done);
}

// The stream is kept for a client that connects again.
void Session::leave(const Refusal& why, Save save) {
  if (!why.status().ok()) shared_.metrics.error(why.kind());
  ended_by_ = why.kind();
  const bool opened = phase_ != Phase::kNew;
  if (save == Save::kNot) {
    unreleased_.clear();
  } else if (opened && resumable() && stream_) {
    try {
      keep();
    } catch (const std::exception&) {  // the stream itself failed; the earlier record remains
      unreleased_.clear();
    }
  }
  if (keeping_ > 0) {
    last_status_ = why.status();
    close(grpc::Status::OK);
  } else {
    close(why.status());
  }
}

void Session::close(const grpc::Status& status) {
  const bool opened = phase_ != Phase::kNew;
  phase_ = Phase::kOver;
  waiting_ = false;
  inbox_.clear();
  if (stream_) shared_.pool.drop(*stream_);
  stream_.reset();
  if (opened) {
    shared_.metrics.stream_closed();
  }
  release(shared_, peer_.client, place_);
  log_end(last_status_ ? *last_status_ : status);
  const auto found = shared_.by_name.find(name_);
  if (found != shared_.by_name.end() && found->second.lock().get() == this) {
    shared_.by_name.erase(found);
  }
  if (fence_ != 0) shared_.keeper.release(name_, fence_);
  if (!last_status_) sink_->finish(status);
}

void Session::log_end(const grpc::Status& status) const {
  CallRecord record;
  record.call = "Localize";
  record.client = peer_.client;
  record.stream = name_;
  record.code = std::to_string(status.error_code());
  record.kind = ended_by_;
  record.message = status.error_message();
  record.seconds = now_seconds() - began_;
  record.snippets = next_snippet_;
  log_call(record, status.error_code() == grpc::StatusCode::INTERNAL);
}

bool Session::congested() const {
  return static_cast<std::int64_t>(sink_->unsent()) > shared_.options.max_unsent;
}

void Session::tick(double now) {
  if (closed()) return;
  work_inbox(now);
  if (closed()) return;
  const Options& options = shared_.options;
  if (phase_ == Phase::kNew && now - began_ > options.open_timeout) {
    return leave({grpc::StatusCode::DEADLINE_EXCEEDED, "no_open",
                  "no open within " + std::to_string(options.open_timeout) + " seconds"});
  }
  if (!inbox_.empty()) last_request_ = now;  // it is the service that lets the client wait
  if (now - last_request_ > options.idle_timeout) {
    return leave({grpc::StatusCode::DEADLINE_EXCEEDED, "idle",
                  "no request for " + std::to_string(options.idle_timeout) + " seconds"});
  }
  slow_since_ = congested() ? (slow_since_ > 0 ? slow_since_ : now) : 0.0;
  if (slow_since_ > 0 && now - slow_since_ > options.slow_reader_timeout) {
    leave({grpc::StatusCode::RESOURCE_EXHAUSTED, "slow_reader", "the client does not read"});
    return sink_->abandon();
  }
  const bool due = durable_ < next_snippet_ && now - last_kept_ >= options.checkpoint_every;
  if (due && resumable() && stream_ && keeping_ == 0) guarded([&] { keep(); });
}

void Session::drain(double seconds) {
  if (closed()) return;
  v1::StreamEvent event;
  event.mutable_draining()->set_seconds(seconds);
  sink_->tell(std::move(event));
}

void Session::cut() {
  if (closed()) return;
  if (resumable() || phase_ == Phase::kNew || phase_ == Phase::kFinished) {
    return leave({grpc::StatusCode::UNAVAILABLE, "draining",
                  "the service stops; the stream can be resumed where its state is kept"});
  }
  cut_ = true;
  inbox_.clear();
  if (phase_ == Phase::kRunning) guarded([&] { accept(EndRequest{}, now_seconds()); });
}

}  // namespace service
