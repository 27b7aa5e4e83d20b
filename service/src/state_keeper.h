#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace service {

/// What is kept of resumable streams, by token. Every member function may be called from any
/// thread.
///
/// In a folder, a thread writes one file per stream, whole or not at all, so that a slow disk
/// delays nothing but the events that wait for it. A write survives the end of the process, not
/// that of the machine: files are not synced.
class StateKeeper {
 public:
  /// Called once the bytes are kept; `error` is empty, or what failed.
  using Done = std::function<void(const std::string& error)>;

  /// @param folder  made where it is absent; empty: memory.
  /// @param keep_seconds  what is older is forgotten.
  /// @throws std::filesystem::filesystem_error
  StateKeeper(const std::string& folder, double keep_seconds);
  /// Writes what is still waiting.
  ~StateKeeper();
  StateKeeper(const StateKeeper&) = delete;
  StateKeeper& operator=(const StateKeeper&) = delete;

  void put(const std::string& token, std::string bytes, Done done);
  /// The last bytes that were put, written or not.
  std::optional<std::string> get(const std::string& token);
  void erase(const std::string& token);

 private:
  struct Waiting {
    std::optional<std::string> bytes;  // absent: to be erased
    std::vector<Done> done;
  };
  struct Kept {
    std::string bytes;
    double when = 0.0;
  };

  bool in_memory() const { return folder_.empty(); }
  std::string path_of(const std::string& token) const;
  void work();
  void write_next(std::unique_lock<std::mutex>& lock);
  void forget_old();

  const std::string folder_;
  const double keep_seconds_;
  std::mutex mutex_;
  std::condition_variable came_;
  std::map<std::string, Kept> memory_;
  std::map<std::string, std::shared_ptr<Waiting>> waiting_;
  std::map<std::string, std::shared_ptr<Waiting>> writing_;  // at most one
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace service
