#include "log.h"

#include <atomic>
#include <cstdio>
#include <ctime>
#include <stdexcept>

namespace service {
namespace {

constexpr const char* kNames[] = {"error", "warning", "info"};
constexpr std::size_t kShownOfName = 12;  // digits: enough to distinguish streams

std::atomic<int> level_of_process{static_cast<int>(LogLevel::kWarning)};

bool asked_for(LogLevel level) { return static_cast<int>(level) <= level_of_process.load(); }

// In one write, so that lines of several threads are never mixed.
void write_line(const std::string& line) {
  const std::string whole = line + "\n";
  std::fwrite(whole.data(), 1, whole.size(), stderr);
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (letter == '"' || letter == '\\') {
      out += '\\';
      out += letter;
    } else if (byte < 0x20 || byte == 0x7f) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", byte);
      out += escaped;
    } else {
      out += letter;
    }
  }
  return out + '"';
}

std::string time_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &parts));
  return text;
}

}  // namespace

LogLevel parse_log_level(const std::string& text) {
  for (int i = 0; i < 3; ++i) {
    if (text == kNames[i]) return static_cast<LogLevel>(i);
  }
  throw std::invalid_argument("--log-level is '" + text + "'; it must be error, warning or info");
}

void set_log_level(LogLevel level) { level_of_process = static_cast<int>(level); }

void log(LogLevel level, const std::string& what) {
  if (asked_for(level)) write_line(std::string(kNames[static_cast<int>(level)]) + ": " + what);
}

void log_call(const CallRecord& record, bool failed) {
  const LogLevel level = failed ? LogLevel::kWarning : LogLevel::kInfo;
  if (!asked_for(level)) return;
  char seconds[32];
  std::snprintf(seconds, sizeof seconds, "%.3f", record.seconds);
  std::string line = "{\"time\": " + quoted(time_now()) + ", \"level\": \"" +
                     kNames[static_cast<int>(level)] + "\", \"call\": " + quoted(record.call) +
                     ", \"client\": " + quoted(record.client) + ", \"code\": " + record.code +
                     ", \"seconds\": " + seconds +
                     ", \"snippets\": " + std::to_string(record.snippets);
  if (!record.stream.empty()) {
    line += ", \"stream\": " + quoted(record.stream.substr(0, kShownOfName));
  }
  if (!record.kind.empty()) {
    line += ", \"kind\": " + quoted(record.kind) + ", \"message\": " + quoted(record.message);
  }
  write_line(line + "}");
}

}  // namespace service
