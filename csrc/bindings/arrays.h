#pragma once

// Between NumPy arrays and the core's views and vectors; no copies of long arrays in either
// direction.

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "basnet_rt/error.h"
#include "basnet_rt/onset.h"
#include "basnet_rt/stream.h"
#include "basnet_rt/types.h"

namespace basnet_rt::python {

namespace py = pybind11;

/// (T, C) float32, C-contiguous. Anything else is Error (kInvalidType), so that a long video is
/// never copied without notice.
CasView cas_view(const py::array& array, const std::string& name);

/// One-dimensional contiguous array of T and of the given size, or Error.
template <class T>
const T* vector_data(const py::array& array, const std::string& name, std::int64_t size,
                     const char* dtype);

/// (N, 2) float64.
const Segment* segment_data(const py::array& array, const std::string& name, std::int64_t size);

/// Moves the vector's memory into a NumPy array.
template <class T>
py::array_t<T> to_array(std::vector<T>&& values) {
  auto* owner = new std::vector<T>(std::move(values));
  const py::capsule free(owner, [](void* p) { delete static_cast<std::vector<T>*>(p); });
  return py::array_t<T>(static_cast<py::ssize_t>(owner->size()), owner->data(), free);
}

/// (N, 2) float64.
py::array_t<double> to_array(std::vector<Segment>&& values);

/// (labels, scores, segments)
py::tuple to_arrays(Detections&& found);

/// (labels, scores, segments, decided)
py::tuple to_arrays(StreamDetections&& found);

/// The result of `call`, computed while other Python threads run.
template <class Call>
auto without_gil(const Call& call) {
  const py::gil_scoped_release release;
  return call();
}

/// `without_gil` for a batch; errors do not name the video if the user gave only one.
template <class Call>
auto of_videos(bool single, const Call& call) {
  try {
    return without_gil(call);
  } catch (const Error& error) {
    if (!single) throw;
    throw Error(error.code(), error.without_video());
  }
}

/// [(label, time, decided, activation)].
py::list to_list(const std::vector<Onset>& onsets);

}  // namespace basnet_rt::python
