// Results are read in place; for NULL and for a handle of another kind, sizes are 0 and pointers
// NULL.

#include <type_traits>

#include "calls.h"

namespace basnet_rt::c_api {
namespace {

static_assert(sizeof(Segment) == 2 * sizeof(double) && std::is_standard_layout_v<Segment>);

template <class T>
bool readable(const T* pointer) {
  return pointer != nullptr && pointer->kind == T::kKind;
}

template <class T, class Column>
std::int64_t size_of_result(const T* found, const Column& column) {
  return readable(found) ? static_cast<std::int64_t>(column(*found).size()) : 0;
}

template <class T, class Column>
auto data_of(const T* found, const Column& column) {
  return readable(found) ? column(*found).data() : nullptr;
}

template <class T, class Column>
const double* times_of(const T* found, const Column& column) {
  return reinterpret_cast<const double*>(data_of(found, column));
}

}  // namespace
}  // namespace basnet_rt::c_api

using namespace basnet_rt::c_api;

// A column of a result, by reference.
#define BASNET_RT_COLUMN(column) [](const auto& found) -> const auto& { return found.column; }

void basnet_rt_detections::take(basnet_rt::Detections&& found) noexcept {
  labels = std::move(found.labels);
  scores = std::move(found.scores);
  segments = std::move(found.segments);
}

void basnet_rt_detections::take(basnet_rt::StreamDetections&& found) noexcept {
  labels = std::move(found.labels);
  scores = std::move(found.scores);
  segments = std::move(found.segments);
  decided = std::move(found.decided);
  of_stream = true;
}

void basnet_rt_onsets::reserve(std::size_t size) {
  labels.reserve(size);
  times.reserve(size);
  decided.reserve(size);
  activations.reserve(size);
}

void basnet_rt_onsets::add(const basnet_rt::Onset& onset) {
  labels.push_back(onset.label);
  times.push_back(onset.time);
  decided.push_back(onset.decided);
  activations.push_back(onset.activation);
}

int64_t basnet_rt_detections_size(const basnet_rt_detections* found) {
  return size_of_result(found, BASNET_RT_COLUMN(labels));
}
const int64_t* basnet_rt_detections_labels(const basnet_rt_detections* found) {
  return data_of(found, BASNET_RT_COLUMN(labels));
}
const float* basnet_rt_detections_scores(const basnet_rt_detections* found) {
  return data_of(found, BASNET_RT_COLUMN(scores));
}
const double* basnet_rt_detections_segments(const basnet_rt_detections* found) {
  return times_of(found, BASNET_RT_COLUMN(segments));
}
const int64_t* basnet_rt_detections_decided(const basnet_rt_detections* found) {
  if (!readable(found) || !found->of_stream) return nullptr;
  static constexpr int64_t kNone = 0;  // an empty result of a stream does have the column
  return found->decided.empty() ? &kNone : found->decided.data();
}
void basnet_rt_detections_free(basnet_rt_detections** found) { release(found); }

int64_t basnet_rt_proposals_size(const basnet_rt_proposals* found) {
  return size_of_result(found, BASNET_RT_COLUMN(value.labels));
}
const int64_t* basnet_rt_proposals_threshold_index(const basnet_rt_proposals* found) {
  return data_of(found, BASNET_RT_COLUMN(value.threshold_index));
}
const int64_t* basnet_rt_proposals_labels(const basnet_rt_proposals* found) {
  return data_of(found, BASNET_RT_COLUMN(value.labels));
}
const double* basnet_rt_proposals_scores(const basnet_rt_proposals* found) {
  return data_of(found, BASNET_RT_COLUMN(value.scores));
}
const double* basnet_rt_proposals_segments(const basnet_rt_proposals* found) {
  return times_of(found, BASNET_RT_COLUMN(value.segments));
}
void basnet_rt_proposals_free(basnet_rt_proposals** found) { release(found); }

basnet_rt_status basnet_rt_bytes_create(const void* data, size_t size, basnet_rt_bytes** bytes) {
  return new_handle(bytes, "bytes", [&](basnet_rt_bytes& made) {
    if (size > 0) not_null(data, "data");
    made.value.assign(static_cast<const char*>(data), size);
  });
}
const void* basnet_rt_bytes_data(const basnet_rt_bytes* bytes) {
  return data_of(bytes, BASNET_RT_COLUMN(value));
}
size_t basnet_rt_bytes_size(const basnet_rt_bytes* bytes) {
  return readable(bytes) ? bytes->value.size() : 0;
}
void basnet_rt_bytes_free(basnet_rt_bytes** bytes) { release(bytes); }

int64_t basnet_rt_onsets_size(const basnet_rt_onsets* found) {
  return size_of_result(found, BASNET_RT_COLUMN(labels));
}
const int64_t* basnet_rt_onsets_labels(const basnet_rt_onsets* found) {
  return data_of(found, BASNET_RT_COLUMN(labels));
}
const double* basnet_rt_onsets_times(const basnet_rt_onsets* found) {
  return data_of(found, BASNET_RT_COLUMN(times));
}
const int64_t* basnet_rt_onsets_decided(const basnet_rt_onsets* found) {
  return data_of(found, BASNET_RT_COLUMN(decided));
}
const float* basnet_rt_onsets_activations(const basnet_rt_onsets* found) {
  return data_of(found, BASNET_RT_COLUMN(activations));
}
void basnet_rt_onsets_free(basnet_rt_onsets** found) { release(found); }
