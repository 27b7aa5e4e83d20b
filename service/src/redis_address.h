#pragma once

#include <string>

namespace service {

/// Where a Redis is, and as whom to enter. The password is in no text that this struct makes.
struct RedisAddress {
  std::string host;
  int port = 6379;
  int database = 0;
  std::string user;      ///< empty: Redis's default user
  std::string password;  ///< empty: none

  /// redis://host:port/database
  std::string text() const;
};

/// Reads redis://[user@]host[:port][/database]; an IPv6 address stands in brackets.
/// @throws std::invalid_argument naming what is allowed; a password in the address is refused, and
///         not repeated.
RedisAddress parse_redis_address(const std::string& text);

/// The first line of the file; of BASNET_RT_REDIS_PASSWORD where no file is named; or "".
/// @throws std::invalid_argument: the file cannot be read.
std::string redis_password(const std::string& file);

}  // namespace service
