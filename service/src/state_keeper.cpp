#include "state_keeper.h"

#include "digest.h"
#include "folder_keeper.h"
#include "memory_keeper.h"
#include "redis_keeper.h"

namespace service {

KeeperAnswer fenced_answer() {
  return {Kept::kFenced, "another connection has gone on with this stream"};
}

KeeperAnswer foreign_answer() { return {Kept::kForeign, "this stream is another client's"}; }

KeeperAnswer damaged_answer() {
  return {Kept::kDamaged, "the state kept of this stream is damaged"};
}

KeeperAnswer full_answer(const char* whose, std::int64_t most, const char* of_what) {
  return {Kept::kFull, std::string(whose) + " has " + std::to_string(most) + " " + of_what +
                           " of resumable streams kept, the most that it may; finish streams, or "
                           "open this one without a token"};
}

std::unique_ptr<StateKeeper> make_keeper(const Options& options, Metrics& metrics) {
  if (!options.state.empty()) return std::make_unique<RedisKeeper>(options, metrics);
  if (options.state_folder.empty()) return std::make_unique<MemoryKeeper>(options);
  return std::make_unique<FolderKeeper>(options);
}

std::string name_of_token(const std::string& token) {
  return hex(sha256("basnet_rt stream token\n" + token));
}

}  // namespace service
