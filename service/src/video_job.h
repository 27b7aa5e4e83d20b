#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "job.h"

namespace service {

/// One whole video, through the same pool as the streams.
class VideoJob final : public Job {
 public:
  /// The answer, or a status that is not OK. Called once, on the engine's thread.
  using Done = std::function<void(const grpc::Status&, basnet_rt::v1::VideoDetections)>;

  /// @param rows  (N, F).
  /// @param deadline  of the steady clock, in seconds.
  VideoJob(Shared& shared, std::string client, std::vector<float> rows,
           std::optional<double> duration, double deadline, Done done);

  void begin();
  /// The client has cancelled the call.
  void cancel();

  void after_batch(double now) override;
  void tick(double now) override;
  void drain(double) override {}
  void cut() override;
  bool waits_for_pool() const override { return stream_.has_value(); }
  bool over() const override { return done_ == nullptr; }

 private:
  void push_when_paid(double now);
  void collect();
  void guarded(const std::function<void()>& work);
  void refuse(const Refusal& why);
  void finish(const grpc::Status& status, basnet_rt::v1::VideoDetections answer,
              const char* kind = "");

  Shared& shared_;
  const std::string client_;
  std::vector<float> rows_;  // empty once pushed
  const std::optional<double> duration_;
  const double deadline_;
  const double began_;
  std::int64_t snippets_ = 0;
  Done done_;
  bool admitted_ = false;
  std::optional<basnet_rt::StreamId> stream_;
  std::vector<basnet_rt::v1::Detection> found_;
};

}  // namespace service
