// What a call from Python costs with nanobind: a row in, a table out. See bindings.py.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

namespace nb = nanobind;

namespace {

using Rows = nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Table = nb::ndarray<nb::numpy, double>;

struct Stream {
  double total = 0.0;

  std::size_t push(const Rows& rows) {
    total += rows(0, 0);
    return rows.shape(0);
  }

  Table found() const {
    auto* const values = new double[8]();
    values[0] = total;
    const nb::capsule owner(values,
                            [](void* held) noexcept { delete[] static_cast<double*>(held); });
    return Table(values, {4, 2}, owner);
  }
};

}  // namespace

NB_MODULE(BENCH_MODULE, module) {
  nb::class_<Stream>(module, "Stream")
      .def(nb::init<>())
      .def("push", &Stream::push, nb::arg("rows").noconvert())
      .def("found", &Stream::found);
}
