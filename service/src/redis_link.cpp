#include "redis_link.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace service {
namespace {

using Kind = RedisReply::Kind;

// Errors of a server that starts, is full, has lost its disk or its master, or is a replica.
// NOSCRIPT: its scripts were flushed; they are loaded with the next connection.
constexpr std::array<const char*, 9> kNotReady = {"LOADING",    "BUSY",     "MISCONF",
                                                  "MASTERDOWN", "READONLY", "NOREPLICAS",
                                                  "TRYAGAIN",   "NOSCRIPT", "OOM"};

timeval time_of(double seconds) {
  timeval out{};
  out.tv_sec = static_cast<decltype(out.tv_sec)>(std::floor(seconds));
  out.tv_usec = static_cast<decltype(out.tv_usec)>(std::fmod(seconds, 1.0) * 1e6);
  return out;
}

bool not_ready(const RedisReply& reply) {
  const std::string word = reply.text.substr(0, reply.text.find(' '));
  return reply.kind == Kind::kError &&
         std::find(kNotReady.begin(), kNotReady.end(), word) != kNotReady.end();
}

RedisReply converted(const redisReply& from) {
  RedisReply out;
  switch (from.type) {
    case REDIS_REPLY_ERROR:
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
      out.kind = from.type == REDIS_REPLY_ERROR ? Kind::kError : Kind::kText;
      out.text.assign(from.str, static_cast<std::size_t>(from.len));
      break;
    case REDIS_REPLY_INTEGER:
      out.kind = Kind::kNumber;
      out.number = from.integer;
      break;
    case REDIS_REPLY_ARRAY:
      out.kind = Kind::kList;
      for (std::size_t i = 0; i < from.elements; ++i) {
        out.list.push_back(converted(*from.element[i]));
      }
      break;
    default:
      break;
  }
  return out;
}

}  // namespace

RedisLink::RedisLink(RedisAddress address, double seconds)
    : address_(std::move(address)), seconds_(seconds) {}

void RedisLink::connect() {
  context_.reset(redisConnectWithTimeout(address_.host.c_str(), address_.port, time_of(seconds_)));
  if (context_ == nullptr) lose("no memory for a connection");
  if (context_->err != 0) lose(context_->errstr);
  redisSetTimeout(context_.get(), time_of(seconds_));
  redisEnableKeepAlive(context_.get());
  enter();
}

void RedisLink::enter() {
  std::vector<Command> commands;
  if (!address_.user.empty()) {  // whose password may be empty
    commands.push_back({"AUTH", address_.user, address_.password});
  } else if (!address_.password.empty()) {
    commands.push_back({"AUTH", address_.password});
  }
  commands.push_back({"SELECT", std::to_string(address_.database)});
  for (const Command& command : commands) {
    const RedisReply reply = ask(command);
    if (reply.kind != Kind::kError) continue;
    context_.reset();
    throw LinkRefused(address_.text() + ": " + command.front() + " was refused: " + reply.text);
  }
}

void RedisLink::pipeline(const std::vector<Command>& commands, const OnReply& on_reply) {
  for (const Command& command : commands) {
    std::vector<const char*> words;
    std::vector<std::size_t> sizes;
    for (const std::string& word : command) {
      words.push_back(word.data());
      sizes.push_back(word.size());
    }
    redisAppendCommandArgv(context_.get(), static_cast<int>(words.size()), words.data(),
                           sizes.data());
  }
  for (std::size_t i = 0; i < commands.size(); ++i) on_reply(i, read());
}

RedisReply RedisLink::ask(const Command& command) {
  RedisReply out;
  pipeline({command}, [&out](std::size_t, const RedisReply& reply) { out = reply; });
  return out;
}

RedisReply RedisLink::read() {
  void* raw = nullptr;
  if (redisGetReply(context_.get(), &raw) != REDIS_OK) lose(context_->errstr);
  const std::unique_ptr<void, decltype(&freeReplyObject)> owned(raw, &freeReplyObject);
  RedisReply reply = converted(*static_cast<const redisReply*>(raw));
  if (not_ready(reply)) lose(reply.text);
  return reply;
}

void RedisLink::lose(const std::string& why) {
  const std::string message = address_.text() + ": " + why;
  context_.reset();
  throw LinkLost(message);
}

}  // namespace service
