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

/// Shared by all jobs. Except for `post`, `keeper` and `metrics`, only the engine's thread uses it.
struct Shared {
  const Options& options;
  const ModelSource& model;
  basnet_rt::StreamPool& pool;
  StateKeeper& keeper;
  Metrics& metrics;
  std::function<void(Task)> post;  ///< runs it on the engine's thread, in the order of calls
  ClientLimits limits;
  std::map<std::string, std::weak_ptr<Session>> by_name;  ///< resumable streams with a connection
  std::vector<basnet_rt::StreamId> ready;                 ///< sorted; streams with results to poll
  bool draining = false;
  std::int64_t admitted = 0;  ///< calls with a place, including those without an Open yet
  std::int64_t waiting = 0;   ///< calls that wait for one
};

/// A stream or a video in the pool. Only the engine's thread uses it.
class Job {
 public:
  virtual ~Job() = default;
  /// The pool ran a batch.
  virtual void after_batch(double now) = 0;
  /// Called now and then, to check timeouts.
  virtual void tick(double now) = 0;
  /// The service stops in so many seconds.
  virtual void drain(double seconds) = 0;
  /// These seconds are over.
  virtual void cut() = 0;
  /// Whether the pool has queued work of this job.
  virtual bool waits_for_pool() const = 0;
  virtual bool over() const = 0;
};

/// Seconds of the steady clock.
double now_seconds();

/// The share of a call in the limits on open streams.
enum class Place { kNone, kWaits, kStream };

/// Counts a new stream as open. @throws Refusal: no further stream may be opened.
void admit(Shared& shared, const std::string& client);

/// Counts a call that has not said yet which stream it opens.
///
/// It takes a place, as any stream. Without a free one it waits until its Open: it may be the new
/// connection of a stream whose old one is dead without the service knowing, and whose place it
/// then takes. A call that waits counts against others as if it had a place. As many may wait as
/// there are places, and none longer than --open-timeout, so silent calls stay bounded.
/// @throws Refusal: no further call may wait.
Place admit_call(Shared& shared, const std::string& client);

/// Undoes `admit` or `admit_call`.
void release(Shared& shared, const std::string& client, Place place);

basnet_rt::v1::Detection detection_of(const ModelSource& model, std::int64_t label, float score,
                                      const basnet_rt::Segment& segment);

}  // namespace service
