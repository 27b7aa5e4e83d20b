#include "metrics.h"

namespace service {
namespace {

using Bounds = prometheus::Histogram::BucketBoundaries;

const Bounds kSnippets = {1, 2, 4, 8, 16, 32, 64, 128, 256};
const Bounds kSeconds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0};
const Bounds kBytes = {1e3, 1e4, 1e5, 1e6, 1e7};

}  // namespace

Metrics::Metrics()
    : registry_(std::make_shared<prometheus::Registry>()),
      streams_open_(gauge("basnet_rt_streams_open", "Streams and videos in the pool")),
      queue_(gauge("basnet_rt_queued_snippets", "Snippets that wait for the network")),
      videos_(counter("basnet_rt_videos_total", "Whole videos localized")),
      snippets_(counter("basnet_rt_snippets_total", "Snippets that went through the network")),
      batches_(counter("basnet_rt_batches_total", "Calls of the network")),
      states_(counter("basnet_rt_states_saved_total", "States of resumable streams kept")),
      keeper_reached_(
          gauge("basnet_rt_keeper_reached", "Whether the place of kept streams can be reached")),
      keeper_lost_(counter("basnet_rt_keeper_lost_total", "Tries to reach it that failed")),
      batch_size_(histogram("basnet_rt_batch_snippets", "Snippets per batch", kSnippets)),
      batch_seconds_(histogram("basnet_rt_batch_seconds", "Time of a batch", kSeconds)),
      latency_(histogram("basnet_rt_push_to_processed_seconds",
                         "From the arrival of a chunk to the end of its last batch", kSeconds)),
      state_bytes_(histogram("basnet_rt_state_bytes", "Size of a kept state", kBytes)),
      streams_(prometheus::BuildCounter()
                   .Name("basnet_rt_streams_total")
                   .Help("Streams opened, new or resumed")
                   .Register(*registry_)),
      events_(prometheus::BuildCounter()
                  .Name("basnet_rt_events_total")
                  .Help("Sequenced events by kind")
                  .Register(*registry_)),
      errors_(prometheus::BuildCounter()
                  .Name("basnet_rt_errors_total")
                  .Help("Calls ended by the service, by kind of fault")
                  .Register(*registry_)) {
  keeper_reached_.Set(1);
}

prometheus::Counter& Metrics::counter(const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(*registry_).Add({});
}

prometheus::Gauge& Metrics::gauge(const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(*registry_).Add({});
}

prometheus::Histogram& Metrics::histogram(const char* name, const char* help,
                                          const Bounds& bounds) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(*registry_).Add({}, bounds);
}

int Metrics::serve(const std::string& address) {
  // Each slow or silent reader occupies a thread for this time.
  const std::vector<std::string> settings = {"listening_ports",    address, "num_threads", "8",
                                             "request_timeout_ms", "3000"};
  exposer_ = std::make_unique<prometheus::Exposer>(settings);
  exposer_->RegisterCollectable(registry_);
  return exposer_->GetListeningPorts().at(0);
}

void Metrics::stream_opened(bool resumed) {
  streams_.Add({{"how", resumed ? "resumed" : "new"}}).Increment();
  streams_open_.Increment();
}

void Metrics::stream_closed() { streams_open_.Decrement(); }

void Metrics::state_saved(double bytes) {
  states_.Increment();
  state_bytes_.Observe(bytes);
}

void Metrics::keeper_reached(bool reached) {
  keeper_reached_.Set(reached ? 1 : 0);
  if (!reached) keeper_lost_.Increment();
}

// A step of the pool is one call of the network, unless a stream failed in it.
void Metrics::batch(const basnet_rt::PoolStatistics& totals) {
  const auto calls = static_cast<double>(totals.batches - before_.batches);
  const auto snippets = static_cast<double>(totals.snippets - before_.snippets);
  batches_.Increment(calls);
  snippets_.Increment(snippets);
  if (snippets > 0) batch_size_.Observe(snippets);
  batch_seconds_.Observe(totals.compute_seconds - before_.compute_seconds);
  before_ = totals;
}

}  // namespace service
