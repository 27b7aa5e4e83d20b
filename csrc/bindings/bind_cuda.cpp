#include <pybind11/stl.h>

#include <optional>
#include <string>
#include <utility>

#include "arrays.h"
#include "basnet_rt/cuda.h"
#include "basnet_rt/error.h"
#include "bindings.h"
#include "dlpack.h"

namespace basnet_rt::python {
namespace {

using Seconds = std::vector<double>;
using Durations = std::vector<std::optional<double>>;
using Lengths = std::vector<std::int64_t>;
using MaybeRows = std::optional<GpuRows>;

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorCode::kInvalidArgument, message);
}

void* pointer_of(std::uintptr_t address) { return reinterpret_cast<void*>(address); }

MaybeRows maybe_rows(const py::object& capsule, const char* name) {
  if (capsule.is_none()) return std::nullopt;
  return GpuRows(capsule, name);
}

/// @param spacing  rows from the start of one video to the next; 0: videos are concatenated.
std::vector<VideoShape> shapes(const Lengths& lengths, std::int64_t spacing, const Seconds& seconds,
                               const Durations& durations) {
  std::vector<VideoShape> videos;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    VideoShape video{lengths[i], seconds.at(i), durations.at(i)};
    if (spacing > 0) video.first_row = static_cast<std::int64_t>(i) * spacing;
    videos.push_back(video);
  }
  return videos;
}

/// The arrays of one call, checked against each other.
struct Inputs {
  GpuRows cas;
  MaybeRows video_scores;
  MaybeRows raw_cas;

  Inputs(const py::object& cas_capsule, const py::object& scores_capsule,
         const py::object& raw_capsule)
      : cas(cas_capsule, "cas"),
        video_scores(maybe_rows(scores_capsule, "video_scores")),
        raw_cas(maybe_rows(raw_capsule, "raw_cas")) {
    if (cas.shape().size() < 2) {
      refuse("cas has shape " + cas.shape_text() + "; it must be (T, C) or (N, T, C)");
    }
    if (video_scores) check(*video_scores, "video_scores", cas.num_columns());
    if (!raw_cas) return;
    check(*raw_cas, "raw_cas", cas.num_columns() + 1);
    if (raw_cas->num_rows() == cas.num_rows() && raw_cas->shape().size() == cas.shape().size()) {
      return;
    }
    refuse("raw_cas has shape " + raw_cas->shape_text() + "; cas has shape " + cas.shape_text());
  }

  std::int64_t spacing() const { return cas.shape().size() == 3 ? cas.shape()[1] : 0; }

  DeviceBatch batch() const {
    DeviceBatch batch;
    batch.cas = cas.data();
    batch.row_stride = cas.row_stride();
    batch.video_scores = video_scores ? video_scores->data() : nullptr;
    batch.raw_cas = raw_cas ? raw_cas->data() : nullptr;
    return batch;
  }

  void check_lengths(const Lengths& lengths) const {
    std::int64_t end = 0;
    for (std::size_t i = 0; i < lengths.size(); ++i) {
      const std::int64_t begin = spacing() > 0 ? static_cast<std::int64_t>(i) * spacing() : end;
      end = begin + lengths[i];
      if (lengths[i] < 1 || end > cas.num_rows() || (spacing() > 0 && lengths[i] > spacing())) {
        refuse("lengths[" + std::to_string(i) + "] is " + std::to_string(lengths[i]) +
               "; cas has shape " + cas.shape_text());
      }
    }
    const auto count = static_cast<std::int64_t>(lengths.size());
    if (spacing() > 0 ? count != cas.shape()[0] : end != cas.num_rows()) {
      refuse("lengths has " + std::to_string(count) + " entries for " + std::to_string(end) +
             " rows; cas has shape " + cas.shape_text());
    }
    if (!video_scores || video_scores->num_rows() == count) return;
    refuse("video_scores has shape " + video_scores->shape_text() + "; cas has " +
           std::to_string(count) + " videos");
  }

