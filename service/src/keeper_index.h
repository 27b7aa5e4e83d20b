#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "state_keeper.h"

namespace service {

/// The owner of each stream, the bytes kept for each client, and their age. Use it from one thread
/// at a time.
///
/// It is the index of a keeper in one process; the records themselves are elsewhere.
class KeeperIndex {
 public:
  explicit KeeperIndex(const Options& options);

  /// Gives the fence, or the reason why the stream cannot be claimed.
  KeeperAnswer claim(const KeeperClaim& claim, std::uint64_t& fence);
  /// Books a record of so many bytes, if it may be stored.
  KeeperAnswer book(const std::string& name, std::uint64_t fence, std::int64_t bytes);
  /// Undoes `book`: the record could not be stored, and the previous one still exists.
  void unbook(const std::string& name, std::int64_t bytes_before);
  /// Forgets a stream; returns whether it existed with this fence.
  bool erase(const std::string& name, std::uint64_t fence);
  void release(const std::string& name, std::uint64_t fence);
  /// Adds a record found at the start, with its age in seconds.
  void found(const KeeperClaim& stream, std::int64_t bytes, double age);

  bool owns(const std::string& name, std::uint64_t fence) const;
  /// The claim of a stream, which must be known.
  KeeperClaim stream(const std::string& name) const;
  /// Bytes of the record; 0: no record.
  std::int64_t bytes_of(const std::string& name) const;
  /// Forgets old streams without an owner, and returns their names.
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
