#include "redis_keeper.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <exception>
#include <random>
#include <utility>

#include "job.h"
#include "kept_file.h"

namespace service {
namespace {

using Kind = KeeperWork::Kind;

constexpr double kCareEvery = 15.0;  // seconds between sweeps of old streams, and renewals
constexpr double kFirstPause = 0.05, kLongestPause = 2.0;  // between tries to connect
constexpr double kFarewell = 2.0;      // for waiting calls when the service stops
constexpr double kAnswer = 5.0;        // the longest that one answer may take
constexpr std::size_t kMostSent = 64;  // calls that are sent together
constexpr std::size_t kMostSentBytes = 4 << 20;
constexpr std::int64_t kSweptAtOnce = 500;

RedisAddress address_of(const Options& options) {
  RedisAddress out = parse_redis_address(options.state);
  out.password = redis_password(options.redis_password_file);
  return out;
}

KeeperQueue::Clock::time_point at(double steady_seconds) {
  return KeeperQueue::Clock::time_point(std::chrono::duration_cast<KeeperQueue::Clock::duration>(
      std::chrono::duration<double>(steady_seconds)));
}

}  // namespace

RedisKeeper::RedisKeeper(const Options& options, Metrics& metrics)
    : patience_(options.state_timeout),
      metrics_(metrics),
      link_(address_of(options), std::min(kAnswer, patience_)),
      calls_(options) {
  std::promise<void> begun;
  std::future<void> reached = begun.get_future();
  thread_ = std::thread([this, &begun] { begin(begun); });
  try {
    reached.get();
  } catch (...) {
    thread_.join();
    throw;
  }
}

RedisKeeper::~RedisKeeper() {
  queue_.stop();
  thread_.join();
}

void RedisKeeper::claim(const KeeperClaim& claim, OnClaimed done) {
  queue_.claim(claim, std::move(done));
}

void RedisKeeper::store(const std::string& name, std::uint64_t fence, std::string record,
                        OnAnswer done) {
  queue_.store(name, fence, std::move(record), std::move(done));
}

void RedisKeeper::erase(const std::string& name, std::uint64_t fence, OnAnswer done) {
  queue_.erase(name, fence, std::move(done));
}

void RedisKeeper::release(const std::string& name, std::uint64_t fence) {
  queue_.release(name, fence);
}

void RedisKeeper::begin(std::promise<void>& begun) {
  sigset_t pipe;  // of a connection that the server closed
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  const double give_up = now_seconds() + patience_;
  while (!link_.connected()) {
    try {
      reach_server();
      warn_of_settings(link_);
    } catch (const LinkLost& why) {
      if (dynamic_cast<const LinkRefused*>(&why) != nullptr || now_seconds() > give_up) {
        return begun.set_exception(std::current_exception());
      }
      lost(why);
      std::this_thread::sleep_until(at(retry_at_));
    }
  }
  begun.set_value();
  work();
}

void RedisKeeper::reach_server() {
  link_.connect();
  calls_.load(link_);
  pause_ = 0.0;
  metrics_.keeper_reached(true);
}

void RedisKeeper::work() {
  for (;;) {
    if (stopped_at_ == 0 && queue_.stopped()) stopped_at_ = now_seconds();
    const double until = link_.connected() ? care_at_ : retry_at_;
    take_works(pending_.empty() || !link_.connected() ? at(until) : at(0));
    if (stopped_at_ > 0 && pending_.empty()) return;
    if (!link_.connected() && now_seconds() < retry_at_) {
      if (stopped_at_ > 0) std::this_thread::sleep_for(std::chrono::milliseconds(10));
      give_up_late("it cannot be reached");
      continue;
    }
    try {
      if (!link_.connected()) reach_server();
      while (send_some()) {
      }
      if (now_seconds() < care_at_) continue;
      renew();
      sweep();
      care_at_ = now_seconds() + kCareEvery;
    } catch (const LinkLost& why) {
      lost(why);
      give_up_late(why.what());
    }
  }
}

void RedisKeeper::take_works(KeeperQueue::Clock::time_point until) {
  for (KeeperWork& work : queue_.take(until)) {
    if (replaces_waiting(work)) continue;
    Pending next;
    if (work.kind == Kind::kStore) next.number = ++stores_;
    next.work = std::move(work);
    pending_.push_back(std::move(next));
  }
}

// While the server cannot be reached, the last record of a stream replaces earlier ones.
bool RedisKeeper::replaces_waiting(KeeperWork& work) {
  if (work.kind != Kind::kStore) return false;
  const auto before = std::find_if(pending_.rbegin(), pending_.rend(), [&](const Pending& pending) {
    return pending.work.stream.name == work.stream.name;
  });
  if (before == pending_.rend() || before->work.kind != Kind::kStore ||
      before->work.fence != work.fence) {
    return false;
  }
  before->number = ++stores_;  // the earlier one may have been done
  before->work.record = std::move(work.record);
  for (OnAnswer& done : work.stored) before->work.stored.push_back(std::move(done));
  return true;
}

// A random pause, so that replicas that lose a server do not reconnect all at once.
void RedisKeeper::lost(const LinkLost& why) {
  thread_local std::minstd_rand chance{std::random_device{}()};
  link_.close();
  metrics_.keeper_reached(false);
  if (pause_ == 0.0) log(LogLevel::kWarning, std::string("--state: lost ") + why.what());
  pause_ = pause_ == 0.0 ? kFirstPause : std::min(2 * pause_, kLongestPause);
  retry_at_ = now_seconds() + pause_ * std::uniform_real_distribution<double>(0.5, 1.0)(chance);
}

void RedisKeeper::give_up_late(const std::string& why) {
  const double now = now_seconds();
  const bool ends = stopped_at_ > 0 && now - stopped_at_ > kFarewell;
  const KeeperAnswer away{Kept::kAway, "the place of kept streams does not answer: " + why};
  std::deque<Pending> rest;
  for (Pending& pending : pending_) {
    if (ends || now - pending.work.posted > patience_) {
      tell(pending.work, away);
    } else {
      rest.push_back(std::move(pending));
    }
  }
  pending_.swap(rest);
}

void RedisKeeper::tell(KeeperWork& work, const KeeperAnswer& answer) {
  if (work.kind == Kind::kClaim) work.claimed({answer, 0, std::nullopt});
  for (const OnAnswer& done : work.stored) done(answer);
}

bool RedisKeeper::owns(const KeeperWork& work) const {
  const auto found = owned_.find(work.stream.name);
  return found != owned_.end() && found->second.fence == work.fence;
}

// Prepares the calls at the front that are sent together. If a stream continued in this process, or
// belongs to another one according to the server, its older owner is fenced without a call.
std::size_t RedisKeeper::prepare() {
  std::size_t count = 0, bytes = 0;
  while (count < pending_.size() && count < kMostSent && bytes < kMostSentBytes) {
    KeeperWork& work = pending_[count].work;
    if (work.kind == Kind::kClaim || owns(work)) {
      bytes += work.record.size();
      ++count;
    } else {
      tell(work, fenced_answer());
      pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(count));
    }
  }
  return count;
}

