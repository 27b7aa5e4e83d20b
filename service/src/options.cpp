#include "options.h"

#include <charconv>
#include <cmath>
#include <functional>
#include <limits>
#include <stdexcept>
#include <vector>

#include "redis_address.h"

namespace service {
namespace {

[[noreturn]] void refuse(const std::string& name, const std::string& value,
                         const std::string& want) {
  throw std::invalid_argument("--" + name + " is '" + value + "'; it must be " + want);
}

struct Flag {
  std::string name;
  std::string help;
  std::function<void(const std::string&)> set;
};

Flag text(const char* name, std::string& to, const char* help) {
  return {name, help, [&to](const std::string& value) { to = value; }};
}

// host:port, or unix:path. Without a check gRPC takes a port modulo 65536, and 443 for none.
bool is_address(const std::string& value) {
  if (value.rfind("unix:", 0) == 0) return true;
  const std::size_t colon = value.rfind(':');
  if (colon == std::string::npos || colon == 0) return false;
  int port = -1;
  const char* end = value.data() + value.size();
  const auto parsed = std::from_chars(value.data() + colon + 1, end, port);
  return parsed.ec == std::errc() && parsed.ptr == end && port >= 0 && port <= 65535;
}

Flag address(const char* name, std::string& to, const char* help) {
  return {name, help, [&to, name](const std::string& value) {
            if (!is_address(value)) refuse(name, value, "host:port, with a port from 0 to 65535");
            to = value;
          }};
}

Flag count(const char* name, std::int64_t& to, const char* help,
           std::int64_t most = std::numeric_limits<std::int64_t>::max()) {
  return {name, std::string(help) + " (" + std::to_string(to) + ")",
          [&to, name, most](const std::string& value) {
            const char* end = value.data() + value.size();
            const auto parsed = std::from_chars(value.data(), end, to);
            if (parsed.ec != std::errc() || parsed.ptr != end || to < 1 || to > most) {
              refuse(name, value, "a whole number from 1 to " + std::to_string(most));
            }
          }};
}

Flag number(const char* name, double& to, const char* help) {
  return {name, std::string(help) + " (" + std::to_string(to).substr(0, 6) + ")",
          [&to, name](const std::string& value) {
            const char* end = value.data() + value.size();
            const auto parsed = std::from_chars(value.data(), end, to);
            const bool good = parsed.ec == std::errc() && parsed.ptr == end && to >= 0 && to < 1e9;
            if (!good) refuse(name, value, "a number from 0 to 1e9");
          }};
}

Flag level(const char* name, LogLevel& to, const char* help) {
  return {name, help, [&to](const std::string& value) { to = parse_log_level(value); }};
}

std::vector<Flag> network_flags(Options& o) {
  return {
      text("bundle", o.bundle, "the model, from basnet-train export"),
      text("config", o.config, "post-processing: streaming, bundle, or changes as JSON"),
      address("listen", o.listen, "host:port; port 0: the system chooses"),
      address("metrics", o.metrics, "host:port of the Prometheus endpoint; default: none"),
      count("threads", o.threads, "threads of the network"),
      count("max-batch", o.max_batch, "snippets in one call of the network"),
      number("max-delay", o.max_delay, "seconds that a snippet waits for a full batch"),
      count("max-queue", o.max_queue, "snippets that wait per stream"),
      count("max-streams", o.max_streams, "streams open at once"),
      number("alarm-threshold", o.alarm_threshold, "activation that makes an onset; 0: none"),
      number("alarm-hold", o.alarm_hold, "seconds that the activation must stay there"),
  };
}

std::vector<Flag> limit_flags(Options& o) {
  return {
      count("max-message-bytes", o.max_message_bytes, "bytes of one request",
            std::numeric_limits<int>::max()),
      count("max-streams-per-client", o.max_streams_per_client, "streams open at once"),
      number("max-snippets-per-second", o.max_snippets_per_second, "per client; 0: no limit"),
      number("open-timeout", o.open_timeout, "seconds until the Open of a call arrives"),
      number("idle-timeout", o.idle_timeout, "seconds of a stream without a request"),
      number("video-timeout", o.video_timeout, "seconds of a video without a deadline"),
      count("max-unsent", o.max_unsent, "events that wait for a slow reader"),
      number("slow-reader-timeout", o.slow_reader_timeout,
             "seconds until a slow reader is cut off"),
      count("max-memory-bytes", o.max_memory_bytes, "bytes of memory for gRPC's messages"),
      text("state-folder", o.state_folder, "where streams with a token are kept; default: memory"),
      text("state", o.state, "redis://[user@]host[:port][/db], for streams on several replicas"),
      text("redis-password-file", o.redis_password_file,
           "file with Redis's password; default: BASNET_RT_REDIS_PASSWORD"),
      number("state-timeout", o.state_timeout, "seconds that a call waits for Redis"),
      count("max-states", o.max_states, "kept streams (those with a token)"),
      count("max-state-bytes", o.max_state_bytes, "bytes of all kept streams"),
      count("max-states-per-client", o.max_states_per_client, "kept streams of one client"),
      count("max-state-bytes-per-client", o.max_state_bytes_per_client, "their bytes"),
      number("keep-states", o.keep_states, "seconds that a stream can be resumed"),
      number("checkpoint-every", o.checkpoint_every, "seconds between saves of a stream"),
      number("grace", o.grace, "seconds between SIGTERM and the end"),
      level("log-level", o.log_level, "error, warning, or info: every finished call (warning)"),
      text("tls-cert", o.tls_cert, "server certificate, PEM; default: no TLS"),
      text("tls-key", o.tls_key, "its key, PEM"),
      text("tls-client-ca", o.tls_client_ca, "clients need a certificate of this CA"),
      address("check-health", o.check_health,
              "ask the service there, and exit with 0 if it serves"),
      text("tls-ca", o.tls_ca, "CA of the service that is asked, PEM; default: no TLS"),
      text("tls-name", o.tls_name, "name in its certificate; default: the host that is asked"),
  };
}

std::vector<Flag> all_flags(Options& options) {
  std::vector<Flag> flags = network_flags(options);
  for (Flag& flag : limit_flags(options)) flags.push_back(std::move(flag));
  return flags;
}

void check_together(const Options& options) {
  if (options.tls_cert.empty() != options.tls_key.empty()) {
    throw std::invalid_argument("--tls-cert and --tls-key go together");
  }
  if (!options.tls_client_ca.empty() && options.tls_cert.empty()) {
    throw std::invalid_argument("--tls-client-ca needs --tls-cert");
  }
  if (!options.tls_ca.empty() && options.check_health.empty()) {
    throw std::invalid_argument("--tls-ca is for --check-health; clients' CA is --tls-client-ca");
  }
  if (!options.tls_name.empty() && options.tls_ca.empty()) {
    throw std::invalid_argument("--tls-name needs --check-health and --tls-ca");
  }
  if (!options.check_health.empty() && !options.tls_cert.empty() && options.tls_ca.empty()) {
    throw std::invalid_argument("--check-health with --tls-cert needs --tls-ca");
  }
  if (!options.state_folder.empty() && !options.state.empty()) {
    throw std::invalid_argument("--state-folder and --state exclude each other");
  }
  if (!options.state.empty()) parse_redis_address(options.state);
}

void apply(std::vector<Flag>& flags, const std::string& name, const std::string& value) {
  for (Flag& flag : flags) {
    if (flag.name == name) return flag.set(value);
  }
  throw std::invalid_argument("there is no option --" + name + "\n\n" + usage());
}

}  // namespace

Options parse_options(int argc, const char* const* argv) {
  Options options;
  std::vector<Flag> flags = all_flags(options);
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word.rfind("--", 0) != 0) throw std::invalid_argument("'" + word + "' is no option");
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos && i + 1 == argc) {
      throw std::invalid_argument(word + " lacks a value, or is no option\n\n" + usage());
    }
    const std::string value = equals == std::string::npos ? argv[++i] : word.substr(equals + 1);
    apply(flags, word.substr(2, equals == std::string::npos ? equals : equals - 2), value);
  }
  check_together(options);
  return options;
}

std::string usage() {
  Options defaults;
  std::string out =
      "usage: basnet_rt_service --bundle FILE [--option value]...\n"
      "       basnet_rt_service --check-health HOST:PORT [--tls-ca FILE] [--tls-name NAME]\n";
  for (const Flag& flag : all_flags(defaults)) {
    out += "  --" + flag.name + std::string(28 - flag.name.size(), ' ') + flag.help + "\n";
  }
  return out;
}

}  // namespace service
