#pragma once

// The structs behind the opaque handles, and the checks of a handle that a caller passes.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "basnet_rt/c_api.h"
#include "basnet_rt/config.h"
#include "basnet_rt/error.h"
#include "basnet_rt/onset.h"
#include "basnet_rt/postprocess.h"
#include "basnet_rt/stream.h"

namespace basnet_rt::c_api {

enum class Kind : std::uint32_t {
  kFreed = 0,
  kConfig = 0x62721001,  // unlikely as the first bytes of anything else
  kDetections,
  kProposals,
  kBytes,
  kOnsets,
  kStream,
  kOnsetDetector,
  kPool,
  kPoolOptions,
  kPoolOutput,
  kModel,
  kLocalizer,
};

/// The first member of every handle. Other languages pass all handles as one pointer type; with the
/// tag, a wrong handle is an error instead of a crash.
struct Tag {
  explicit Tag(Kind kind) : kind(kind) {}
  ~Tag() { kind = Kind::kFreed; }
  Tag(const Tag&) = delete;
  Tag& operator=(const Tag&) = delete;

  volatile Kind kind;  // volatile, else compilers omit the write in the destructor
};

template <Kind kind_>
struct Tagged : Tag {
  static constexpr Kind kKind = kind_;
  Tagged() : Tag(kind_) {}
};

}  // namespace basnet_rt::c_api

struct basnet_rt_config : basnet_rt::c_api::Tagged<basnet_rt::c_api::Kind::kConfig> {
  basnet_rt::PostprocessConfig value;
};

struct basnet_rt_detections : basnet_rt::c_api::Tagged<basnet_rt::c_api::Kind::kDetections> {
  std::vector<std::int64_t> labels;
  std::vector<float> scores;
  std::vector<basnet_rt::Segment> segments;
  std::vector<std::int64_t> decided;
  bool of_stream = false;

  void take(basnet_rt::Detections&& found) noexcept;
  void take(basnet_rt::StreamDetections&& found) noexcept;
};

struct basnet_rt_proposals : basnet_rt::c_api::Tagged<basnet_rt::c_api::Kind::kProposals> {
  basnet_rt::Proposals value;
};

struct basnet_rt_bytes : basnet_rt::c_api::Tagged<basnet_rt::c_api::Kind::kBytes> {
  std::string value;
};

struct basnet_rt_onsets : basnet_rt::c_api::Tagged<basnet_rt::c_api::Kind::kOnsets> {
  std::vector<std::int64_t> labels;
  std::vector<double> times;
  std::vector<std::int64_t> decided;
  std::vector<float> activations;

  void reserve(std::size_t size);
  void add(const basnet_rt::Onset& onset);
};

struct basnet_rt_stream : basnet_rt::c_api::Tagged<basnet_rt::c_api::Kind::kStream> {
  explicit basnet_rt_stream(basnet_rt::StreamPostprocessor&& stream) : value(std::move(stream)) {}
  basnet_rt::StreamPostprocessor value;
};

struct basnet_rt_onset_detector : basnet_rt::c_api::Tagged<basnet_rt::c_api::Kind::kOnsetDetector> {
  explicit basnet_rt_onset_detector(basnet_rt::OnsetDetector&& detector)
      : value(std::move(detector)) {}
  basnet_rt::OnsetDetector value;
};

namespace basnet_rt::c_api {

/// `pointer`, which must not be NULL.
template <class T>
T* not_null(T* pointer, const char* name) {
  if (pointer == nullptr) {
    throw Error(ErrorCode::kInvalidArgument, std::string(name) + " is NULL; it must not be");
  }
  return pointer;
}

/// The object of a handle; NULL and handles of another kind are errors. A freed handle is noticed
/// only as long as its memory is not used again.
template <class T>
T& handle(T* pointer, const char* name) {
  const Tag* tag = not_null(pointer, name);
  if (tag->kind != T::kKind) {
    throw Error(ErrorCode::kInvalidArgument,
                std::string(name) + " is a handle of another kind, or one that was freed");
  }
  return *pointer;
}

template <class T>
void release(T** pointer) noexcept {
  if (pointer == nullptr || *pointer == nullptr || (*pointer)->kind != T::kKind) return;
  delete *pointer;
  *pointer = nullptr;
}

/// A view of a caller's rows after a check of their shape; the core checks the values.
CasView view_of(const basnet_rt_rows& rows, const char* name);

/// Features of a caller; the rows must be contiguous.
FeatureView features_of(const basnet_rt_rows* rows);

/// One video of a caller, from any version of the struct.
VideoInput video_of(const basnet_rt_video* video);

inline std::optional<double> optional_of(const double* value) {
  return value == nullptr ? std::nullopt : std::optional<double>(*value);
}

/// A text of a caller, which must not be NULL.
inline std::string text_of(const char* text, const char* name) { return not_null(text, name); }

/// The size of a caller's array, which must not be negative.
std::size_t size_of(std::int64_t size, const char* name);

/// `size` values from `data`, which may be NULL for none.
template <class T>
std::vector<T> vector_of(const T* data, std::int64_t size, const char* name) {
  const std::size_t count = size_of(size, name);
  if (count > 0) not_null(data, name);
  std::vector<T> values;
  values.reserve(count);  // refuses sizes for which `data + count` would wrap around
  values.assign(data, data + count);
  return values;
}

}  // namespace basnet_rt::c_api
