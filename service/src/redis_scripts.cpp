#include "redis_scripts.h"

#include <utility>

namespace service {
namespace {

// All keys are on one server, also in a cluster, because they share the part in braces.
//
// {basnet_rt}:fence     the last given number; it never falls
// {basnet_rt}:until     names by the millisecond of the server's clock until which they are kept
// {basnet_rt}:streams   how many streams each client has kept; "all" of them
// {basnet_rt}:bytes     the same of their records
// {basnet_rt}:stream:*  a hash for each stream:
//   owner, client  as claimed
//   fence, holder  the last claim: its number and process; no holder: it was released
//   store          the number of the last store under this fence
//   record, bytes  what was stored, and its size
//
// A script may run twice if an answer was lost, and late if a connection was lost. The second run
// of a step changes nothing, and neither does a step that comes after a later one.
constexpr const char* kPrefix = "{basnet_rt}:";

// The beginning of every script.
const std::string kCommon = R"lua(
local stream, fence, until_, streams, bytes = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]

local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function keep(name, milliseconds)
  redis.call('ZADD', until_, now() + milliseconds, name)
end

local function total(counts, client)
  return tonumber(redis.call('HGET', counts, client) or '0')
end

local function add(counts, client, more)
  redis.call('HINCRBY', counts, 'all', more)
  if redis.call('HINCRBY', counts, client, more) <= 0 then redis.call('HDEL', counts, client) end
end

local function forget(key, name)
  local kept = redis.call('HMGET', key, 'client', 'bytes')
  redis.call('ZREM', until_, name)
  if not kept[1] then return end
  add(streams, kept[1], -1)
  add(bytes, kept[1], 0 - tonumber(kept[2]))  -- a plain minus would make '-0'
  redis.call('DEL', key)
end

local function owns(number, holder)
  local kept = redis.call('HMGET', stream, 'fence', 'holder')
  return kept[1] == number and kept[2] == holder
end
)lua";

// A number larger than all before it, and than ARGV[1].
constexpr const char* kNumber = R"lua(
if tonumber(redis.call('GET', fence) or '0') < tonumber(ARGV[1]) then
  redis.call('SET', fence, ARGV[1])
end
return redis.call('INCR', fence)
)lua";

// ARGV: name, owner, client, number, holder, most streams of a client and in all, milliseconds.
constexpr const char* kClaim = R"lua(
local name, owner, client, number, holder = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local kept = redis.call('HMGET', stream, 'owner', 'fence', 'holder')
if not kept[2] then
  if total(streams, client) >= tonumber(ARGV[6]) then return {'full client'} end
  if total(streams, 'all') >= tonumber(ARGV[7]) then return {'full all'} end
  add(streams, client, 1)
  redis.call('HSET', stream, 'owner', owner, 'client', client, 'bytes', 0)
elseif kept[1] ~= owner then
  return {'foreign'}
elseif tonumber(kept[2]) > tonumber(number) or (kept[2] == number and kept[3] ~= holder) then
  return {'behind', kept[2]}
end
if kept[2] ~= number then
  redis.call('HSET', stream, 'fence', number, 'holder', holder, 'store', 0)
end
keep(name, ARGV[8])
return {'done', redis.call('HGET', stream, 'record')}
)lua";

// ARGV: name, number, holder, number of the store, record, most bytes of a client and in all,
// milliseconds.
constexpr const char* kStore = R"lua(
if not owns(ARGV[2], ARGV[3]) then return {'fenced'} end
local kept = redis.call('HMGET', stream, 'client', 'store', 'bytes')
if tonumber(kept[2]) >= tonumber(ARGV[4]) then return {'done'} end
local more = #ARGV[5] - tonumber(kept[3])
if more > 0 then
  if total(bytes, kept[1]) + more > tonumber(ARGV[6]) then return {'full client'} end
  if total(bytes, 'all') + more > tonumber(ARGV[7]) then return {'full all'} end
end
add(bytes, kept[1], more)
redis.call('HSET', stream, 'record', ARGV[5], 'bytes', #ARGV[5], 'store', ARGV[4])
keep(ARGV[1], ARGV[8])
return {'done'}
)lua";

// ARGV: name, number, holder; of the next two also milliseconds.
constexpr const char* kErase = R"lua(
if not owns(ARGV[2], ARGV[3]) then return {'fenced'} end
forget(stream, ARGV[1])
return {'done'}
)lua";

constexpr const char* kRelease = R"lua(
if not owns(ARGV[2], ARGV[3]) then return {'fenced'} end
if redis.call('HGET', stream, 'bytes') == '0' then
  forget(stream, ARGV[1])
else
  redis.call('HDEL', stream, 'holder')
  keep(ARGV[1], ARGV[4])
end
return {'done'}
)lua";

constexpr const char* kRenew = R"lua(
if not owns(ARGV[2], ARGV[3]) then return {'fenced'} end
keep(ARGV[1], ARGV[4])
return {'done'}
)lua";

// ARGV: how many at most. Answers how many were forgotten.
constexpr const char* kSweep = R"lua(
local old = redis.call('ZRANGEBYSCORE', until_, '-inf', now(), 'LIMIT', 0, ARGV[1])
for _, name in ipairs(old) do forget(stream .. name, name) end
return #old
)lua";

const std::array<const char*, 7> kTexts = {kNumber,  kClaim, kStore, kErase,
                                           kRelease, kRenew, kSweep};

}  // namespace

void RedisScripts::load(RedisLink& link) {
  for (std::size_t i = 0; i < kTexts.size(); ++i) {
    const RedisReply reply = link.ask({"SCRIPT", "LOAD", kCommon + kTexts[i]});
    if (reply.kind != RedisReply::Kind::kText) {
      throw LinkRefused("Redis takes no scripts: " + reply.text);
    }
    digests_[i] = reply.text;
  }
}

RedisLink::Command RedisScripts::call(RedisScript script, const std::string& name,
                                      std::vector<std::string> arguments) const {
  RedisLink::Command out = {"EVALSHA", digests_[static_cast<std::size_t>(script)], "5"};
  const std::string prefix = kPrefix;
  out.push_back(prefix + "stream:" + name);
  for (const char* key : {"fence", "until", "streams", "bytes"}) out.push_back(prefix + key);
  if (!name.empty()) out.push_back(name);
  for (std::string& argument : arguments) out.push_back(std::move(argument));
  return out;
}

}  // namespace service
