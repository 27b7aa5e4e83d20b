#pragma once

#include "engine.h"
#include "localization.grpc.pb.h"

namespace service {

/// The three calls of proto/localization.proto, handed to the engine.
class LocalizationService final : public basnet_rt::v1::Localization::CallbackService {
 public:
  LocalizationService(Engine& engine, const Options& options);

  grpc::ServerUnaryReactor* Describe(grpc::CallbackServerContext* context,
                                     const basnet_rt::v1::DescribeRequest* request,
                                     basnet_rt::v1::Description* answer) override;
  grpc::ServerUnaryReactor* LocalizeVideo(grpc::CallbackServerContext* context,
                                          const basnet_rt::v1::Video* request,
                                          basnet_rt::v1::VideoDetections* answer) override;
  grpc::ServerBidiReactor<basnet_rt::v1::StreamRequest, basnet_rt::v1::StreamEvent>* Localize(
      grpc::CallbackServerContext* context) override;

 private:
  Engine& engine_;
  const Options options_;
};

}  // namespace service
