#include "status.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>
#include <stdexcept>

#include "basnet_rt/error.h"
#include "basnet_rt/version.h"

namespace basnet_rt::c_api {
namespace {

// A fixed size, so that storing the message of a failed allocation does not allocate.
constexpr std::size_t kMessageSize = 1024;
thread_local char last_message[kMessageSize] = "";

void keep(const char* message) noexcept {
  std::size_t size = std::min(std::strlen(message), kMessageSize - 1);
  const auto continues = [&] { return (static_cast<unsigned char>(message[size]) & 0xC0) == 0x80; };
  while (size > 0 && continues()) --size;  // never cut inside a UTF-8 character
  std::memcpy(last_message, message, size);
  last_message[size] = '\0';
}

basnet_rt_status status_of(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return BASNET_RT_INVALID_ARGUMENT;
    case ErrorCode::kInvalidType:
      return BASNET_RT_INVALID_TYPE;
    case ErrorCode::kInvalidState:
      return BASNET_RT_INVALID_STATE;
    case ErrorCode::kBundle:
      return BASNET_RT_BUNDLE;
    case ErrorCode::kUnavailable:
      return BASNET_RT_UNAVAILABLE;
  }
  return BASNET_RT_INTERNAL;
}

}  // namespace

basnet_rt_status keep_current_exception() noexcept {
  try {
    throw;
  } catch (const Error& error) {
    keep(error.what());
    return status_of(error.code());
  } catch (const std::bad_alloc&) {
    keep("out of memory");
    return BASNET_RT_OUT_OF_MEMORY;
  } catch (const std::length_error&) {  // a size beyond what any container holds
    keep("out of memory: a size is beyond all memory");
    return BASNET_RT_OUT_OF_MEMORY;
  } catch (const std::exception& error) {
    keep(error.what());
  } catch (...) {
    keep("an exception of unknown type");
  }
  return BASNET_RT_INTERNAL;
}

}  // namespace basnet_rt::c_api

uint32_t basnet_rt_c_api_version(void) { return BASNET_RT_C_API_VERSION; }
const char* basnet_rt_version(void) { return basnet_rt::version(); }
const char* basnet_rt_last_error(void) { return basnet_rt::c_api::last_message; }
