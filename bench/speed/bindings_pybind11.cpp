// What a call from Python costs with pybind11: a row in, a table out. See bindings.py.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

namespace py = pybind11;

namespace {

using Rows = py::array_t<float, py::array::c_style>;

struct Stream {
  double total = 0.0;

  py::ssize_t push(const Rows& rows) {
    total += rows.at(0, 0);
    return rows.shape(0);
  }

  py::array_t<double> found() const {
    py::array_t<double> table({4, 2});
    table.mutable_at(0, 0) = total;
    return table;
  }
};

}  // namespace

PYBIND11_MODULE(with_pybind11, module) {
  py::class_<Stream>(module, "Stream")
      .def(py::init<>())
      .def("push", &Stream::push, py::arg("rows").noconvert())
      .def("found", &Stream::found);
}
