#pragma once

#include <map>
#include <mutex>
#include <string>

#include "keeper_index.h"

namespace service {

/// Keeps streams in memory: they survive lost connections, but not the end of the process.
class MemoryKeeper final : public StateKeeper {
 public:
  explicit MemoryKeeper(const Options& options) : index_(options) {}

  void claim(const KeeperClaim& claim, OnClaimed done) override;
  void store(const std::string& name, std::uint64_t fence, std::string record,
             OnAnswer done) override;
  void erase(const std::string& name, std::uint64_t fence, OnAnswer done) override;
  void release(const std::string& name, std::uint64_t fence) override;

 private:
  void forget_old();  // with the mutex held, now and then

  std::mutex mutex_;
  KeeperIndex index_;
  std::map<std::string, std::string> records_;
  double swept_ = 0.0;
};

}  // namespace service
