#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "basnet_rt/stream_pool.h"
#include "client_limits.h"
#include "localization.pb.h"
#include "metrics.h"
#include "model_source.h"
#include "options.h"
#include "state_keeper.h"

namespace service {

class Session;
using Task = std::function<void()>;

/// Shared by all jobs. Touched on the engine's thread alone, but for `post`, `keeper`, `metrics`.
struct Shared {
  const Options& options;
  const ModelSource& model;
  basnet_rt::StreamPool& pool;
  StateKeeper& keeper;
  Metrics& metrics;
  std::function<void(Task)> post;  ///< runs it on the engine's thread, in the order of calls
  ClientLimits limits;
  std::map<std::string, std::weak_ptr<Session>> by_name;  ///< resumable streams with a connection
  std::vector<basnet_rt::StreamId> ready;                 ///< sorted; have something to poll
  bool draining = false;
  std::int64_t admitted = 0;  ///< calls that count as open, also those without an Open yet
};

/// A stream or a video in the pool. All on the engine's thread.
class Job {
 public:
  virtual ~Job() = default;
  /// The pool ran a batch.
  virtual void after_batch(double now) = 0;
  /// Now and then: what has waited long enough?
  virtual void tick(double now) = 0;
  /// The service stops in so many seconds.
  virtual void drain(double seconds) = 0;
  /// Those are over.
  virtual void cut() = 0;
  /// Whether the pool has something of it to compute.
  virtual bool waits_for_pool() const = 0;
  virtual bool over() const = 0;
};

/// Seconds of the steady clock.
double now_seconds();

/// @throws Refusal where another stream may not be opened; else it counts as open.
void admit(Shared& shared, const std::string& client);
/// Undoes `admit`.
void release(Shared& shared, const std::string& client);

basnet_rt::v1::Detection detection_of(const ModelSource& model, std::int64_t label, float score,
                                      const basnet_rt::Segment& segment);

}  // namespace service
