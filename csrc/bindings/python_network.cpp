#include "python_network.h"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "basnet_rt/error.h"

namespace basnet_rt::python {
namespace {

namespace py = pybind11;

using FloatArray = py::array_t<float, py::array::c_style | py::array::forcecast>;
using IntArray = py::array_t<std::int64_t, py::array::c_style | py::array::forcecast>;

template <class T, class Array>
std::vector<T> values(const Array& array) {
  return {array.data(), array.data() + array.size()};
}

constexpr const char* kActivations = "(activations, cas or None, counts)";

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

// A Python exception stays on this thread: the core carries its text to the stream at fault.
template <class Call>
auto guarded(const char* wanted, const Call& call) {
  const py::gil_scoped_acquire gil;
  try {
    return call();
  } catch (const py::error_already_set& error) {
    const std::string text = error.what();  // and where it was raised, after an empty line
    throw Error(ErrorCode::kInvalidState,
                "the network failed: " + text.substr(0, text.find("\n\nAt:")));
  } catch (const py::cast_error&) {
    throw Error(ErrorCode::kInvalidState, std::string("the network must return ") + wanted);
  }
}

/// A Python object with `step(slots, fresh, features)` and `flush(slots)`, and, for streams that
/// are saved, `save(slot)` and `load(slot, state)`.
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
    return guarded(kActivations, [&] {
      const auto size = static_cast<py::ssize_t>(batch.slots.size());
      const py::array_t<std::int64_t> slots(size, batch.slots.data());
      const py::array_t<std::uint8_t> fresh(size, batch.fresh.data());
      const py::array_t<float> features({size, static_cast<py::ssize_t>(batch.num_rows),
                                         static_cast<py::ssize_t>(batch.feature_dim)},
                                        batch.features.data());
      return activations_of(network_.attr("step")(slots, fresh, features));
    });
  }

  PoolActivations flush(const PoolBatch& batch) override {
    return guarded(kActivations, [&] {
      const auto size = static_cast<py::ssize_t>(batch.slots.size());
      return activations_of(
          network_.attr("flush")(py::array_t<std::int64_t>(size, batch.slots.data())));
    });
  }

  std::string save(std::int64_t slot) override {
    return guarded("bytes", [&] {
      if (!py::hasattr(network_, "save")) return PoolNetwork::save(slot);
      return static_cast<std::string>(network_.attr("save")(slot).cast<py::bytes>());
    });
  }

  void load(std::int64_t slot, std::string_view bytes) override {
    guarded("nothing", [&] {
      if (!py::hasattr(network_, "load")) PoolNetwork::load(slot, bytes);
      network_.attr("load")(slot, py::bytes(bytes.data(), bytes.size()));
    });
  }

 private:
  py::object network_;
};

}  // namespace

std::shared_ptr<PoolNetwork> python_network(py::object network) {
  return std::make_shared<PythonNetwork>(std::move(network));
}

}  // namespace basnet_rt::python
