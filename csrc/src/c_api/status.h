#pragma once

// The border: exceptions on one side, status numbers and one message per thread on the other.

#include "basnet_rt/c_api.h"

namespace basnet_rt::c_api {

/// Turns the exception that is being handled into its status and keeps its message.
basnet_rt_status keep_current_exception() noexcept;

/// Runs `call`; nothing that it throws leaves this function.
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
