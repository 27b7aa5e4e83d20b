#include "state_keeper.h"

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

namespace service {
namespace {

namespace fs = std::filesystem;
constexpr auto kSweepEvery = std::chrono::seconds(30);
constexpr const char* kEnding = ".stream";

double now_seconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

std::string hex(const std::string& bytes) {
  std::string out;
  for (const unsigned char byte : bytes) {
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 15];
  }
  return out;
}

/// Beside, then renamed: a reader sees the old file or the new one. Returns what failed, or "".
std::string write_whole(const std::string& path, const std::string& bytes) {
  const std::string beside = path + ".part";
  {
    std::ofstream out(beside, std::ios::binary | std::ios::trunc);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    out.close();
    if (!out) {
      std::remove(beside.c_str());
      return "the stream's state could not be written";
    }
  }
  std::error_code error;
  fs::rename(beside, path, error);
  return error ? "the stream's state could not be written: " + error.message() : "";
}

const std::string& made(const std::string& folder) {
  if (!folder.empty()) fs::create_directories(folder);
  return folder;
}

std::optional<std::string> read_whole(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::ostringstream out;
  out << in.rdbuf();
  return std::move(out).str();
}

}  // namespace

StateKeeper::StateKeeper(const std::string& folder, double keep_seconds)
    : folder_(made(folder)), keep_seconds_(keep_seconds), thread_([this] { work(); }) {}

StateKeeper::~StateKeeper() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopped_ = true;
  }
  came_.notify_one();
  thread_.join();
}

void StateKeeper::put(const std::string& token, std::string bytes, Done done) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (in_memory()) {
    memory_[token] = {std::move(bytes), now_seconds()};
    lock.unlock();
    return done("");
  }
  // What waits for the same stream is out of date: one write serves both.
  std::shared_ptr<Waiting>& entry = waiting_[token];
  if (entry == nullptr) entry = std::make_shared<Waiting>();
  entry->bytes = std::move(bytes);
  entry->done.push_back(std::move(done));
  came_.notify_one();
}

std::optional<std::string> StateKeeper::get(const std::string& token) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (in_memory()) {
    const auto found = memory_.find(token);
    if (found == memory_.end()) return std::nullopt;
    return found->second.bytes;
  }
  for (const auto* entries : {&waiting_, &writing_}) {
    const auto found = entries->find(token);
    if (found != entries->end()) return found->second->bytes;
  }
  return read_whole(path_of(token));
}

void StateKeeper::erase(const std::string& token) {
  const std::lock_guard<std::mutex> lock(mutex_);
  memory_.erase(token);
  if (in_memory()) return;
  std::shared_ptr<Waiting>& entry = waiting_[token];
  if (entry == nullptr) entry = std::make_shared<Waiting>();
  entry->bytes.reset();
  came_.notify_one();
}

std::string StateKeeper::path_of(const std::string& token) const {
  return folder_ + "/" + hex(token) + kEnding;
}

void StateKeeper::work() {
  std::unique_lock<std::mutex> lock(mutex_);
  auto next_sweep = std::chrono::steady_clock::now();
  while (!stopped_ || !waiting_.empty()) {
    if (!waiting_.empty()) {
      write_next(lock);
    } else if (std::chrono::steady_clock::now() >= next_sweep) {
      forget_old();
      next_sweep = std::chrono::steady_clock::now() + kSweepEvery;
    } else {
      came_.wait_until(lock, next_sweep);
    }
  }
}

void StateKeeper::write_next(std::unique_lock<std::mutex>& lock) {
  writing_.insert(waiting_.extract(waiting_.begin()));
  const auto [token, entry] = *writing_.begin();
  lock.unlock();
  std::string error;
  if (entry->bytes) {
    error = write_whole(path_of(token), *entry->bytes);
  } else {
    std::remove(path_of(token).c_str());
  }
  for (const Done& done : entry->done) done(error);
  lock.lock();
  writing_.clear();
}

void StateKeeper::forget_old() {
  for (auto it = memory_.begin(); it != memory_.end();) {
    it = now_seconds() - it->second.when > keep_seconds_ ? memory_.erase(it) : std::next(it);
  }
  if (in_memory()) return;
  const auto oldest =
      fs::file_time_type::clock::now() - std::chrono::duration_cast<fs::file_time_type::duration>(
                                             std::chrono::duration<double>(keep_seconds_));
  std::error_code ignored;  // a file may go at any time
  for (const auto& entry : fs::directory_iterator(folder_, ignored)) {
    const bool ours = entry.path().extension() == kEnding;
    if (ours && entry.last_write_time(ignored) < oldest) fs::remove(entry.path(), ignored);
  }
}

}  // namespace service
