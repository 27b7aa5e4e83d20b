// The program: options, a server, and the signals that stop it.

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <future>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "health_check.h"
#include "model_source.h"
#include "options.h"
#include "server.h"

namespace {

/// SIGTERM and SIGINT, from a thread that receives them. While the service starts nothing has to be
/// drained, and they end the process; from `serving` on they are the program's.
class StopSignals {
 public:
  /// Blocks them before any other thread begins, so that no other receives them.
  StopSignals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    std::thread([set, state = state_] {
      int signal = 0;
      sigwait(&set, &signal);
      if (!state->serves.exchange(true)) std::_Exit(128 + signal);  // as shells say it
      state->came.set_value(signal);
    }).detach();
  }

  std::future<int> serving() {
    if (state_->serves.exchange(true)) pause();  // the process is ending
    return state_->came.get_future();
  }

 private:
  struct State {
    std::atomic<bool> serves{false};
    std::promise<int> came;
  };
  const std::shared_ptr<State> state_ = std::make_shared<State>();
};

bool asks_for_help(int argc, char** argv) {
  return argc == 2 && (std::string(argv[1]) == "--help" || std::string(argv[1]) == "-h");
}

int run(int argc, char** argv) {
  if (asks_for_help(argc, argv)) {
    std::cout << service::usage();
    return 0;
  }
  const service::Options options = service::parse_options(argc, argv);
  if (!options.check_health.empty()) {
    const std::string problem = service::health_problem(options);
    if (!problem.empty()) std::cerr << options.check_health << ": " << problem << "\n";
    return problem.empty() ? 0 : 1;
  }
  StopSignals signals;
  service::set_log_level(options.log_level);
  service::Server server(options, service::load_model(options));
  std::future<int> stop = signals.serving();
  std::cout << "{\"port\": " << server.port() << ", \"metrics_port\": " << server.metrics_port()
            << "}" << std::endl;
  const int signal = stop.get();
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
