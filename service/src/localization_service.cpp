#include "localization_service.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <utility>

#include "stream_call.h"
#include "video_job.h"

namespace service {
namespace {

namespace v1 = basnet_rt::v1;

/// The call of one video in gRPC; it deletes itself in OnDone. The job's answer and gRPC's end may
/// come in any order, so the job has a link that is cut in OnDone.
class VideoCall final : public grpc::ServerUnaryReactor {
 public:
  struct Link {
    std::mutex mutex;
    VideoCall* call = nullptr;
  };

  VideoCall(Engine& engine, v1::VideoDetections* answer) : engine_(engine), answer_(answer) {
    link_->call = this;
  }

  void begin(std::shared_ptr<VideoJob> job) {
    job_ = std::move(job);
    engine_.post([&engine = engine_, job = job_] {
      engine.add(job);
      job->begin();
    });
  }

  VideoJob::Done done() {
    return [link = link_](const grpc::Status& status, v1::VideoDetections found) {
      const std::lock_guard<std::mutex> lock(link->mutex);
      if (link->call == nullptr) return;
      *link->call->answer_ = std::move(found);
      link->call->Finish(status);
    };
  }

  void OnCancel() override {
    engine_.post([job = job_] { job->cancel(); });
  }

  void OnDone() override {
    {
      const std::lock_guard<std::mutex> lock(link_->mutex);
      link_->call = nullptr;
    }
    delete this;
  }

 private:
  Engine& engine_;
  v1::VideoDetections* const answer_;
  std::shared_ptr<VideoJob> job_;
  const std::shared_ptr<Link> link_ = std::make_shared<Link>();
};

/// The deadline on the steady clock; that of the context is on the system's clock.
double deadline_of(const grpc::CallbackServerContext& context, double most) {
  const auto left = context.deadline() - std::chrono::system_clock::now();
  return now_seconds() + std::min(most, std::chrono::duration<double>(left).count());
}

grpc::ServerUnaryReactor* ended(grpc::CallbackServerContext* context, const grpc::Status& status) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(status);
  return reactor;
}

}  // namespace

LocalizationService::LocalizationService(Engine& engine, const Options& options)
    : engine_(engine), options_(options) {}

grpc::ServerUnaryReactor* LocalizationService::Describe(grpc::CallbackServerContext* context,
                                                        const v1::DescribeRequest*,
                                                        v1::Description* answer) {
  const ModelSource& model = engine_.model();
  for (const std::string& name : model.classes) answer->add_classes(name);
  answer->set_feature_dim(model.feature_dim);
  answer->set_snippet_seconds(model.snippet_seconds);
  answer->set_model(model.name);
  answer->set_max_message_bytes(options_.max_message_bytes);
  answer->set_max_streams_per_client(options_.max_streams_per_client);
  answer->set_max_snippets_per_second(options_.max_snippets_per_second);
  answer->set_resumable(true);
  return ended(context, grpc::Status::OK);
}

grpc::ServerUnaryReactor* LocalizationService::LocalizeVideo(grpc::CallbackServerContext* context,
                                                             const v1::Video* request,
                                                             v1::VideoDetections* answer) {
  std::vector<float> rows;
  try {
    rows = decode_rows(request->rows(), engine_.model().feature_dim);
  } catch (const std::exception& error) {
    const Refusal refusal = refusal_of(error);
    engine_.shared().metrics.error(refusal.kind());
    return ended(context, refusal.status());
  }
  std::optional<double> duration;
  if (request->has_duration()) duration = request->duration();
  auto* call = new VideoCall(engine_, answer);
  call->begin(std::make_shared<VideoJob>(
      engine_.shared(), peer_of(*context).client, std::move(rows), duration,
      deadline_of(*context, options_.video_timeout), call->done()));
  return call;
}

grpc::ServerBidiReactor<v1::StreamRequest, v1::StreamEvent>* LocalizationService::Localize(
    grpc::CallbackServerContext* context) {
  return StreamCall::start(engine_, context);
}

}  // namespace service
