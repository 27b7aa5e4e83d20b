#include <pybind11/stl.h>

#include <string>
#include <vector>

#include "basnet_rt/bundle.h"
#include "bindings.h"

namespace basnet_rt::python {
namespace {

namespace py = pybind11;

/// {name: (dtype, shape, bytes)}
py::dict weights_of(const std::string& path) {
  const std::vector<StoredWeight> found = [&] {
    const py::gil_scoped_release released;
    return read_weights(path);
  }();
  py::dict weights;
  for (const StoredWeight& one : found) {
    weights[py::str(one.name)] =
        py::make_tuple(one.dtype, py::tuple(py::cast(one.shape)), py::bytes(one.bytes));
  }
  return weights;
}

}  // namespace

void bind_bundle(py::module_& module) {
  using Released = py::call_guard<py::gil_scoped_release>;
  module.def(
      "parse_metadata",
      [](const std::string& text, const std::string& where) { parse_metadata(text, where); },
      py::arg("text"), py::arg("where"), Released());
  module.def(
      "read_metadata", [](const std::string& path) { return read_metadata(path).json; },
      py::arg("path"), Released());
  module.def("check_bundle_code", &check_bundle_code, py::arg("path"), Released());
  module.def("check_bundle_undamaged", &check_bundle_undamaged, py::arg("path"), Released());
  module.def("bundle_code_digest", &bundle_code_digest, py::arg("path"), Released());
  module.def("read_weights", &weights_of, py::arg("path"));
}

}  // namespace basnet_rt::python
