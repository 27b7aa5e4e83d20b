#include "folder_keeper.h"

#include <chrono>
#include <exception>
#include <utility>

#include "kept_file.h"

namespace service {
namespace {

constexpr auto kSweepEvery = std::chrono::seconds(30);
}  // namespace

FolderKeeper::FolderKeeper(const Options& options)
    : folder_(options.state_folder), index_(options) {
  find_files();
  thread_ = std::thread([this] { work(); });
}

FolderKeeper::~FolderKeeper() {
  queue_.stop();
  thread_.join();
}

void FolderKeeper::find_files() {
  for (const StateFolder::File& found : folder_.files()) {
    const std::string bytes = folder_.read(found.name).value_or("");
    if (const auto file = unpacked(bytes, found.name)) {
      index_.found(file->stream, static_cast<std::int64_t>(bytes.size()), found.age);
    } else {
      index_.found({found.name, "", ""}, static_cast<std::int64_t>(bytes.size()), found.age);
      damaged_.insert(found.name);
    }
  }
}

void FolderKeeper::claim(const KeeperClaim& claim, OnClaimed done) {
  queue_.claim(claim, std::move(done));
}

void FolderKeeper::store(const std::string& name, std::uint64_t fence, std::string record,
                         OnAnswer done) {
  queue_.store(name, fence, std::move(record), std::move(done));
}

void FolderKeeper::erase(const std::string& name, std::uint64_t fence, OnAnswer done) {
  queue_.erase(name, fence, std::move(done));
}

void FolderKeeper::release(const std::string& name, std::uint64_t fence) {
  queue_.release(name, fence);
}

void FolderKeeper::work() {
  auto next_sweep = std::chrono::steady_clock::now();
  for (;;) {
    const bool last = queue_.stopped();  // read first, so that earlier work is still done
    std::vector<KeeperWork> works = queue_.take(next_sweep);
    for (KeeperWork& work : works) run(work);
    publish();
    if (last && works.empty()) return;
    if (std::chrono::steady_clock::now() < next_sweep) continue;
    forget_old();
    next_sweep = std::chrono::steady_clock::now() + kSweepEvery;
  }
}

void FolderKeeper::run(KeeperWork& work) {
  using Kind = KeeperWork::Kind;
  const std::string& name = work.stream.name;
  if (work.kind == Kind::kStore) return run_store(work);
  publish();  // earlier stores are now durable
  if (work.kind == Kind::kClaim) return run_claim(work);
  if (work.kind == Kind::kRelease) return index_.release(name, work.fence);
  const bool owned = index_.erase(name, work.fence);
  if (owned) folder_.remove(name);
  for (const OnAnswer& done : work.stored) done(owned ? KeeperAnswer{} : fenced_answer());
}

void FolderKeeper::run_claim(const KeeperWork& work) {
  Claimed out;
  try {
    out = fetched(work.stream);
  } catch (const std::exception& error) {
    out.answer = {Kept::kFailed, error.what()};
  }
  if (!out.answer.ok()) out.fence = 0;
  work.claimed(std::move(out));
}

Claimed FolderKeeper::fetched(const KeeperClaim& claim) {
  Claimed out;
  if (damaged_.count(claim.name) != 0) {
    out.answer = damaged_answer();
    return out;
  }
  out.answer = index_.claim(claim, out.fence);
  if (!out.answer.ok() || index_.bytes_of(claim.name) == 0) return out;
  if (auto file = unpacked(folder_.read(claim.name).value_or(""), claim.name)) {
    out.record = std::move(file->record);
  } else {
    index_.release(claim.name, out.fence);
    out.answer = damaged_answer();
  }
  return out;
}

void FolderKeeper::run_store(KeeperWork& work) {
  const std::string& name = work.stream.name;
  const std::int64_t before = index_.bytes_of(name);
  const bool owns = index_.owns(name, work.fence);
  const std::string bytes =
      owns ? packed(index_.stream(name), std::move(work.record)) : std::string();
  KeeperAnswer answer = index_.book(name, work.fence, static_cast<std::int64_t>(bytes.size()));
  if (answer.ok()) {
    const std::string error = folder_.write(name, bytes);
    if (error.empty()) return staged_.push_back({name, before, std::move(work.stored)});
    index_.unbook(name, before);
    answer = {Kept::kFailed, error};
  }
  for (const OnAnswer& done : work.stored) done(answer);
}

// One sync of the folder for all records; only then are they durable.
void FolderKeeper::publish() {
  if (staged_.empty()) return;
  std::vector<KeeperAnswer> answers;
  for (const Staged& staged : staged_) {
    const std::string error = folder_.publish(staged.name);
    answers.push_back(error.empty() ? KeeperAnswer{} : KeeperAnswer{Kept::kFailed, error});
  }
  const std::string error = folder_.sync();
  for (std::size_t i = 0; i < staged_.size(); ++i) {
    if (!error.empty()) answers[i] = {Kept::kFailed, error};
    if (!answers[i].ok()) index_.unbook(staged_[i].name, staged_[i].bytes_before);
    for (const OnAnswer& done : staged_[i].stored) done(answers[i]);
  }
  staged_.clear();
}

void FolderKeeper::forget_old() {
  for (const std::string& name : index_.forget_old()) {
    folder_.remove(name);
    damaged_.erase(name);
  }
}

}  // namespace service
