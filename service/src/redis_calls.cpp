#include "redis_calls.h"

#include <random>

#include "digest.h"
#include "kept_file.h"

namespace service {
namespace {

std::string text(std::uint64_t number) { return std::to_string(number); }
std::string text(std::int64_t number) { return std::to_string(number); }
std::string milliseconds(double seconds) { return text(static_cast<std::int64_t>(seconds * 1e3)); }

std::string random_name() {
  std::random_device source;
  std::string bytes;
  for (int i = 0; i < 16; ++i) bytes.push_back(static_cast<char>(source() & 0xff));
  return hex(bytes);
}

/// The first word of an answer that is a list.
std::string verdict(const RedisReply& reply) {
  return reply.list.empty() ? "" : reply.list.front().text;
}

KeeperAnswer plain_meaning(const RedisReply& reply) {
  const std::string word = verdict(reply);
  if (word == "done") return {};
  if (word == "fenced") return fenced_answer();
  if (word == "foreign") return foreign_answer();
  if (word == "behind") return {Kept::kAway, "another connection claims this stream; try again"};
  return {Kept::kFailed, "the stream's state could not be kept: " + reply.text};
}

/// The value of `name:` in the answer to INFO; "" where it is not said.
std::string info_value(const std::string& info, const std::string& name) {
  const std::size_t begin = info.find("\n" + name + ":");
  if (begin == std::string::npos) return "";
  const std::size_t value = begin + name.size() + 2;
  return info.substr(value, info.find_first_of("\r\n", value) - value);
}

void warn(const std::string& what) { log(LogLevel::kWarning, "--state: " + what); }

}  // namespace

RedisCalls::RedisCalls(const Options& options) : options_(options), holder_(random_name()) {}

RedisLink::Command RedisCalls::number(std::uint64_t least) const {
  return scripts_.call(RedisScript::kNumber, "", {text(least)});
}

RedisLink::Command RedisCalls::claim(const KeeperClaim& claim, std::uint64_t fence) const {
  return scripts_.call(
      RedisScript::kClaim, claim.name,
      {claim.owner, claim.client, text(fence), holder_, text(options_.max_states_per_client),
       text(options_.max_states), milliseconds(lease())});
}

RedisLink::Command RedisCalls::store(const KeeperClaim& stream, std::uint64_t fence,
                                     std::uint64_t store, const std::string& record) const {
  return scripts_.call(RedisScript::kStore, stream.name,
                       {text(fence), holder_, text(store), packed(stream, record),
                        text(options_.max_state_bytes_per_client), text(options_.max_state_bytes),
                        milliseconds(lease())});
}

RedisLink::Command RedisCalls::erase(const std::string& name, std::uint64_t fence) const {
  return scripts_.call(RedisScript::kErase, name, {text(fence), holder_});
}

RedisLink::Command RedisCalls::release(const std::string& name, std::uint64_t fence) const {
  return scripts_.call(RedisScript::kRelease, name,
                       {text(fence), holder_, milliseconds(options_.keep_states)});
}

RedisLink::Command RedisCalls::renew(const std::string& name, std::uint64_t fence) const {
  return scripts_.call(RedisScript::kRenew, name, {text(fence), holder_, milliseconds(lease())});
}

RedisLink::Command RedisCalls::sweep(std::int64_t most) const {
  return scripts_.call(RedisScript::kSweep, "", {text(most)});
}

KeeperAnswer RedisCalls::meaning_of_claim(const RedisReply& reply) const {
  const std::string word = verdict(reply);
  if (word == "full client") {
    return full_answer("this client", options_.max_states_per_client, "states");
  }
  if (word == "full all") return full_answer("the service", options_.max_states, "states");
  return plain_meaning(reply);
}

KeeperAnswer RedisCalls::meaning(const RedisReply& reply) const {
  const std::string word = verdict(reply);
  if (word == "full client") {
    return full_answer("this client", options_.max_state_bytes_per_client, "bytes");
  }
  if (word == "full all") return full_answer("the service", options_.max_state_bytes, "bytes");
  return plain_meaning(reply);
}

// A server may forbid these commands; then there is no warning.
void warn_of_settings(RedisLink& link) {
  if (info_value(link.ask({"INFO", "persistence"}).text, "aof_enabled") == "0") {
    warn(
        "the server keeps no append-only file: its restart loses what was called durable; set "
        "appendonly yes");
  }
  const RedisReply sync = link.ask({"CONFIG", "GET", "appendfsync"});
  if (sync.list.size() == 2 && sync.list[1].text != "always") {
    warn("appendfsync is " + sync.list[1].text +
         ": a loss of power may lose what was called durable; set appendfsync always");
  }
  const std::string evicts = info_value(link.ask({"INFO", "memory"}).text, "maxmemory_policy");
  if (!evicts.empty() && evicts != "noeviction") {
    warn("maxmemory-policy is " + evicts + ": the server may drop streams; set noeviction");
  }
}

}  // namespace service
