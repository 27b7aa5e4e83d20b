#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "basnet_rt/error.h"
#include "python_network.h"

namespace basnet_rt::python {
namespace {

namespace py = pybind11;

using FloatArray = py::array_t<float, py::array::c_style | py::array::forcecast>;

std::vector<float> values(const FloatArray& array) {
  return {array.data(), array.data() + array.size()};
}

StreamActivations activations_of(const py::object& answer) {
  const auto [activations, cas] = answer.cast<std::pair<FloatArray, std::optional<FloatArray>>>();
  if (activations.ndim() != 2) {
    throw Error(ErrorCode::kInvalidState, "the network's activations have " +
                                              std::to_string(activations.ndim()) +
                                              " dimensions; expected (M, C)");
  }
  return {activations.shape(0), values(activations), cas ? values(*cas) : std::vector<float>()};
}

/// Runs `call` with the GIL. A Python exception passes through the core to the caller, who is on
/// this thread.
template <class Call>
auto asked(const char* wanted, const Call& call) {
  const py::gil_scoped_acquire gil;
  try {
    return call();
  } catch (const py::cast_error&) {
    throw Error(ErrorCode::kInvalidState, std::string("the network must return ") + wanted);
  }
}

/// A Python object with the methods of StreamNetwork; see basnet_rt's NetworkStream.
class PythonStreamNetwork : public StreamNetwork {
 public:
  explicit PythonStreamNetwork(py::object network) : network_(std::move(network)) {}
  PythonStreamNetwork(const PythonStreamNetwork&) = delete;
  PythonStreamNetwork& operator=(const PythonStreamNetwork&) = delete;
  ~PythonStreamNetwork() override {
    const py::gil_scoped_acquire gil;
    network_.release().dec_ref();
  }

  StreamActivations push(const FeatureView& features) override {
    return asked("(activations, cas or None)", [&] {
      const py::array_t<float> rows({static_cast<py::ssize_t>(features.num_snippets),
                                     static_cast<py::ssize_t>(features.feature_dim)},
                                    features.data);
      return activations_of(network_.attr("push")(rows));
    });
  }

  StreamActivations flush() override {
    return asked("(activations, cas or None)",
                 [&] { return activations_of(network_.attr("flush")()); });
  }

  void undo() override {
    asked("nothing", [&] { network_.attr("undo")(); });
  }

  void reset() override {
    asked("nothing", [&] { network_.attr("reset")(); });
  }

  std::string save() const override {
    return asked("bytes", [&] {
      return static_cast<std::string>(network_.attr("save")().cast<py::bytes>());
    });
  }

  void load(std::string_view bytes) override {
    asked("nothing", [&] { network_.attr("load")(py::bytes(bytes.data(), bytes.size())); });
  }

 private:
  py::object network_;
};

}  // namespace

std::shared_ptr<StreamNetwork> python_stream_network(py::object network) {
  return std::make_shared<PythonStreamNetwork>(std::move(network));
}

}  // namespace basnet_rt::python
