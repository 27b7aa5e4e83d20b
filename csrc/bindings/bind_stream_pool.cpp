#include <pybind11/functional.h>
#include <pybind11/stl.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "arrays.h"
#include "basnet_rt/error.h"
#include "basnet_rt/stream_pool.h"
#include "bindings.h"

namespace basnet_rt::python {
namespace {

using FloatArray = py::array_t<float, py::array::c_style | py::array::forcecast>;
using IntArray = py::array_t<std::int64_t, py::array::c_style | py::array::forcecast>;

template <class T, class Array>
std::vector<T> values(const Array& array) {
  return {array.data(), array.data() + array.size()};
}

PoolActivations activations_of(const py::object& answer) {
  const auto parts = answer.cast<std::tuple<FloatArray, std::optional<FloatArray>, IntArray>>();
  const FloatArray& activations = std::get<0>(parts);
  if (activations.ndim() != 3) {
    throw Error(ErrorCode::kInvalidState, "the network's activations have " +
                                              std::to_string(activations.ndim()) +
                                              " dimensions; expected (B, M, C)");
  }
  PoolActivations output;
  output.num_rows = activations.shape(1);
  output.counts = values<std::int64_t>(std::get<2>(parts));
  output.activations = values<float>(activations);
  if (std::get<1>(parts)) output.cas = values<float>(*std::get<1>(parts));
  return output;
}

/// A Python object with `step(slots, fresh, features)` and `flush(slots)`.
class PythonNetwork : public PoolNetwork {
 public:
  explicit PythonNetwork(py::object network) : network_(std::move(network)) {}
  PythonNetwork(const PythonNetwork&) = delete;
  PythonNetwork& operator=(const PythonNetwork&) = delete;
  ~PythonNetwork() override {
    const py::gil_scoped_acquire gil;
    network_.release().dec_ref();
  }

  PoolActivations step(const PoolBatch& batch) override {
    return guarded([&] {
      const auto size = static_cast<py::ssize_t>(batch.slots.size());
      const py::array_t<std::int64_t> slots(size, batch.slots.data());
      const py::array_t<std::uint8_t> fresh(size, batch.fresh.data());
      const py::array_t<float> features({size, static_cast<py::ssize_t>(batch.num_rows),
                                         static_cast<py::ssize_t>(batch.feature_dim)},
                                        batch.features.data());
      return network_.attr("step")(slots, fresh, features);
    });
  }

  PoolActivations flush(const PoolBatch& batch) override {
    return guarded([&] {
      const auto size = static_cast<py::ssize_t>(batch.slots.size());
      return network_.attr("flush")(py::array_t<std::int64_t>(size, batch.slots.data()));
    });
  }

 private:
  // A Python exception stays on this thread: the core carries its text to the stream at fault.
  template <class Call>
  PoolActivations guarded(const Call& call) {
    const py::gil_scoped_acquire gil;
    try {
      return activations_of(call());
    } catch (const py::error_already_set& error) {
      const std::string text = error.what();  // and where it was raised, after an empty line
      throw Error(ErrorCode::kInvalidState,
                  "the network failed: " + text.substr(0, text.find("\n\nAt:")));
    } catch (const py::cast_error&) {
      throw Error(ErrorCode::kInvalidState,
                  "the network must return (activations, cas or None, counts)");
    }
  }

  py::object network_;
};

/// Ending a pool waits for its thread, which may be waiting for the GIL.
struct DeleteWithoutGil {
  void operator()(StreamPool* pool) const {
    const py::gil_scoped_release release;
    delete pool;
  }
};
using Holder = std::unique_ptr<StreamPool, DeleteWithoutGil>;

Holder make(py::object network, const PostprocessConfig& config, std::int64_t num_classes,
            std::int64_t feature_dim, double snippet_seconds, std::int64_t max_batch,
            double max_delay, std::int64_t max_queue, std::int64_t max_streams,
            bool zero_bad_features, bool threaded, std::function<double()> clock) {
  const PoolOptions options{max_batch,         max_delay, max_queue,       max_streams,
                            zero_bad_features, threaded,  std::move(clock)};
  auto own = std::make_shared<PythonNetwork>(std::move(network));
  return Holder(new StreamPool(own, config, num_classes, feature_dim, snippet_seconds, options));
}

py::tuple arrays(StreamDetections&& found) {
  return py::make_tuple(to_array(std::move(found.labels)), to_array(std::move(found.scores)),
                        to_array(std::move(found.segments)), to_array(std::move(found.decided)));
}

template <class Call>
auto without_gil(const Call& call) {
  const py::gil_scoped_release release;
  return call();
}

bool push(StreamPool& pool, StreamId stream, const py::array& features, double timeout) {
  const CasView view = cas_view(features, "features");
  const FeatureView rows{view.data, view.num_snippets, view.num_classes};
  return without_gil([&] { return pool.push(stream, rows, timeout); });
}

py::tuple poll(StreamPool& pool, StreamId stream) {
  return arrays(without_gil([&] { return pool.poll(stream); }));
}

py::tuple close(StreamPool& pool, StreamId stream, std::optional<double> duration) {
  return arrays(without_gil([&] { return pool.close(stream, duration); }));
}

py::tuple pending(const StreamPool& pool, StreamId stream) {
  Detections found = without_gil([&] { return pool.pending(stream); });
  return py::make_tuple(to_array(std::move(found.labels)), to_array(std::move(found.scores)),
                        to_array(std::move(found.segments)));
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
           py::arg("zero_bad_features"), py::arg("threaded"), py::arg("clock").none(true))
      .def("open", &StreamPool::open, NoGil())
      .def("push", &push, py::arg("stream"), py::arg("features"), py::arg("timeout"))
      .def("gap", &StreamPool::gap, py::arg("stream"), py::arg("snippets"), NoGil())
      .def("end", &StreamPool::end, py::arg("stream"), py::arg("duration").none(true), NoGil())
      .def("poll", &poll, py::arg("stream"))
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
