#include "arrays.h"

#include <sstream>

#include "basnet_rt/error.h"

namespace basnet_rt::python {
namespace {

std::string describe(const py::array& array) {
  std::ostringstream text;
  text << "shape (";
  for (py::ssize_t i = 0; i < array.ndim(); ++i) {
    text << (i > 0 ? ", " : "") << array.shape(i);
  }
  text << (array.ndim() == 1 ? ",)" : ")") << " and dtype " << std::string(py::str(array.dtype()));
  return text.str();
}

bool is_contiguous(const py::array& array) { return (array.flags() & py::array::c_style) != 0; }

void require(const py::array& array, const std::string& name, bool right_type,
             py::ssize_t num_dimensions, const char* wanted) {
  if (!right_type || !is_contiguous(array)) {
    throw Error(ErrorCode::kInvalidType, name + " has " + describe(array) +
                                             (is_contiguous(array) ? "" : ", not C-contiguous") +
                                             "; it must be " + wanted +
                                             ", C-contiguous and in native byte order");
  }
  if (array.ndim() != num_dimensions) {
    throw Error(ErrorCode::kInvalidArgument,
                name + " has " + describe(array) + "; it must be " + wanted);
  }
}

void require_size(const py::array& array, const std::string& name, std::int64_t size) {
  if (array.shape(0) != size) {
    throw Error(ErrorCode::kInvalidArgument, name + " has " + std::to_string(array.shape(0)) +
                                                 " entries; it must have " + std::to_string(size));
  }
}

}  // namespace

CasView cas_view(const py::array& array, const std::string& name) {
  require(array, name, py::isinstance<py::array_t<float>>(array), 2, "(T, C) float32");
  return {static_cast<const float*>(array.data()), array.shape(0), array.shape(1), array.shape(1)};
}

template <class T>
const T* vector_data(const py::array& array, const std::string& name, std::int64_t size,
                     const char* dtype) {
  require(array, name, py::isinstance<py::array_t<T>>(array), 1, dtype);
  require_size(array, name, size);
  return static_cast<const T*>(array.data());
}

template const float* vector_data<float>(const py::array&, const std::string&, std::int64_t,
                                         const char*);
template const double* vector_data<double>(const py::array&, const std::string&, std::int64_t,
                                           const char*);
template const std::int64_t* vector_data<std::int64_t>(const py::array&, const std::string&,
                                                       std::int64_t, const char*);

const Segment* segment_data(const py::array& array, const std::string& name, std::int64_t size) {
  require(array, name, py::isinstance<py::array_t<double>>(array), 2, "(N, 2) float64");
  if (array.shape(1) != 2) {
    throw Error(ErrorCode::kInvalidArgument,
                name + " has " + describe(array) + "; it must be (N, 2): start and end");
  }
  require_size(array, name, size);
  static_assert(sizeof(Segment) == 2 * sizeof(double));
  return static_cast<const Segment*>(array.data());
}

py::array_t<double> to_array(std::vector<Segment>&& values) {
  auto* owner = new std::vector<Segment>(std::move(values));
  const py::capsule free(owner, [](void* p) { delete static_cast<std::vector<Segment>*>(p); });
  const auto rows = static_cast<py::ssize_t>(owner->size());
  return py::array_t<double>({rows, py::ssize_t{2}}, reinterpret_cast<const double*>(owner->data()),
                             free);
}

py::tuple to_arrays(Detections&& found) {
  return py::make_tuple(to_array(std::move(found.labels)), to_array(std::move(found.scores)),
                        to_array(std::move(found.segments)));
}

py::tuple to_arrays(StreamDetections&& found) {
  return py::make_tuple(to_array(std::move(found.labels)), to_array(std::move(found.scores)),
                        to_array(std::move(found.segments)), to_array(std::move(found.decided)));
}

py::list to_list(const std::vector<Onset>& onsets) {
  py::list events;
  for (const Onset& one : onsets) {
    events.append(py::make_tuple(one.label, one.time, one.decided, one.activation));
  }
  return events;
}

}  // namespace basnet_rt::python
