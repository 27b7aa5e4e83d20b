#include "video_job.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace service {
namespace {

using basnet_rt::v1::Detection;

/// The order of detections from `Localizer`.
bool comes_before(const Detection& a, const Detection& b) {
  return std::make_tuple(-a.score(), a.start(), a.end(), a.label()) <
         std::make_tuple(-b.score(), b.start(), b.end(), b.label());
}

}  // namespace

VideoJob::VideoJob(Shared& shared, std::string client, std::vector<float> rows,
                   std::optional<double> duration, double deadline, Done done)
    : shared_(shared),
      client_(std::move(client)),
      rows_(std::move(rows)),
      duration_(duration),
      deadline_(deadline),
      began_(now_seconds()),
      done_(std::move(done)) {}

void VideoJob::begin() {
  guarded([&] {
    if (rows_.empty()) throw bad_input("the video has no snippets");
    admit(shared_, client_);
    admitted_ = true;
    shared_.metrics.stream_opened(false);
    push_when_paid(now_seconds());
  });
}

// All at once: an empty queue takes any chunk.
void VideoJob::push_when_paid(double now) {
  const std::int64_t dim = shared_.model.feature_dim;
  const auto count = static_cast<std::int64_t>(rows_.size()) / dim;
  snippets_ = count;
  if (!shared_.limits.pay(client_, static_cast<double>(count), now)) return;
  stream_ = shared_.pool.open();
  shared_.pool.push(*stream_, {rows_.data(), count, dim}, 0.0);
  shared_.pool.end(*stream_, duration_);
  rows_ = {};
}

void VideoJob::after_batch(double) {
  if (stream_) guarded([&] { collect(); });
}

void VideoJob::collect() {
  const basnet_rt::StreamDetections found = shared_.pool.poll(*stream_);
  for (std::size_t i = 0; i < found.size(); ++i) {
    found_.push_back(
        detection_of(shared_.model, found.labels[i], found.scores[i], found.segments[i]));
  }
  if (shared_.pool.status(*stream_) != basnet_rt::StreamStatus::kFinished) return;
  std::stable_sort(found_.begin(), found_.end(), comes_before);
  basnet_rt::v1::VideoDetections answer;
  for (Detection& detection : found_) *answer.add_detections() = std::move(detection);
  shared_.metrics.video_done();
  finish(grpc::Status::OK, std::move(answer));
}

void VideoJob::tick(double now) {
  if (over()) return;
  if (now > deadline_) {
    return refuse({grpc::StatusCode::DEADLINE_EXCEEDED, "deadline", "the video took too long"});
  }
  if (!stream_) guarded([&] { push_when_paid(now); });
}

void VideoJob::cancel() {
  if (!over()) refuse({grpc::StatusCode::CANCELLED, "cancelled", "the client has gone"});
}

void VideoJob::cut() {
  if (!over()) refuse({grpc::StatusCode::UNAVAILABLE, "draining", "the service stops"});
}

void VideoJob::guarded(const std::function<void()>& work) {
  try {
    work();
  } catch (const std::exception& error) {
    if (!over()) refuse(refusal_of(error));
  }
}

void VideoJob::refuse(const Refusal& why) {
  shared_.metrics.error(why.kind());
  finish(why.status(), {}, why.kind());
}

void VideoJob::finish(const grpc::Status& status, basnet_rt::v1::VideoDetections answer,
                      const char* kind) {
  CallRecord record;
  record.call = "LocalizeVideo";
  record.client = client_;
  record.code = std::to_string(status.error_code());
  record.kind = kind;
  record.message = status.error_message();
  record.seconds = now_seconds() - began_;
  record.snippets = snippets_;
  log_call(record, status.error_code() == grpc::StatusCode::INTERNAL);
  if (stream_) shared_.pool.drop(*stream_);
  stream_.reset();
  if (admitted_) {
    shared_.metrics.stream_closed();
    release(shared_, client_, Place::kStream);
  }
  std::exchange(done_, nullptr)(status, std::move(answer));
}

}  // namespace service
