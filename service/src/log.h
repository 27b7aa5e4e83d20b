#pragma once

#include <string>
#include <utility>
#include <vector>

namespace service {

enum class LogLevel { kError, kWarning, kInfo };

/// @throws std::invalid_argument naming the three.
LogLevel parse_log_level(const std::string& text);

/// Sets the level of the process, before threads begin; the default is warning.
void set_log_level(LogLevel level);

/// Writes one line on stderr, if the level includes it: `warning: what happened`. Any thread.
void log(LogLevel level, const std::string& what);

/// One line of JSON for a finished call, at level info, or warning if the service failed. It never
/// contains tokens, features or segments.
struct CallRecord {
  const char* call = "";
  std::string client;  ///< the client, as for limits
  std::string stream;  ///< `name_of_token`, only its beginning is logged; or empty
  std::string code;    ///< of gRPC, in digits
  std::string kind;    ///< of the refusal; empty: it went well
  std::string message;
  double seconds = 0.0;
  long long snippets = 0;
};
void log_call(const CallRecord& record, bool failed);

}  // namespace service