void RedisKeeper::draw_numbers(std::size_t count) {
  std::vector<Pending*> claims;
  std::vector<RedisLink::Command> commands;
  for (std::size_t i = 0; i < count; ++i) {
    if (pending_[i].work.kind != Kind::kClaim || pending_[i].number != 0) continue;
    claims.push_back(&pending_[i]);
    commands.push_back(calls_.number(least_number_));
  }
  std::string wrong;
  link_.pipeline(commands, [&](std::size_t i, const RedisReply& reply) {
    claims[i]->number = static_cast<std::uint64_t>(reply.number);
    if (reply.kind == RedisReply::Kind::kError) wrong = reply.text;
  });
  if (!wrong.empty()) throw LinkLost("a server that hands out no numbers: " + wrong);
}

// Whether there was anything to send.
bool RedisKeeper::send_some() {
  const std::size_t count = prepare();
  if (count == 0) return false;
  draw_numbers(count);
  std::vector<RedisLink::Command> commands;
  for (std::size_t i = 0; i < count; ++i) commands.push_back(command_of(pending_[i]));
  link_.pipeline(commands, [&](std::size_t, const RedisReply& reply) {
    Pending done = std::move(pending_.front());
    pending_.pop_front();
    answer(done, reply);
  });
  return true;
}

RedisLink::Command RedisKeeper::command_of(const Pending& pending) {
  const KeeperWork& work = pending.work;
  switch (work.kind) {
    case Kind::kClaim:
      return calls_.claim(work.stream, pending.number);
    case Kind::kStore:
      return calls_.store(owned_.at(work.stream.name).stream, work.fence, pending.number,
                          work.record);
    case Kind::kErase:
      return calls_.erase(work.stream.name, work.fence);
    default:
      return calls_.release(work.stream.name, work.fence);
  }
}

void RedisKeeper::answer(Pending& pending, const RedisReply& reply) {
  KeeperWork& work = pending.work;
  if (work.kind == Kind::kClaim) return answer_claim(pending, reply);
  const KeeperAnswer meant = calls_.meaning(reply);
  const auto owned = owned_.find(work.stream.name);
  if (owned != owned_.end() && owned->second.fence == work.fence) {
    if (work.kind != Kind::kStore || meant.what == Kept::kFenced) {
      owned_.erase(owned);
    } else if (meant.ok()) {
      owned->second.kept_until = now_seconds() + calls_.lease();
    }
  }
  tell(work, meant);
}

void RedisKeeper::answer_claim(Pending& pending, const RedisReply& reply) {
  Claimed out;
  out.answer = calls_.meaning_of_claim(reply);
  const KeeperClaim& stream = pending.work.stream;
  if (out.answer.ok()) {
    const double until = now_seconds() + calls_.lease();
    owned_[stream.name] = {stream, pending.number, until};
    out.fence = pending.number;
  } else if (reply.list.size() == 2) {  // behind: the server knows of a larger number
    least_number_ = std::max<std::uint64_t>(least_number_, std::stoull(reply.list[1].text));
  }
  if (out.answer.ok() && reply.list.size() == 2 &&
      reply.list[1].kind != RedisReply::Kind::kNothing) {
    if (auto kept = unpacked(reply.list[1].text, stream.name)) {
      out.record = std::move(kept->record);
    } else {
      queue_.release(stream.name, std::exchange(out.fence, 0));
      out.answer = damaged_answer();
    }
  }
  pending.work.claimed(std::move(out));
}

// Renews owned streams that have nothing to store.
void RedisKeeper::renew() {
  const double soon = now_seconds() + calls_.lease() - kCareEvery;
  std::vector<std::string> names;
  std::vector<RedisLink::Command> commands;
  for (const auto& [name, owned] : owned_) {
    if (owned.kept_until > soon) continue;
    names.push_back(name);
    commands.push_back(calls_.renew(name, owned.fence));
  }
  link_.pipeline(commands, [&](std::size_t i, const RedisReply&) {
    owned_.at(names[i]).kept_until = now_seconds() + calls_.lease();
  });
}

void RedisKeeper::sweep() {
  RedisReply reply;
  do {
    reply = link_.ask(calls_.sweep(kSweptAtOnce));
  } while (reply.number == kSweptAtOnce);
}

}  // namespace service
