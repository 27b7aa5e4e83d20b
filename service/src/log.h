#pragma once

#include <string>
#include <utility>
#include <vector>

namespace service {

enum class LogLevel { kError, kWarning, kInfo };

/// @throws std::invalid_argument naming the three.
LogLevel parse_log_level(const std::string& text);

/// Of the process; warning until it is set. Set before threads begin.
void set_log_level(LogLevel level);

/// One line on stderr where the level asks for it: `warning: what happened`. Any thread.
void log(LogLevel level, const std::string& what);

/// One line of JSON for a call that ended, at level info, or warning where the service failed.
/// Tokens, features and segments are never in it.
struct CallRecord {
  const char* call = "";
  std::string client;  ///< as limits count it
  std::string stream;  ///< `name_of_token`, of which the beginning is logged; or empty
  std::string code;    ///< of gRPC, in digits
  std::string kind;    ///< of the refusal; empty: it went well
  std::string message;
  double seconds = 0.0;
  long long snippets = 0;
};
void log_call(const CallRecord& record, bool failed);

}  // namespace service
