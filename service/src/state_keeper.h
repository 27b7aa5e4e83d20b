#pragma once

// THE KEEPER'S INTERFACE: what every place that can keep streams does. Memory, a folder, and a
// Redis that replicas share implement it (memory_keeper.h, folder_keeper.h, redis_keeper.h).

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
  kFenced,   ///< somebody claimed the stream later: its new owner alone may write
  kForeign,  ///< the stream is another identity's
  kFull,     ///< a bound on number or bytes; what was kept before is as it was
  kDamaged,  ///< there is a record, and it is not what was stored
  kFailed,   ///< the disk
  kAway,     ///< the place cannot be reached in time; another try may go well
};

struct KeeperAnswer {
  Kept what = Kept::kDone;
  std::string message;  ///< for the client; empty where it was done

  bool ok() const { return what == Kept::kDone; }
};

/// The answers that every keeper gives in the same words.
KeeperAnswer fenced_answer();
KeeperAnswer foreign_answer();
KeeperAnswer damaged_answer();
/// @param whose    "this client" or "the service".
/// @param of_what  "states" or "bytes".
KeeperAnswer full_answer(const char* whose, std::int64_t most, const char* of_what);

struct KeeperClaim {
  std::string name;    ///< `name_of_token`; never the token itself
  std::string owner;   ///< the TLS identity, or empty
  std::string client;  ///< whose bounds a new stream counts for
};

struct Claimed {
  KeeperAnswer answer;
  std::uint64_t fence = 0;            ///< the right to write, until the next claim
  std::optional<std::string> record;  ///< the last that was stored; absent: a new stream
};

/// A place that keeps the records of resumable streams.
///
/// Ownership: every claim of a name gets a fence, larger than all before it, and takes the right to
/// write from whoever had it. `store`, `erase` and `release` under an older fence change nothing
/// and answer kFenced. So of two connections or replicas one owns a stream, and the other, however
/// late it wakes, can write no more.
///
/// Order: calls for one name take effect in the order in which they were made. Every member
/// function returns at once, may be called from any thread, and answers once, from any thread.
class StateKeeper {
 public:
  using OnAnswer = std::function<void(const KeeperAnswer&)>;
  using OnClaimed = std::function<void(Claimed)>;

  virtual ~StateKeeper() = default;

  /// Takes the stream over and fetches its record, in one step. The owner is compared before
  /// anything is changed; refused with kForeign, kFull (a new name), kDamaged, kFailed or kAway.
  virtual void claim(const KeeperClaim& claim, OnClaimed done) = 0;
  /// Replaces the record whole. Done means durable: no loss of power undoes it, where the place is
  /// not memory. Refused with kFenced, kFull, kFailed or kAway.
  virtual void store(const std::string& name, std::uint64_t fence, std::string record,
                     OnAnswer done) = 0;
  /// Forgets the stream. Where that is refused it is somebody else's, or goes when it is old.
  virtual void erase(const std::string& name, std::uint64_t fence, OnAnswer done) = 0;
  /// The owner has gone: the record ages from now on, and a name without one is forgotten.
  virtual void release(const std::string& name, std::uint64_t fence) = 0;
};

/// The keeper that the options name.
/// @throws std::exception: its place cannot be used.
std::unique_ptr<StateKeeper> make_keeper(const Options& options, Metrics& metrics);

/// The name that a stream is kept under: 64 hexadecimal digits, which do not show the token.
std::string name_of_token(const std::string& token);

}  // namespace service
