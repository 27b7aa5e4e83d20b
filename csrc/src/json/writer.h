#pragma once

#include <string>
#include <string_view>

#include "json/value.h"

namespace basnet_rt::json {

/// A value as one line of JSON, ", " and ": " between its parts; numbers as they were written.
std::string write(const Value& value);

/// A string in quotes, what JSON cannot hold escaped; other bytes as they are.
std::string quoted(std::string_view text);

/// The same as `write` for a message: cut where it is long.
std::string shown(const Value& value);

}  // namespace basnet_rt::json
