#pragma once

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "keeper_index.h"
#include "keeper_queue.h"
#include "state_folder.h"

namespace service {

/// A file for each stream, under its name. It has its own thread, so a slow disk delays only the
/// events that wait for it; records that arrive meanwhile are synced together. A damaged file is
/// refused (kept_file.h).
class FolderKeeper final : public StateKeeper {
 public:
  /// @throws std::runtime_error: the folder cannot be used.
  explicit FolderKeeper(const Options& options);
  /// Finishes the waiting work.
  ~FolderKeeper() override;

  void claim(const KeeperClaim& claim, OnClaimed done) override;
  void store(const std::string& name, std::uint64_t fence, std::string record,
             OnAnswer done) override;
  void erase(const std::string& name, std::uint64_t fence, OnAnswer done) override;
  void release(const std::string& name, std::uint64_t fence) override;

 private:
  struct Staged {  // beside, synced, not published yet
    std::string name;
    std::int64_t bytes_before = 0;
    std::vector<OnAnswer> stored;
  };

  void find_files();
  void work();
  // On the thread alone, as everything below the queue.
  void run(KeeperWork& work);
  void run_claim(const KeeperWork& work);
  void run_store(KeeperWork& work);
  void publish();
  void forget_old();
  Claimed fetched(const KeeperClaim& claim);

  KeeperQueue queue_;

  StateFolder folder_;
  KeeperIndex index_;
  std::set<std::string> damaged_;  // found so at the start
  std::vector<Staged> staged_;
  std::thread thread_;
};

}  // namespace service
