#include <pybind11/stl.h>

#include <string>
#include <utility>
#include <vector>

#include "arrays.h"
#include "basnet_rt/network_state.h"
#include "bindings.h"

namespace basnet_rt::python {
namespace {

using Array = py::array_t<float, py::array::c_style>;
using NamedArrays = std::vector<std::pair<std::string, Array>>;

NetworkState state_of(std::int64_t weights, std::int64_t seen, const NamedArrays& arrays) {
  NetworkState state;
  state.weights = weights;
  state.seen = seen;
  for (const auto& [name, values] : arrays) {
    state.arrays.push_back({name,
                            {values.shape(), values.shape() + values.ndim()},
                            {values.data(), values.data() + values.size()}});
  }
  return state;
}

py::bytes save(std::int64_t weights, std::int64_t seen, const NamedArrays& arrays) {
  return save_network_state(state_of(weights, seen, arrays));
}

/// (seen, arrays), of the shapes of `like`.
py::tuple load(const py::bytes& bytes, std::int64_t weights, std::int64_t weights_0_1,
               const NamedArrays& like) {
  NetworkState blank = state_of(weights, 0, like);
  blank.weights_0_1 = weights_0_1;
  NetworkState state = load_network_state(static_cast<std::string_view>(bytes), blank);
  py::list arrays;
  for (NetworkArray& one : state.arrays) {
    arrays.append(to_array(std::move(one.values)).reshape(one.shape));
  }
  return py::make_tuple(state.seen, arrays);
}

/// (the digest, and that of version 0.1).
std::pair<std::int64_t, std::int64_t> digests_of(const NamedArrays& weights) {
  return without_gil([&] {
    WeightsDigest now, before(true);
    for (const auto& [name, values] : weights) {
      now.add(name, values.data(), values.size());
      before.add(name, values.data(), values.size());
    }
    return std::make_pair(now.value(), before.value());
  });
}

}  // namespace

void bind_network_state(py::module_& module) {
  module.def("save_network_state", &save, py::arg("weights"), py::arg("seen"), py::arg("arrays"));
  module.def("load_network_state", &load, py::arg("state"), py::arg("weights"),
             py::arg("weights_0_1"), py::arg("like"));
  module.def("weights_digests", &digests_of, py::arg("weights"));
}

}  // namespace basnet_rt::python
