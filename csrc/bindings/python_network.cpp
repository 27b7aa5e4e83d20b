#include "python_network.h"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "basnet_rt/error.h"
#include "dlpack.h"

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

/// Activations and raw CAS of one batch in device memory.
struct OnDevice {
  GpuRows activations;
  std::optional<GpuRows> cas;
};

// (activations, cas or None, counts, stream) with DLPack capsules instead of arrays.
PoolActivations device_activations_of(const py::tuple& answer, std::optional<OnDevice>& kept) {
  kept.reset();  // the previous batch is no longer used
  kept.emplace(OnDevice{GpuRows(answer[0], "activations"), std::nullopt});
  if (!answer[1].is_none()) kept->cas.emplace(answer[1], "cas");
  PoolActivations output;
  output.counts = values<std::int64_t>(answer[2].cast<IntArray>());
  output.device_activations = kept->activations.data();
  output.device_cas = kept->cas ? kept->cas->data() : nullptr;
  output.device_stream = reinterpret_cast<void*>(answer[3].cast<std::uintptr_t>());
  for (const GpuRows* rows : {&kept->activations, kept->cas ? &*kept->cas : nullptr}) {
    if (rows == nullptr) continue;
    if (rows->shape().size() != 3 || rows->row_stride() != rows->num_columns()) {
      throw Error(ErrorCode::kInvalidState, "the network's activations have shape " +
                                                rows->shape_text() +
                                                "; expected (B, M, C), contiguous");
    }
    output.num_rows = rows->shape()[1];
  }
  return output;
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

// A Python exception stays on this thread; the core passes its text to the stream that failed.
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
    on_device_.reset();
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
      return taken(network_.attr("step")(slots, fresh, features));
    });
  }

  PoolActivations flush(const PoolBatch& batch) override {
    return guarded(kActivations, [&] {
      const auto size = static_cast<py::ssize_t>(batch.slots.size());
      return taken(network_.attr("flush")(py::array_t<std::int64_t>(size, batch.slots.data())));
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
  PoolActivations taken(const py::object& answer) {
    if (py::isinstance<py::tuple>(answer) && py::len(answer) == 4) {
      return device_activations_of(answer.cast<py::tuple>(), on_device_);
    }
    return activations_of(answer);
  }

  py::object network_;
  std::optional<OnDevice> on_device_;  // until the next call
};

}  // namespace

std::shared_ptr<PoolNetwork> python_network(py::object network) {
  return std::make_shared<PythonNetwork>(std::move(network));
}

}  // namespace basnet_rt::python
