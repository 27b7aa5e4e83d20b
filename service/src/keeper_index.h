#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "state_keeper.h"

namespace service {

/// The owner of each stream, the bytes that each client has kept, and their age. Use it from one
/// thread at a time.
///
/// The index of a keeper of one process; records lie elsewhere.
class KeeperIndex {
 public:
  explicit KeeperIndex(const Options& options);

  /// The fence, or why not.
  KeeperAnswer claim(const KeeperClaim& claim, std::uint64_t& fence);
  /// Whether a record of so many bytes may be stored; if so, it is booked.
  KeeperAnswer book(const std::string& name, std::uint64_t fence, std::int64_t bytes);
  /// A booked record could not be stored: the one before is still there.
  void unbook(const std::string& name, std::int64_t bytes_before);
  /// Whether there was such a stream, owned by this fence.
  bool erase(const std::string& name, std::uint64_t fence);
  void release(const std::string& name, std::uint64_t fence);
  /// A record that was found at the start, so many seconds old.
  void found(const KeeperClaim& stream, std::int64_t bytes, double age);

  bool owns(const std::string& name, std::uint64_t fence) const;
  /// The claim of a stream, which must be known.
  KeeperClaim stream(const std::string& name) const;
  /// Of the record; 0: none.
  std::int64_t bytes_of(const std::string& name) const;
  /// Forgets what nobody owns and is old, and says what that was.
  std::vector<std::string> forget_old();

 private:
  struct Entry {
    std::string owner, client;
    std::uint64_t fence = 0;  // 0: nobody owns it
    std::int64_t bytes = 0;   // 0: nothing was stored yet
    double since = 0.0;       // it was stored or released last
  };
  struct Total {
    std::int64_t streams = 0, bytes = 0;
  };

  KeeperAnswer check_number(const std::string& client) const;
  void resize(Entry& entry, std::int64_t bytes);
  void forget(std::map<std::string, Entry>::iterator entry);

  const std::int64_t most_streams_, most_bytes_, client_streams_, client_bytes_;
  const double keep_seconds_;
  std::map<std::string, Entry> entries_;
  std::map<std::string, Total> clients_;
  Total all_;
  std::uint64_t last_fence_ = 0;
};

}  // namespace service