 private:
  void check(const GpuRows& rows, const std::string& name, std::int64_t columns) const {
    if (rows.device() != cas.device()) {
      refuse(name + " lies on cuda:" + std::to_string(rows.device()) + "; cas lies on cuda:" +
             std::to_string(cas.device()) + ", and all inputs of a call must be on one device");
    }
    if (rows.num_columns() != columns) {
      refuse(name + " has shape " + rows.shape_text() + "; its rows must have " +
             std::to_string(columns) + " values");
    }
    if (rows.row_stride() == columns) return;
    throw Error(ErrorCode::kInvalidType, name + " has shape " + rows.shape_text() + " and " +
                                             std::to_string(rows.row_stride()) +
                                             " values from row to row; it must be C-contiguous");
  }
};

py::list lists(std::vector<Detections>&& found) {
  py::list results;
  for (Detections& one : found) results.append(to_arrays(std::move(one)));
  return results;
}

py::list postprocess_rows(const py::object& cas, const py::object& video_scores,
                          const PostprocessConfig& config, const Lengths& lengths,
                          const Seconds& seconds, const Durations& durations,
                          const py::object& raw_cas, std::uintptr_t stream, bool single) {
  const Inputs inputs(cas, video_scores, raw_cas);
  inputs.check_lengths(lengths);
  const auto videos = shapes(lengths, inputs.spacing(), seconds, durations);
  return lists(of_videos(single, [&] {
    return postprocess_batch_cuda(inputs.batch(), videos, inputs.cas.num_columns(), config,
                                  inputs.cas.device(), pointer_of(stream));
  }));
}

CudaPostprocessor make(const PostprocessConfig& config, std::int64_t num_classes,
                       const Lengths& lengths, std::int64_t spacing, const Seconds& seconds,
                       const Durations& durations, int device, std::int64_t max_detections,
                       std::int64_t pool_bytes) {
  return {config, num_classes, shapes(lengths, spacing, seconds, durations), device,
          CudaLimits{max_detections, pool_bytes}};
}

void enqueue(const CudaPostprocessor& postprocessor, const py::object& cas,
             const py::object& video_scores, const py::object& raw_cas, const Lengths& lengths,
             std::uintptr_t scratch, std::uintptr_t results, std::uintptr_t stream) {
  const Inputs inputs(cas, video_scores, raw_cas);
  inputs.check_lengths(lengths);
  const py::gil_scoped_release release;
  postprocessor.enqueue(inputs.batch(), pointer_of(scratch), pointer_of(results),
                        pointer_of(stream));
}

std::optional<std::pair<std::int64_t, std::int64_t>> shortage(
    const CudaPostprocessor& postprocessor, std::uintptr_t results) {
  const auto found = postprocessor.shortage(pointer_of(results));
  if (!found) return std::nullopt;
  return std::make_pair(found->max_detections, found->pool_bytes);
}

void bind_class(py::module_& module) {
  using NoGil = py::call_guard<py::gil_scoped_release>;
  py::class_<CudaPostprocessor>(module, "CudaPostprocessor")
      .def(py::init(&make), NoGil(), py::arg("config"), py::arg("num_classes"), py::arg("lengths"),
           py::arg("spacing"), py::arg("snippet_seconds"), py::arg("durations"), py::arg("device"),
           py::arg("max_detections"), py::arg("pool_bytes"))
      .def_property_readonly("scratch_bytes", &CudaPostprocessor::scratch_bytes)
      .def_property_readonly("result_bytes", &CudaPostprocessor::result_bytes)
      .def("enqueue", &enqueue, py::arg("cas"), py::arg("video_scores").none(true),
           py::arg("raw_cas").none(true), py::arg("lengths"), py::arg("scratch"),
           py::arg("results"), py::arg("stream"))
      .def("shortage", &shortage, py::arg("results"))
      .def(
          "read",
          [](const CudaPostprocessor& own, std::uintptr_t results) {
            return lists(without_gil([&] { return own.read(pointer_of(results)); }));
          },
          py::arg("results"));
}

}  // namespace

void bind_cuda(py::module_& module) {
  module.def("cuda_support", [] {
    const CudaSupport support = cuda_support();
    return py::make_tuple(support.built, support.num_devices, support.reason);
  });
  module.def("postprocess_batch_cuda", &postprocess_rows, py::arg("cas"),
             py::arg("video_scores").none(true), py::arg("config"), py::arg("lengths"),
             py::arg("snippet_seconds"), py::arg("durations"), py::arg("raw_cas").none(true),
             py::arg("stream"), py::arg("single") = false);
  bind_class(module);
}

}  // namespace basnet_rt::python
