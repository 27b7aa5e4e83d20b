#pragma once

#include <cstdint>
#include <string>

#include "log.h"

namespace service {

/// The options of the command line. Durations are seconds.
struct Options {
  std::string bundle;  ///< from `basnet-train export`; the fake build has its own network
  std::string config = "streaming";  ///< "streaming", "bundle", or a JSON object of changes
  std::string listen = "127.0.0.1:50051";
  std::string metrics;       ///< address of the Prometheus endpoint; empty: none
  std::int64_t threads = 1;  ///< threads of the network's computations

  std::int64_t max_batch = 64;
  double max_delay = 0.01;
  std::int64_t max_queue = 64;  ///< most waiting snippets per stream; then it is not read
  std::int64_t max_streams = 1024;

  std::int64_t max_message_bytes = 64 << 20;
  std::int64_t max_streams_per_client = 64;
  double max_snippets_per_second = 0.0;  ///< per client; 0: no limit
  double open_timeout = 10.0;            ///< of a call until its Open arrives
  double idle_timeout = 300.0;           ///< of a stream without a request
  double video_timeout = 120.0;          ///< of a LocalizeVideo without a deadline
  std::int64_t max_unsent = 256;         ///< events that wait for a slow reader
  double slow_reader_timeout = 30.0;

  double alarm_threshold = 0.0;  ///< 0: no onsets
  double alarm_hold = 0.0;

  std::int64_t max_memory_bytes = std::int64_t{1} << 30;  ///< of gRPC, for messages

  std::string state_folder;  ///< of resumable streams; empty: memory, or `state`
  std::string state;         ///< redis://host:port/database, which replicas share; or empty
  std::string redis_password_file;
  double state_timeout = 15.0;  ///< longest wait of a call for that server
  double keep_states = 3600.0;
  std::int64_t max_states = 10000;  ///< resumable streams kept, and their bytes
  std::int64_t max_state_bytes = std::int64_t{1} << 30;
  std::int64_t max_states_per_client = 1000;
  std::int64_t max_state_bytes_per_client = 256 << 20;
  double checkpoint_every = 5.0;
  double grace = 10.0;  ///< between SIGTERM and the end

  LogLevel log_level = LogLevel::kWarning;

  std::string tls_cert, tls_key;  ///< PEM files; empty: no TLS
  std::string tls_client_ca;      ///< PEM file; clients need a certificate of this authority

  std::string check_health;      ///< ask the service at this address, instead of being one
  std::string tls_ca, tls_name;  ///< of that service: its authority's PEM file, and its name
};

/// @throws std::invalid_argument naming the option and the allowed values.
Options parse_options(int argc, const char* const* argv);

std::string usage();

}  // namespace service
