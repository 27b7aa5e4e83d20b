#include <pybind11/stl.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arrays.h"
#include "basnet_rt/cuda_streams.h"
#include "basnet_rt/error.h"
#include "bindings.h"
#include "dlpack.h"

namespace basnet_rt::python {
namespace {

using Slots = py::array_t<std::int64_t, py::array::c_style>;
using Flags = py::array_t<bool, py::array::c_style>;
using MaybeRows = std::optional<GpuRows>;

struct Arrays {
  MaybeRows activations;
  MaybeRows raw_cas;
};

MaybeRows rows_of(const py::object& capsule, const char* name) {
  if (capsule.is_none()) return std::nullopt;
  return GpuRows(capsule, name);
}

void check_rows(const GpuRows& rows, const std::string& name, int device, std::int64_t columns,
                std::int64_t count) {
  if (rows.device() != device) {
    throw Error(ErrorCode::kInvalidArgument,
                name + " lies on cuda:" + std::to_string(rows.device()) +
                    "; the streams are kept on cuda:" + std::to_string(device));
  }
  if (rows.shape().size() == 2 && rows.num_columns() == columns && rows.num_rows() == count) return;
  throw Error(ErrorCode::kInvalidArgument, name + " has shape " + rows.shape_text() +
                                               "; it must be (" + std::to_string(count) + ", " +
                                               std::to_string(columns) + ")");
}

/// The library's class, and the device on which its arrays must be.
class Streams {
 public:
  Streams(const PostprocessConfig& config, std::int64_t num_classes, double snippet_seconds,
          std::int64_t max_streams, std::int64_t max_rows, int device)
      : own_(config, num_classes, snippet_seconds, max_streams, max_rows, device),
        device_(device) {}

  CudaStreamPostprocessor& own() { return own_; }

  /// `views` owns the memory of the rows.
  DeviceRows rows(const Arrays& views, std::int64_t count) const {
    DeviceRows rows;
    rows.num_rows = count;
    if (views.activations) {
      check_rows(*views.activations, "activations", device_, own_.num_classes(), count);
      rows.activations = views.activations->data();
      rows.row_stride = views.activations->row_stride();
    }
    if (views.raw_cas) {
      check_rows(*views.raw_cas, "raw_cas", device_, own_.num_classes() + 1, count);
      if (views.raw_cas->row_stride() != own_.num_classes() + 1) {
        throw Error(ErrorCode::kInvalidType, "raw_cas must be C-contiguous");
      }
      rows.raw_cas = views.raw_cas->data();
    }
    return rows;
  }

 private:
  CudaStreamPostprocessor own_;
  int device_;
};

StreamMark mark_of(const std::string& name) {
  if (name == "none") return StreamMark::kNone;
  if (name == "gap") return StreamMark::kGap;
  if (name == "finish") return StreamMark::kFinish;
  if (name == "pending") return StreamMark::kPending;
  throw Error(ErrorCode::kInvalidArgument, "mark is " + name);
}

std::vector<StreamTurn> turns_of(const Slots& slots, const Slots& counts, const Flags& fresh,
                                 const std::string& mark, std::int64_t gap,
                                 std::optional<double> duration) {
  const auto size = static_cast<std::size_t>(slots.size());
  if (counts.size() != slots.size() || fresh.size() != slots.size()) {
    throw Error(ErrorCode::kInvalidArgument, "slots, counts and fresh must be equally long");
  }
  std::vector<StreamTurn> turns(size);
  std::int64_t row = 0;
  for (std::size_t i = 0; i < size; ++i) {
    StreamTurn& turn = turns[i];
    turn.slot = slots.data()[i];
    turn.num_rows = counts.data()[i];
    turn.fresh = fresh.data()[i];
    turn.first_row = row;
    turn.mark = mark_of(mark);
    turn.gap = gap;
    turn.duration = duration;
    row += turn.num_rows;
  }
  return turns;
}

template <class T>
void append(std::vector<T>& all, const std::vector<T>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

/// (turn of each final, labels, scores, segments, decided, num_snippets by turn, [(turn, error)]).
py::tuple tables(const std::vector<StreamTurnResult>& results) {
  StreamDetections all;
  std::vector<std::int64_t> turns;
  std::vector<std::int64_t> num_snippets;
  std::vector<std::pair<std::size_t, std::string>> errors;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const StreamDetections& finals = results[i].finals;
    turns.insert(turns.end(), finals.size(), static_cast<std::int64_t>(i));
    append(all.labels, finals.labels);
    append(all.scores, finals.scores);
    append(all.segments, finals.segments);
    append(all.decided, finals.decided);
    num_snippets.push_back(results[i].num_snippets);
    if (results[i].error) errors.emplace_back(i, results[i].error->what());
  }
  return py::make_tuple(to_array(std::move(turns)), to_array(std::move(all.labels)),
                        to_array(std::move(all.scores)), to_array(std::move(all.segments)),
                        to_array(std::move(all.decided)), to_array(std::move(num_snippets)),
                        errors);
}

py::tuple step(Streams& streams, const Slots& slots, const Slots& counts, const Flags& fresh,
               const std::string& mark, std::int64_t gap, std::optional<double> duration,
               const py::object& activations, const py::object& raw_cas, std::uintptr_t stream) {
  const Arrays views{rows_of(activations, "activations"), rows_of(raw_cas, "raw_cas")};
  const auto turns = turns_of(slots, counts, fresh, mark, gap, duration);
  const std::int64_t count = turns.empty() ? 0 : turns.back().first_row + turns.back().num_rows;
  const auto rows = streams.rows(views, count);
  return tables(without_gil(
      [&] { return streams.own().step(turns, rows, reinterpret_cast<void*>(stream)); }));
}

py::bytes save(Streams& streams, std::int64_t slot, std::uintptr_t stream) {
  return without_gil([&] { return streams.own().save(slot, reinterpret_cast<void*>(stream)); });
}

void load(Streams& streams, std::int64_t slot, const py::bytes& state, std::uintptr_t stream) {
  const auto view = static_cast<std::string_view>(state);
  without_gil([&] { streams.own().load(slot, view, reinterpret_cast<void*>(stream)); });
}

}  // namespace

void bind_cuda_streams(py::module_& module) {
  using NoGil = py::call_guard<py::gil_scoped_release>;
  py::class_<Streams>(module, "CudaStreamPostprocessor")
      .def(py::init<const PostprocessConfig&, std::int64_t, double, std::int64_t, std::int64_t,
                    int>(),
           NoGil(), py::arg("config"), py::arg("num_classes"), py::arg("snippet_seconds"),
           py::arg("max_streams"), py::arg("max_rows"), py::arg("device"))
      .def("step", &step, py::arg("slots"), py::arg("counts"), py::arg("fresh"), py::arg("mark"),
           py::arg("gap"), py::arg("duration").none(true), py::arg("activations").none(true),
           py::arg("raw_cas").none(true), py::arg("stream"))
      .def("save", &save, py::arg("slot"), py::arg("stream"))
      .def("load", &load, py::arg("slot"), py::arg("state"), py::arg("stream"))
      .def_property_readonly("state_bytes", [](Streams& self) { return self.own().state_bytes(); });
}

}  // namespace basnet_rt::python
