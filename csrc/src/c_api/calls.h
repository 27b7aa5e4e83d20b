#pragma once

// The two forms of calls in the C interface: they return one value, or a new handle with a result.

#include <memory>

#include "handles.h"
#include "status.h"

namespace basnet_rt::c_api {

/// Sets `*out` to the result of `call`, as the C type.
template <class T, class Call>
basnet_rt_status value_of(T* out, const char* name, const Call& call) {
  return guarded([&] { *not_null(out, name) = static_cast<T>(call()); });
}

/// A new handle, filled by `fill`. It is allocated first, because a stream or pool gives its
/// results only once, and they must not be lost if memory runs out.
template <class T, class Fill>
basnet_rt_status new_handle(T** out, const char* name, const Fill& fill) {
  return guarded([&] {
    not_null(out, name);
    auto made = std::make_unique<T>();
    fill(*made);
    *out = made.release();
  });
}

template <class Call>
basnet_rt_status detections(basnet_rt_detections** out, const char* name, const Call& call) {
  return new_handle(out, name, [&](basnet_rt_detections& made) { made.take(call()); });
}

}  // namespace basnet_rt::c_api
