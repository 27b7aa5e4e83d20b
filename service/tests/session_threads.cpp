// Many streams from many threads, without gRPC's: what ThreadSanitizer must see and cannot where
// calls pass through a library that was built without it.

#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine.h"
#include "session.h"

namespace service {
namespace {

constexpr int kThreads = 8, kStreams = 6, kChunks = 30;

/// In place of a call: collects what a session sends.
class Collector final : public EventSink {
 public:
  void send(basnet_rt::v1::StreamEvent event) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (event.sequence() > 0) events_.push_back(std::move(event));
  }
  void tell(basnet_rt::v1::StreamEvent) override {}
  void request_done() override {}
  void finish(const grpc::Status& status) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    status_ = status;
    ended_ = true;
    came_.notify_all();
  }
  void abandon() override {}
  std::size_t unsent() const override { return 0; }

  grpc::Status wait() {
    std::unique_lock<std::mutex> lock(mutex_);
    came_.wait(lock, [this] { return ended_; });
    return status_;
  }

  /// Numbered from `first` on without a hole; how many there are, or -1.
  int count(int first) {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (std::size_t i = 0; i < events_.size(); ++i) {
      if (events_[i].sequence() != first + static_cast<int>(i)) return -1;
    }
    return static_cast<int>(events_.size());
  }

 private:
  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<basnet_rt::v1::StreamEvent> events_;
  grpc::Status status_;
  bool ended_ = false;
};

/// One connection.
struct Caller {
  Caller(Engine& engine_, const std::string& client)
      : engine(engine_),
        sink(std::make_shared<Collector>()),
        session(std::make_shared<Session>(engine.shared(), sink, Peer{client, ""})) {
    engine.post([e = &engine, s = session] {
      e->add(s);
      s->begin();
    });
  }

  template <class What>
  void say(What what, std::int64_t received = 0) {
    Incoming request;
    request.arrived = now_seconds();
    request.received = received;
    request.what = std::move(what);
    engine.post([s = session, r = std::make_shared<Incoming>(std::move(request))] {
      s->take(std::move(*r));
    });
  }

  void send_chunks(std::int64_t from, std::int64_t to) {
    for (std::int64_t i = from; i < to; ++i) {
      const float level = i % 5 < 2 ? 0.9f : 0.0f;
      say(Chunk{i * 2, std::vector<float>(2 * 8, level)});
    }
  }

  Engine& engine;
  std::shared_ptr<Collector> sink;
  std::shared_ptr<Session> session;
};

/// A stream from open to end; -1 where something was wrong.
int whole_stream(Engine& engine, const std::string& client) {
  Caller caller(engine, client);
  caller.say(OpenRequest{});
  caller.send_chunks(0, kChunks);
  caller.say(EndRequest{});
  return caller.sink->wait().ok() ? caller.sink->count(1) : -1;
}

/// The same, but the first connection breaks, and a second one goes on.
int broken_stream(Engine& engine, const std::string& client, const std::string& token) {
  Caller first(engine, client);
  first.say(OpenRequest{token, 0, 4});
  first.send_chunks(0, kChunks / 2);
  first.say(HalfClose{});  // a stream with a token stays where it is
  if (!first.sink->wait().ok()) return -1;
  const int had = first.sink->count(1);
  Caller second(engine, client);
  second.say(OpenRequest{token, kChunks, 0}, had);
  second.send_chunks(kChunks / 2, kChunks);
  second.say(EndRequest{});
  second.say(HalfClose{});
  if (had < 0 || !second.sink->wait().ok()) return -1;
  const int rest = second.sink->count(had + 1);
  return rest < 0 ? -1 : had + rest;
}

int failures(Engine& engine, int thread) {
  const std::string client = "client " + std::to_string(thread);
  int wrong = 0;
  const int expected = whole_stream(engine, client);
  for (int i = 0; i < kStreams; ++i) {
    const std::string token = "token " + std::to_string(thread) + " " + std::to_string(i);
    const int found =
        i % 2 == 0 ? whole_stream(engine, client) : broken_stream(engine, client, token);
    if (found != expected || found < kChunks / 5) ++wrong;
  }
  return wrong;
}

int run() {
  Options options;
  options.checkpoint_every = 0.01;
  options.alarm_threshold = 0.5;
  options.state_folder =
      (std::filesystem::temp_directory_path() / ("session_threads_" + std::to_string(getpid())))
          .string();
  std::atomic<int> wrong{0};
  {
    Metrics metrics;
    Engine engine(options, load_model(options), metrics);
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] { wrong += failures(engine, i); });
    }
    for (std::thread& thread : threads) thread.join();
    const Caller last(engine, "left open");
    engine.drain(0.1);
    engine.cut();
    if (!engine.wait_idle(10.0)) ++wrong;
  }
  std::filesystem::remove_all(options.state_folder);
  if (wrong > 0) std::cerr << wrong << " streams were wrong\n";
  return wrong > 0 ? 1 : 0;
}

}  // namespace
}  // namespace service

int main() { return service::run(); }
