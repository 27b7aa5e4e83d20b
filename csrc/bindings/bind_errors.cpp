#include "basnet_rt/error.h"
#include "bindings.h"

namespace basnet_rt::python {
namespace {

const char* class_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidType:
      return "InvalidType";
    case ErrorCode::kBundle:
      return "BundleError";
    case ErrorCode::kUnavailable:
      return "BackendUnavailable";
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kInvalidState:
      break;
  }
  return "InvalidValue";
}

}  // namespace

// The exception classes live in Python, so that code without the core can raise them too.
void bind_errors(pybind11::module_&) {
  pybind11::register_local_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) std::rethrow_exception(pointer);
    } catch (const Error& error) {
      const auto errors = pybind11::module_::import("basnet_rt._errors");
      pybind11::set_error(errors.attr(class_name(error.code())), error.what());
    }
  });
}

}  // namespace basnet_rt::python
