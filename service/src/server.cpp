#include "server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <stdexcept>
#include <utility>

#include "pem.h"

namespace service {
namespace {

constexpr double kSaving = 5.0;    // seconds for the states of a service that stops
constexpr double kHangUp = 1.0;    // then for the last answers to be sent
constexpr int kKeepAlive = 30000;  // milliseconds until a silent peer is asked, and then dropped
constexpr int kPings = 1000;       // milliseconds between those of a client, at least
constexpr const char* kServiceName = "basnet_rt.v1.Localization";

std::shared_ptr<grpc::ServerCredentials> credentials(const Options& options) {
  if (options.tls_cert.empty()) return grpc::InsecureServerCredentials();
  const bool mutual = !options.tls_client_ca.empty();
  grpc::SslServerCredentialsOptions tls(
      mutual ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
             : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  const std::string certificate = read_certificates("tls-cert", options.tls_cert);
  tls.pem_key_cert_pairs.push_back(
      {read_key("tls-key", options.tls_key, certificate), certificate});
  if (mutual) tls.pem_root_certs = read_certificates("tls-client-ca", options.tls_client_ca);
  return grpc::SslServerCredentials(tls);
}

std::unique_ptr<grpc::Server> build(const Options& options, grpc::Service& service, int& port) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  builder.AddListeningPort(options.listen, credentials(options), &port);
  builder.RegisterService(&service);
  builder.SetMaxReceiveMessageSize(static_cast<int>(options.max_message_bytes));
  // A message is inflated before its size is known: a small one may fill the memory.
  for (const auto algorithm : {GRPC_COMPRESS_DEFLATE, GRPC_COMPRESS_GZIP}) {
    builder.SetCompressionAlgorithmSupportStatus(algorithm, false);
  }
  grpc::ResourceQuota memory("basnet_rt_service");
  memory.Resize(static_cast<std::size_t>(options.max_memory_bytes));
  builder.SetResourceQuota(memory);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepAlive);
  // Clients ask, too, whether their replica is there; gRPC's own bound would hang up on them.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kPings);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // a second service must fail to start
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) {
    throw std::runtime_error("--listen: cannot listen at " + options.listen +
                             "; another program may use this port, or the address is not here");
  }
  server->GetHealthCheckService()->SetServingStatus(kServiceName, true);
  return server;
}

}  // namespace

Server::Server(const Options& options, ModelSource model)
    : options_(options),
      engine_(options_, std::move(model), metrics_),
      service_(engine_, options_),
      server_(build(options_, service_, port_)) {
  if (options_.metrics.empty()) return;
  try {
    metrics_port_ = metrics_.serve(options_.metrics);
  } catch (const std::exception& error) {
    throw std::runtime_error("--metrics: cannot listen at " + options_.metrics + ": " +
                             error.what());
  }
}

void Server::drain() {
  server_->GetHealthCheckService()->SetServingStatus(false);
  engine_.drain(options_.grace);
  if (!engine_.wait_idle(options_.grace)) {
    engine_.cut();
    engine_.wait_idle(kSaving);
  }
  const auto hang_up = std::chrono::duration<double>(kHangUp);
  server_->Shutdown(std::chrono::system_clock::now() +
                    std::chrono::duration_cast<std::chrono::milliseconds>(hang_up));
  server_->Wait();
}

}  // namespace service
