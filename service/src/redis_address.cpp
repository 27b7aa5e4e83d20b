#include "redis_address.h"

#include <charconv>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace service {
namespace {

constexpr const char* kScheme = "redis://";
constexpr int kMostPort = 65535, kMostDatabase = 1 << 20;

[[noreturn]] void refuse(const std::string& why) {
  throw std::invalid_argument("--state: " + why +
                              "; it must be redis://[user@]host[:port][/database]");
}

int number(const std::string& text, int most, const char* what) {
  int out = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, out);
  if (parsed.ec != std::errc() || parsed.ptr != end || out < 0 || out > most) {
    refuse(std::string("the ") + what + " is '" + text + "', no number from 0 to " +
           std::to_string(most));
  }
  return out;
}

/// Takes what stands before the last `mark` off the front of `rest`; "" where there is no mark.
std::string take_before(std::string& rest, char mark) {
  const std::size_t at = rest.rfind(mark);
  if (at == std::string::npos) return "";
  std::string out = rest.substr(0, at);
  rest = rest.substr(at + 1);
  return out;
}

}  // namespace

std::string RedisAddress::text() const {
  const bool six = host.find(':') != std::string::npos;
  return kScheme + (six ? "[" + host + "]" : host) + ":" + std::to_string(port) + "/" +
         std::to_string(database);
}

RedisAddress parse_redis_address(const std::string& text) {
  if (text.rfind("rediss://", 0) == 0) {
    refuse("TLS to Redis is not spoken; use a private network or a tunnel");
  }
  if (text.rfind(kScheme, 0) != 0) refuse("'" + text.substr(0, text.find(':')) + "' is no place");
  RedisAddress out;
  std::string rest = text.substr(std::string(kScheme).size());
  out.user = take_before(rest, '@');
  if (out.user.find(':') != std::string::npos) {
    refuse(
        "a password does not belong in an address, which others can see; put it into a file "
        "for --redis-password-file, or into BASNET_RT_REDIS_PASSWORD");
  }
  const std::size_t slash = rest.find('/');
  if (slash != std::string::npos) {
    const std::string database = rest.substr(slash + 1);
    out.database = database.empty() ? 0 : number(database, kMostDatabase, "database");
    rest = rest.substr(0, slash);
  }
  const std::size_t bracket = rest.find(']');
  const std::size_t colon = rest.find(':', bracket == std::string::npos ? 0 : bracket);
  if (colon != std::string::npos) {
    out.port = number(rest.substr(colon + 1), kMostPort, "port");
    rest = rest.substr(0, colon);
  }
  const bool six = rest.size() > 2 && rest.front() == '[' && rest.back() == ']';
  out.host = six ? rest.substr(1, rest.size() - 2) : rest;
  if (out.host.empty()) refuse("there is no host");
  return out;
}

std::string redis_password(const std::string& file) {
  if (file.empty()) {
    const char* set = std::getenv("BASNET_RT_REDIS_PASSWORD");
    return set == nullptr ? "" : set;
  }
  std::ifstream in(file);
  std::string line;
  if (!std::getline(in, line)) {
    throw std::invalid_argument("--redis-password-file: cannot read a line of " + file);
  }
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return line;
}

}  // namespace service
