#include <pybind11/stl.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arrays.h"
#include "basnet_rt/engine.h"
#include "basnet_rt/network_localizer.h"
#include "bindings.h"
#include "locked.h"
#include "python_network.h"

namespace basnet_rt::python {
namespace {

using Stream = Locked<NetworkLocalizer>;
using Alarm = std::pair<std::vector<double>, double>;  // thresholds, hold

/// The network of the native engine, or of a Python object.
std::shared_ptr<StreamNetwork> network_of(py::object network, const PostprocessConfig& config) {
  if (py::isinstance<engine::Model>(network)) {
    return engine::stream_network(network.cast<engine::Model>(), config.gate != Gate::kNone);
  }
  return python_stream_network(std::move(network));
}

std::unique_ptr<Stream> make(py::object network, std::vector<std::string> classes,
                             std::int64_t feature_dim, double snippet_seconds, std::string features,
                             const PostprocessConfig& config, const std::optional<Alarm>& alarm,
                             bool zero_bad_features) {
  StreamingOptions options;
  if (alarm) options.alarm = AlarmConfig{alarm->first, alarm->second};
  options.zero_bad_features = zero_bad_features;
  return std::make_unique<Stream>(NetworkLocalizer(
      network_of(std::move(network), config),
      {std::move(classes), feature_dim, snippet_seconds, std::move(features)}, config, options));
}

py::tuple push(Stream& stream, const py::array& features) {
  const CasView view = cas_view(features, "features");
  const FeatureView rows{view.data, view.num_snippets, view.num_classes};
  return to_arrays(stream.run([&](NetworkLocalizer& own) { return own.push(rows); }));
}

py::tuple pending(Stream& stream) {
  return to_arrays(stream.run([](NetworkLocalizer& own) { return own.pending(); }));
}

py::list onsets(Stream& stream) {
  return to_list(stream.look([](NetworkLocalizer& own) { return own.onsets(); }));
}

py::tuple gap(Stream& stream, std::int64_t snippets) {
  return to_arrays(stream.run([&](NetworkLocalizer& own) { return own.gap(snippets); }));
}

py::tuple finish(Stream& stream, std::optional<double> duration) {
  return to_arrays(stream.run([&](NetworkLocalizer& own) { return own.finish(duration); }));
}

void reset(Stream& stream) {
  stream.run([](NetworkLocalizer& own) { own.reset(); });
}

py::bytes save(Stream& stream) {
  return stream.run([](NetworkLocalizer& own) { return own.save(); });
}

void load(Stream& stream, const py::bytes& state) {
  const auto bytes = static_cast<std::string_view>(state);
  stream.run([&](NetworkLocalizer& own) { own.load(bytes); });
}

py::dict statistics(Stream& stream) {
  const StreamStatistics found =
      stream.look([](NetworkLocalizer& own) { return own.statistics(); });
  py::dict values;
  values["snippets_in"] = found.snippets_in;
  values["finals_out"] = found.finals_out;
  values["compute_seconds"] = found.compute_seconds;
  values["latency_sum"] = found.latency_sum;
  values["latency_max"] = found.latency_max;
  values["features_zeroed"] = found.features_zeroed;
  values["pushes"] = found.pushes;
  return values;
}

std::int64_t num_snippets(Stream& stream) {
  return stream.look([](NetworkLocalizer& own) { return own.num_snippets(); });
}

bool finished(Stream& stream) {
  return stream.look([](NetworkLocalizer& own) { return own.finished(); });
}

}  // namespace

void bind_network_localizer(py::module_& module) {
  py::class_<Stream>(module, "NetworkLocalizer")
      .def(py::init(&make), py::arg("network"), py::arg("classes"), py::arg("feature_dim"),
           py::arg("snippet_seconds"), py::arg("features"), py::arg("config"),
           py::arg("alarm").none(true), py::arg("zero_bad_features"))
      .def("push", &push, py::arg("features"))
      .def("pending", &pending)
      .def("onsets", &onsets)
      .def("gap", &gap, py::arg("snippets"))
      .def("finish", &finish, py::arg("duration").none(true))
      .def("reset", &reset)
      .def("save", &save)
      .def("load", &load, py::arg("state"))
      .def("statistics", &statistics)
      .def_property_readonly("num_snippets", &num_snippets)
      .def_property_readonly("finished", &finished);
}

}  // namespace basnet_rt::python
