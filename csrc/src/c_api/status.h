#pragma once

// Turns exceptions into status numbers and one message per thread.

#include "basnet_rt/c_api.h"

namespace basnet_rt::c_api {

/// Turns the current exception into its status and keeps its message.
basnet_rt_status keep_current_exception() noexcept;

/// Runs `call`; no exception leaves this function.
template <class Call>
basnet_rt_status guarded(const Call& call) noexcept {
  try {
    call();
    return BASNET_RT_OK;
  } catch (...) {
    return keep_current_exception();
  }
}

}  // namespace basnet_rt::c_api
