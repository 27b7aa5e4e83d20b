// The program: options, a server, and the signals that stop it.

#include <csignal>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>

#include "health_check.h"
#include "model_source.h"
#include "options.h"
#include "server.h"

namespace {

/// Blocks the signals before any thread begins, so that only `sigwait` receives them.
sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return set;
}

int run(int argc, char** argv) {
  const sigset_t signals = stop_signals();
  if (argc == 2 && (std::string(argv[1]) == "--help" || std::string(argv[1]) == "-h")) {
    std::cout << service::usage();
    return 0;
  }
  if (argc == 3 && std::string(argv[1]) == "--check-health") {
    const std::string problem = service::health_problem(argv[2]);
    if (!problem.empty()) std::cerr << argv[2] << ": " << problem << "\n";
    return problem.empty() ? 0 : 1;
  }
  const service::Options options = service::parse_options(argc, argv);
  service::set_log_level(options.log_level);
  service::Server server(options, service::load_model(options));
  std::cout << "{\"port\": " << server.port() << ", \"metrics_port\": " << server.metrics_port()
            << "}" << std::endl;
  int signal = 0;
  sigwait(&signals, &signal);
  std::cerr << "signal " << signal << ": draining for " << options.grace << " seconds\n";
  server.drain();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::invalid_argument& error) {
    std::cerr << error.what() << "\n";
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "basnet_rt_service: " << error.what() << "\n";
    return 1;
  }
}
