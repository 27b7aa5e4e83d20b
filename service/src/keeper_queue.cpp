#include "keeper_queue.h"

#include <utility>

#include "job.h"

namespace service {

using Kind = KeeperWork::Kind;

void KeeperQueue::claim(const KeeperClaim& claim, StateKeeper::OnClaimed done) {
  post({Kind::kClaim, claim, 0, "", std::move(done), {}, 0.0});
}

void KeeperQueue::store(const std::string& name, std::uint64_t fence, std::string record,
                        StateKeeper::OnAnswer done) {
  post({Kind::kStore, {name, "", ""}, fence, std::move(record), nullptr, {std::move(done)}, 0.0});
}

void KeeperQueue::erase(const std::string& name, std::uint64_t fence, StateKeeper::OnAnswer done) {
  post({Kind::kErase, {name, "", ""}, fence, "", nullptr, {std::move(done)}, 0.0});
}

void KeeperQueue::release(const std::string& name, std::uint64_t fence) {
  post({Kind::kRelease, {name, "", ""}, fence, "", nullptr, {}, 0.0});
}

void KeeperQueue::post(KeeperWork work) {
  work.posted = now_seconds();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto newest = newest_.find(work.stream.name);
    KeeperWork* before = newest == newest_.end() ? nullptr : &waiting_[newest->second];
    if (work.kind == Kind::kStore && before != nullptr && before->kind == Kind::kStore &&
        before->fence == work.fence) {
      before->record = std::move(work.record);
      before->stored.push_back(std::move(work.stored.front()));
    } else {
      newest_[work.stream.name] = waiting_.size();
      waiting_.push_back(std::move(work));
    }
  }
  came_.notify_one();
}

std::vector<KeeperWork> KeeperQueue::take(Clock::time_point until) {
  std::vector<KeeperWork> works;
  std::unique_lock<std::mutex> lock(mutex_);
  came_.wait_until(lock, until, [this] { return stopped_ || !waiting_.empty(); });
  works.swap(waiting_);
  newest_.clear();
  return works;
}

void KeeperQueue::stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopped_ = true;
  }
  came_.notify_one();
}

bool KeeperQueue::stopped() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return stopped_;
}

}  // namespace service
