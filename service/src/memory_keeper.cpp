#include "memory_keeper.h"

#include <utility>

#include "job.h"

namespace service {
namespace {

constexpr double kSweepEvery = 1.0;  // seconds

}  // namespace

void MemoryKeeper::claim(const KeeperClaim& claim, OnClaimed done) {
  Claimed out;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    forget_old();
    out.answer = index_.claim(claim, out.fence);
    const auto record = records_.find(claim.name);
    if (out.answer.ok() && record != records_.end()) out.record = record->second;
  }
  done(std::move(out));
}

void MemoryKeeper::store(const std::string& name, std::uint64_t fence, std::string record,
                         OnAnswer done) {
  KeeperAnswer answer;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    answer = index_.book(name, fence, static_cast<std::int64_t>(record.size()));
    if (answer.ok()) records_[name] = std::move(record);
  }
  done(answer);
}

void MemoryKeeper::erase(const std::string& name, std::uint64_t fence, OnAnswer done) {
  KeeperAnswer answer;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (index_.erase(name, fence)) {
      records_.erase(name);
    } else {
      answer = fenced_answer();
    }
  }
  done(answer);
}

void MemoryKeeper::release(const std::string& name, std::uint64_t fence) {
  const std::lock_guard<std::mutex> lock(mutex_);
  index_.release(name, fence);
}

void MemoryKeeper::forget_old() {
  const double now = now_seconds();
  if (now - swept_ < kSweepEvery) return;
  swept_ = now;
  for (const std::string& name : index_.forget_old()) records_.erase(name);
}

}  // namespace service
