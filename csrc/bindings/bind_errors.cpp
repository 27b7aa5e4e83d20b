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

// A message may quote bytes of a damaged file, or a path, that are no UTF-8: shown as \xff.
pybind11::object message_of(const Error& error) {
  const std::string text = error.what();
  const auto size = static_cast<Py_ssize_t>(text.size());
  return pybind11::reinterpret_steal<pybind11::object>(
      PyUnicode_DecodeUTF8(text.data(), size, "backslashreplace"));
}

}  // namespace

// The exception classes live in Python, so that code without the core can raise them too.
void bind_errors(pybind11::module_&) {
  pybind11::register_local_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) std::rethrow_exception(pointer);
    } catch (const Error& error) {
      const auto errors = pybind11::module_::import("basnet_rt._errors");
      PyErr_SetObject(errors.attr(class_name(error.code())).ptr(), message_of(error).ptr());
    }
  });
}

}  // namespace basnet_rt::python
