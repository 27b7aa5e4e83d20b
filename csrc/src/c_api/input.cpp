// Arguments of callers: shapes are checked here, values by the core.

#include <algorithm>
#include <cstring>
#include <limits>

#include "handles.h"

namespace basnet_rt::c_api {
namespace {

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorCode::kInvalidArgument, message);
}

std::string at(const char* name, const char* field, std::int64_t value) {
  return std::string(name) + "." + field + " is " + std::to_string(value) + "; it must be ";
}

// The data of an array without rows; the core treats a null pointer as an absent array.
constexpr float kNothing = 0.0f;

// Fields of a later version, which this library does not know, must be zero.
void check_later_fields(const basnet_rt_video* video) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(video);
  const bool zero = std::all_of(bytes + sizeof(basnet_rt_video), bytes + video->struct_size,
                                [](unsigned char byte) { return byte == 0; });
  if (!zero) refuse("video sets a field that this version of the library does not know");
}

}  // namespace

std::size_t size_of(std::int64_t size, const char* name) {
  if (size < 0) {
    refuse("size of " + std::string(name) + " is " + std::to_string(size) + "; it must be >= 0");
  }
  return static_cast<std::size_t>(size);
}

CasView view_of(const basnet_rt_rows& rows, const char* name) {
  if (rows.num_rows < 0) refuse(at(name, "num_rows", rows.num_rows) + ">= 0");
  if (rows.num_columns < 1) refuse(at(name, "num_columns", rows.num_columns) + ">= 1");
  if (rows.row_stride < rows.num_columns) {
    refuse(at(name, "row_stride", rows.row_stride) + "num_columns (" +
           std::to_string(rows.num_columns) + ") or more");
  }
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 8;
  if (rows.num_rows > kMost / rows.row_stride) {
    refuse(at(name, "num_rows", rows.num_rows) + "so small that the array fits into memory");
  }
  if (rows.num_rows > 0) not_null(rows.data, name);
  const float* data = rows.data == nullptr ? &kNothing : rows.data;
  return {data, rows.num_rows, rows.num_columns, rows.row_stride};
}

FeatureView features_of(const basnet_rt_rows* rows) {
  const CasView view = view_of(*not_null(rows, "features"), "features");
  if (view.row_stride != view.num_classes && view.num_snippets > 1) {
    refuse(at("features", "row_stride", view.row_stride) + "num_columns (" +
           std::to_string(view.num_classes) + "): features are contiguous rows");
  }
  return {view.data, view.num_snippets, view.num_classes};
}

VideoInput video_of(const basnet_rt_video* video) {
  not_null(video, "video");
  // Such a large size is not a later version; the struct was not initialised.
  if (video->struct_size < sizeof(basnet_rt_video) || video->struct_size > 4096) {
    refuse("video.struct_size is " + std::to_string(video->struct_size) +
           "; it must be sizeof(basnet_rt_video), here " + std::to_string(sizeof(basnet_rt_video)));
  }
  check_later_fields(video);
  VideoInput input;
  input.cas = view_of(video->cas, "video.cas");
  input.video_scores = video->video_scores;
  if (video->raw_cas != nullptr) input.raw_cas = view_of(*video->raw_cas, "video.raw_cas");
  input.snippet_seconds = video->snippet_seconds;
  input.duration = optional_of(video->duration);
  return input;
}

}  // namespace basnet_rt::c_api
