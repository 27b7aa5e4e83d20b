#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "event_sink.h"
#include "incoming.h"
#include "job.h"
#include "refusal.h"
#include "stream_record.pb.h"

namespace service {

/// The caller.
struct Peer {
  std::string client;    ///< what limits count by: the TLS identity, or else the address
  std::string identity;  ///< the TLS identity, or empty
};

/// One connection of one stream: its requests in, its events out, and its place in the pool.
///
/// Exactly once: an event leaves only after a state that was taken behind it is kept, together with
/// every event that the client is not known to have. After a crash the stream goes on from that
/// state and repeats those events under their old numbers; it never computes one of them again, so
/// that what comes twice is the same to the last bit.
class Session final : public Job, public std::enable_shared_from_this<Session> {
 public:
  Session(Shared& shared, std::shared_ptr<EventSink> sink, Peer peer);

  /// Counts the call, before it has said anything. Once, and first.
  void begin();
  void take(Incoming request);
  /// Ends the call with what was wrong; a resumable stream stays as it was before.
  void refuse(const Refusal& why);

  void after_batch(double now) override;
  void tick(double now) override;
  void drain(double seconds) override;
  void cut() override;
  bool waits_for_pool() const override { return waiting_; }
  bool over() const override { return closed() && keeping_ == 0; }

  /// The refusal of the client by the keeper's answer.
  static Refusal refusal_of_keeper(const KeeperAnswer& answer);

 private:
  enum class Phase {
    kNew,       // no Open yet
    kClaiming,  // the keeper looks for what it has
    kRunning,
    kEnding,    // the pool computes the last snippets
    kFinished,  // every event is there; the client may not have all of them
    kOver,
  };
  struct Arrival {
    std::int64_t end = 0;   // index behind the chunk or gap
    std::int64_t rows = 0;  // snippets of this connection up to there, gaps not counted
    double when = 0.0;      // it came
  };

  // session.cpp: what comes in.
  void work_inbox(double now);
  // Each says whether it could be done now; if not, it is tried again.
  bool accept(const Incoming& request, double now);
  bool accept(std::monostate, double) { return true; }  // only said what was received
  bool accept(const OpenRequest& request, double now);
  bool accept(const Chunk& chunk, double now);
  bool accept(const Missing& gap, double now);
  bool accept(const EndRequest& end, double now);
  bool accept(HalfClose, double now);
  void take_over();
  void take_place();
  void claim();
  void claimed(Claimed found);
  void begin_stream(const std::optional<std::string>& record);
  void resume(const std::string& bytes);
  void check_next(const char* what, std::int64_t first) const;
  void forget_received(std::int64_t received);
  void guarded(const std::function<void()>& work);

  // session_output.cpp: what goes out.
  void collect(double now);
  void note_processed(double now);
  void emit(basnet_rt::v1::StreamEvent event, const char* kind);
  void finish_stream();
  void tell_progress();
  void tell_pending();
  void keep();
  void kept(const std::vector<basnet_rt::v1::StreamEvent>& events, std::int64_t durable,
            const KeeperAnswer& answer);
  void maybe_done();
  void forget();
  enum class Save { kFirst, kNot };
  void leave(const Refusal& why, Save save = Save::kFirst);
  void close(const grpc::Status& status);
  void log_end(const grpc::Status& status) const;

  bool closed() const { return phase_ == Phase::kOver; }
  bool resumable() const { return !name_.empty(); }
  bool congested() const;

  Shared& shared_;
  const std::shared_ptr<EventSink> sink_;
  const Peer peer_;
  Phase phase_ = Phase::kNew;
  OpenRequest open_;
  std::int64_t open_received_ = 0;
  std::string name_;         // `name_of_token`; empty: the stream ends with its connection
  std::uint64_t fence_ = 0;  // of the keeper; 0: nothing was claimed
  std::optional<basnet_rt::StreamId> stream_;
  std::deque<Incoming> inbox_;
  Place place_ = Place::kNone;
  bool paid_ = false;  // for the chunk at the front
  bool half_closed_ = false;
  bool forgetting_ = false;   // the keeper is asked to
  bool end_repeats_ = false;  // it came on an earlier connection: the client cannot know
  bool cut_ = false;
  bool waiting_ = false;

  std::int64_t next_snippet_ = 0;
  std::int64_t rows_pushed_ = 0;
  std::int64_t processed_ = 0;
  std::int64_t durable_ = 0;
  std::int64_t pending_every_ = 0;
  std::int64_t pending_told_ = 0;
  std::deque<Arrival> arrivals_;  // not processed yet

  std::int64_t last_sequence_ = 0;
  std::int64_t received_ = 0;
  std::deque<basnet_rt::v1::StreamEvent> outbox_;       // not known to be received
  std::vector<basnet_rt::v1::StreamEvent> unreleased_;  // wait for a state to be kept
  int keeping_ = 0;                                     // states on their way to the keeper
  double arrived_ = 0.0;                                // the request that is being accepted
  double last_kept_ = 0.0;
  double last_request_ = 0.0;
  double began_ = 0.0;
  double slow_since_ = 0.0;                  // 0: the client reads in time
  std::string ended_by_;                     // kind of the refusal
  std::optional<grpc::Status> last_status_;  // once the last state is kept
};

}  // namespace service
