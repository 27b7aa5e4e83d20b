#include "health_check.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>

#include <chrono>
#include <memory>
#include <vector>

#include "pem.h"

namespace service {
namespace {

constexpr auto kPatience = std::chrono::seconds(2);
constexpr const char* kMethod = "/grpc.health.v1.Health/Check";
const std::string kServing = "\x08\x01";  // HealthCheckResponse with status SERVING

std::shared_ptr<grpc::Channel> channel_of(const Options& options) {
  if (options.tls_ca.empty()) {
    return grpc::CreateChannel(options.check_health, grpc::InsecureChannelCredentials());
  }
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = read_certificates("tls-ca", options.tls_ca);
  if (!options.tls_cert.empty()) {
    tls.pem_cert_chain = read_certificates("tls-cert", options.tls_cert);
    tls.pem_private_key = read_key("tls-key", options.tls_key, tls.pem_cert_chain);
  }
  grpc::ChannelArguments arguments;
  if (!options.tls_name.empty()) arguments.SetSslTargetNameOverride(options.tls_name);
  return grpc::CreateCustomChannel(options.check_health, grpc::SslCredentials(tls), arguments);
}

}  // namespace

std::string health_problem(const Options& options) {
  grpc::GenericStub stub(channel_of(options));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  const grpc::Slice nothing("");  // HealthCheckRequest for the whole server
  const grpc::ByteBuffer request(&nothing, 1);
  grpc::CompletionQueue queue;
  const auto call = stub.PrepareUnaryCall(&context, kMethod, request, &queue);
  call->StartCall();
  grpc::ByteBuffer answer;
  grpc::Status status;
  call->Finish(&answer, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  if (!status.ok()) return status.error_message();
  std::vector<grpc::Slice> slices;
  if (!answer.Dump(&slices).ok()) return "an answer that cannot be read";
  std::string bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes == kServing ? "" : "it is not serving";
}

}  // namespace service
