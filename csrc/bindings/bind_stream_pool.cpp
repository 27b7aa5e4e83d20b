#include <pybind11/functional.h>
#include <pybind11/stl.h>

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "arrays.h"
#include "basnet_rt/cuda_streams.h"
#include "basnet_rt/engine.h"
#include "basnet_rt/stream_pool.h"
#include "bindings.h"
#include "python_network.h"

namespace basnet_rt::python {
namespace {

/// Ending a pool waits for its thread, which may be waiting for the GIL.
struct DeleteWithoutGil {
  void operator()(StreamPool* pool) const {
    const py::gil_scoped_release release;
    delete pool;
  }
};
using Holder = std::unique_ptr<StreamPool, DeleteWithoutGil>;

// Most rows of one stream in one step of the device; a turn with more takes several steps.
constexpr std::int64_t kRowsOfATurn = 16;

/// The network of the native engine, or of a Python object.
std::shared_ptr<PoolNetwork> network_of(py::object network, const PostprocessConfig& config) {
  if (py::isinstance<engine::Model>(network)) {
    return engine::pool_network(network.cast<engine::Model>(), config.gate != Gate::kNone);
  }
  return python_network(std::move(network));
}

Holder make(py::object network, const PostprocessConfig& config, std::int64_t num_classes,
            std::int64_t feature_dim, double snippet_seconds, std::int64_t max_batch,
            double max_delay, std::int64_t max_queue, std::int64_t max_streams,
            bool zero_bad_features, bool threaded, std::function<double()> clock,
            std::optional<std::pair<std::vector<double>, double>> alarm,
            std::optional<int> device) {
  PoolOptions options{max_batch,         max_delay, max_queue,       max_streams,
                      zero_bad_features, threaded,  std::move(clock)};
  if (alarm) options.alarm = AlarmConfig{alarm->first, alarm->second};
  if (device) {
    const py::gil_scoped_release release;
    options.backend = cuda_stream_backend(config, num_classes, snippet_seconds, max_streams,
                                          kRowsOfATurn, *device);
  }
  auto own = network_of(std::move(network), config);
  return Holder(new StreamPool(own, config, num_classes, feature_dim, snippet_seconds, options));
}

bool push(StreamPool& pool, StreamId stream, const py::array& features, double timeout) {
  const CasView view = cas_view(features, "features");
  const FeatureView rows{view.data, view.num_snippets, view.num_classes};
  return without_gil([&] { return pool.push(stream, rows, timeout); });
}

py::tuple poll(StreamPool& pool, StreamId stream) {
  return to_arrays(without_gil([&] { return pool.poll(stream); }));
}

py::list onsets(StreamPool& pool, StreamId stream) {
  return to_list(without_gil([&] { return pool.poll_onsets(stream); }));
}

py::bytes save(StreamPool& pool, StreamId stream) {
  return without_gil([&] { return pool.save(stream); });
}

StreamId restore(StreamPool& pool, const py::bytes& state) {
  const auto view = static_cast<std::string_view>(state);
  return without_gil([&] { return pool.restore(view); });
}

py::tuple close(StreamPool& pool, StreamId stream, std::optional<double> duration) {
  return to_arrays(without_gil([&] { return pool.close(stream, duration); }));
}

py::tuple pending(const StreamPool& pool, StreamId stream) {
  return to_arrays(without_gil([&] { return pool.pending(stream); }));
}

const char* status(const StreamPool& pool, StreamId stream) {
  switch (without_gil([&] { return pool.status(stream); })) {
    case StreamStatus::kOpen:
      return "open";
    case StreamStatus::kEnding:
      return "ending";
    case StreamStatus::kFinished:
      return "finished";
    case StreamStatus::kFailed:
      break;
  }
  return "failed";
}

py::dict stream_statistics(const StreamPool& pool, StreamId stream) {
  const PoolStreamStatistics found = without_gil([&] { return pool.statistics(stream); });
  py::dict values;
  values["snippets_in"] = found.snippets_in;
  values["snippets_queued"] = found.snippets_queued;
  values["finals_out"] = found.finals_out;
  values["onsets_out"] = found.onsets_out;
  values["features_zeroed"] = found.features_zeroed;
  values["compute_seconds"] = found.compute_seconds;
  values["wait_max"] = found.wait_max;
  values["latency_sum"] = found.latency_sum;
  values["latency_max"] = found.latency_max;
  return values;
}

py::dict pool_statistics(const StreamPool& pool) {
  const PoolStatistics found = without_gil([&] { return pool.statistics(); });
  py::dict values;
  values["streams_open"] = found.streams_open;
  values["streams_failed"] = found.streams_failed;
  values["batches"] = found.batches;
  values["snippets"] = found.snippets;
  values["largest_batch"] = found.largest_batch;
  values["snippets_queued"] = found.snippets_queued;
  values["compute_seconds"] = found.compute_seconds;
  return values;
}

void shutdown(StreamPool& pool, bool drain) {
  pool.shutdown(drain ? Shutdown::kDrain : Shutdown::kDiscard);
}

}  // namespace

void bind_stream_pool(py::module_& module) {
  using NoGil = py::call_guard<py::gil_scoped_release>;
  py::class_<StreamPool, Holder>(module, "StreamPool")
      .def(py::init(&make), py::arg("network"), py::arg("config"), py::arg("num_classes"),
           py::arg("feature_dim"), py::arg("snippet_seconds"), py::arg("max_batch"),
           py::arg("max_delay"), py::arg("max_queue"), py::arg("max_streams"),
           py::arg("zero_bad_features"), py::arg("threaded"), py::arg("clock").none(true),
           py::arg("alarm").none(true), py::arg("device").none(true))
      .def("open", &StreamPool::open, NoGil())
      .def("push", &push, py::arg("stream"), py::arg("features"), py::arg("timeout"))
      .def("gap", &StreamPool::gap, py::arg("stream"), py::arg("snippets"), NoGil())
      .def("end", &StreamPool::end, py::arg("stream"), py::arg("duration").none(true), NoGil())
      .def("poll", &poll, py::arg("stream"))
      .def("onsets", &onsets, py::arg("stream"))
      .def("save", &save, py::arg("stream"))
      .def("restore", &restore, py::arg("state"))
      .def("wait", &StreamPool::wait, py::arg("stream"), py::arg("timeout"), NoGil())
      .def("close", &close, py::arg("stream"), py::arg("duration").none(true))
      .def("drop", &StreamPool::drop, py::arg("stream"), NoGil())
      .def("pending", &pending, py::arg("stream"))
      .def("ready", &StreamPool::ready, py::arg("timeout"), NoGil())
      .def("status", &status, py::arg("stream"))
      .def("stream_statistics", &stream_statistics, py::arg("stream"))
      .def("statistics", &pool_statistics)
      .def("step", &StreamPool::step, py::arg("force"), NoGil())
      .def("shutdown", &shutdown, py::arg("drain"), NoGil());
}

}  // namespace basnet_rt::python
