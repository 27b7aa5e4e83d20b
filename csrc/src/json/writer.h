#pragma once

#include <string>
#include <string_view>

#include "json/value.h"

namespace basnet_rt::json {

/// A value as one line of JSON, ", " and ": " between its parts; numbers as they were written.
std::string write(const Value& value);

/// A string in quotes, with the escapes that JSON requires; other bytes are unchanged.
std::string quoted(std::string_view text);

/// `write` for a message: a long text is cut.
std::string shown(const Value& value);

}  // namespace basnet_rt::json
