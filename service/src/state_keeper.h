#pragma once

// The interface of keepers, which store resumable streams: in memory, in a folder, or in a Redis
// that replicas share (memory_keeper.h, folder_keeper.h, redis_keeper.h).

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "metrics.h"
#include "options.h"

namespace service {

/// The reason why a keeper refused.
enum class Kept {
  kDone,
  kFenced,   ///< the stream was claimed later: only its new owner may write
  kForeign,  ///< the stream belongs to another identity
  kFull,     ///< a limit on number or bytes is reached; earlier records are unchanged
  kDamaged,  ///< the record is damaged
  kFailed,   ///< the disk failed
  kAway,     ///< the store cannot be reached in time; another try may succeed
};

struct KeeperAnswer {
  Kept what = Kept::kDone;
  std::string message;  ///< for the client; empty on success

  bool ok() const { return what == Kept::kDone; }
};

/// Answers with the same text in every keeper.
KeeperAnswer fenced_answer();
KeeperAnswer foreign_answer();
KeeperAnswer damaged_answer();
/// @param whose    "this client" or "the service".
/// @param of_what  "states" or "bytes".
KeeperAnswer full_answer(const char* whose, std::int64_t most, const char* of_what);

struct KeeperClaim {
  std::string name;    ///< `name_of_token`; never the token itself
  std::string owner;   ///< the TLS identity, or empty
  std::string client;  ///< the client whose limits a new stream counts for
};

struct Claimed {
  KeeperAnswer answer;
  std::uint64_t fence = 0;            ///< the right to write, until the next claim
  std::optional<std::string> record;  ///< the last stored record; absent: a new stream
};

/// Keeps the records of resumable streams.
///
/// Ownership: every claim of a name gets a fence, larger than all earlier ones, and takes the right
/// to write from the previous owner. `store`, `erase` and `release` with an older fence change
/// nothing and answer kFenced. So if two connections or replicas claim a stream, only the last one
/// can write, even if the other wakes up late.
///
/// Order: calls for one name take effect in the order in which they were made. Every member
/// function returns at once, may be called from any thread, and answers once, on any thread.
class StateKeeper {
 public:
  using OnAnswer = std::function<void(const KeeperAnswer&)>;
  using OnClaimed = std::function<void(Claimed)>;

  virtual ~StateKeeper() = default;

  /// Takes the stream over and fetches its record, in one step. The owner is compared before
  /// anything is changed; refused with kForeign, kFull (a new name), kDamaged, kFailed or kAway.
  virtual void claim(const KeeperClaim& claim, OnClaimed done) = 0;
  /// Replaces the whole record. After success it is durable: it survives a loss of power, except in
  /// memory. Refused with kFenced, kFull, kFailed or kAway.
  virtual void store(const std::string& name, std::uint64_t fence, std::string record,
                     OnAnswer done) = 0;
  /// Forgets the stream. If this is refused, the stream has another owner, or expires later.
  virtual void erase(const std::string& name, std::uint64_t fence, OnAnswer done) = 0;
  /// Ends ownership: the record begins to age, and a name without a record is forgotten.
  virtual void release(const std::string& name, std::uint64_t fence) = 0;
};

/// The keeper of the options.
/// @throws std::exception: its store cannot be used.
std::unique_ptr<StateKeeper> make_keeper(const Options& options, Metrics& metrics);

/// The name of a kept stream: 64 hexadecimal digits, which do not reveal the token.
std::string name_of_token(const std::string& token);

}  // namespace service
