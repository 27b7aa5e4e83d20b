#pragma once

#include <prometheus/counter.h>
#include <prometheus/exposer.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <memory>
#include <string>
#include <vector>

#include "basnet_rt/stream_pool.h"

namespace service {

/// Metrics for Prometheus. Every member function may be called from any thread.
class Metrics {
 public:
  Metrics();

  /// Starts to serve `/metrics` at host:port; returns the port.
  /// @throws std::exception: the address cannot be used.
  int serve(const std::string& address);

  void stream_opened(bool resumed);
  void stream_closed();
  void video_done() { videos_.Increment(); }
  void event(const std::string& kind) { events_.Add({{"kind", kind}}).Increment(); }
  void error(const std::string& kind) { errors_.Add({{"kind", kind}}).Increment(); }
  void chunk_processed(double seconds_since_push) { latency_.Observe(seconds_since_push); }
  void state_saved(double bytes);
  /// Sets whether the server that keeps streams can be reached.
  void keeper_reached(bool reached);
  /// The pool's totals after a batch.
  void batch(const basnet_rt::PoolStatistics& totals);
  void queued(double snippets) { queue_.Set(snippets); }

 private:
  prometheus::Counter& counter(const char* name, const char* help);
  prometheus::Gauge& gauge(const char* name, const char* help);
  prometheus::Histogram& histogram(const char* name, const char* help,
                                   const prometheus::Histogram::BucketBoundaries& bounds);

  std::shared_ptr<prometheus::Registry> registry_;
  prometheus::Gauge& streams_open_;
  prometheus::Gauge& queue_;
  prometheus::Counter& videos_;
  prometheus::Counter& snippets_;
  prometheus::Counter& batches_;
  prometheus::Counter& states_;
  prometheus::Gauge& keeper_reached_;
  prometheus::Counter& keeper_lost_;
  prometheus::Histogram& batch_size_;
  prometheus::Histogram& batch_seconds_;
  prometheus::Histogram& latency_;
  prometheus::Histogram& state_bytes_;
  prometheus::Family<prometheus::Counter>& streams_;
  prometheus::Family<prometheus::Counter>& events_;
  prometheus::Family<prometheus::Counter>& errors_;
  basnet_rt::PoolStatistics before_;
  std::unique_ptr<prometheus::Exposer> exposer_;
};

}  // namespace service
