#include "job.h"

#include <chrono>

namespace service {

double now_seconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

void admit(Shared& shared, const std::string& client) {
  if (shared.draining) {
    throw Refusal(grpc::StatusCode::UNAVAILABLE, "draining", "the service is about to stop");
  }
  if (shared.admitted + shared.waiting >= shared.options.max_streams) {
    throw Refusal(grpc::StatusCode::RESOURCE_EXHAUSTED, "over_limit",
                  "the service has " + std::to_string(shared.options.max_streams) +
                      " streams open, the most that it may");
  }
  shared.limits.open(client, now_seconds());
  ++shared.admitted;
}

Place admit_call(Shared& shared, const std::string& client) {
  try {
    admit(shared, client);
    return Place::kStream;
  } catch (const Refusal&) {
    const bool has_room = !shared.draining && shared.waiting < shared.options.max_streams;
    if (!has_room || !shared.limits.wait(client, now_seconds())) throw;
    ++shared.waiting;
    return Place::kWaits;
  }
}

void release(Shared& shared, const std::string& client, Place place) {
  if (place == Place::kStream) {
    shared.limits.close(client);
    --shared.admitted;
  } else if (place == Place::kWaits) {
    shared.limits.stop_waiting(client);
    --shared.waiting;
  }
}

basnet_rt::v1::Detection detection_of(const ModelSource& model, std::int64_t label, float score,
                                      const basnet_rt::Segment& segment) {
  basnet_rt::v1::Detection out;
  out.set_label(label);
  out.set_name(model.classes.at(static_cast<std::size_t>(label)));
  out.set_start(segment.start);
  out.set_end(segment.end);
  out.set_score(score);
  return out;
}

}  // namespace service
