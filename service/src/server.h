#pragma once

#include <grpcpp/server.h>

#include <memory>
#include <string>

#include "engine.h"
#include "localization_service.h"
#include "metrics.h"
#include "options.h"

namespace service {

/// The whole service, running from construction to destruction.
class Server {
 public:
  /// @throws std::exception: an address or a file cannot be used.
  Server(const Options& options, ModelSource model);

  /// Takes no more calls, gives those that run the grace time, saves or ends the rest, and stops.
  void drain();

  int port() const { return port_; }
  int metrics_port() const { return metrics_port_; }

 private:
  const Options options_;
  Metrics metrics_;
  Engine engine_;
  LocalizationService service_;
  int port_ = 0;  // set where `server_` is made
  int metrics_port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace service
