#pragma once

#include <string>

namespace service {

/// The address of a Redis, and user and password. `text` never contains the password.
struct RedisAddress {
  std::string host;
  int port = 6379;
  int database = 0;
  std::string user;      ///< empty: Redis's default user
  std::string password;  ///< empty: none

  /// redis://host:port/database
  std::string text() const;
};

/// Reads redis://[user@]host[:port][/database]; an IPv6 address must be in brackets.
/// @throws std::invalid_argument naming the allowed form. A password in the address is refused; the
///         message does not contain it.
RedisAddress parse_redis_address(const std::string& text);

/// The password: the first line of the file, or BASNET_RT_REDIS_PASSWORD without a file, or "".
/// @throws std::invalid_argument: the file cannot be read.
std::string redis_password(const std::string& file);

}  // namespace service
