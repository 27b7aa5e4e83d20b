#include <pybind11/stl.h>

#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "basnet_rt/config_fields.h"
#include "basnet_rt/error.h"
#include "bindings.h"

namespace basnet_rt::python {
namespace {

namespace py = pybind11;

// Reads fields of a dictionary by name; the error for a wrong kind names the field and its value.
class Fields {
 public:
  explicit Fields(const py::dict& fields) : fields_(fields) {}

  void read(const char* name, double& value) const { value = cast<double>(name, "a number"); }
  void read(const char* name, std::int64_t& value) const {
    value = cast<std::int64_t>(name, "an integer");
  }
  void read(const char* name, std::vector<double>& value) const {
    value = cast<std::vector<double>>(name, "a sequence of numbers");
  }
  void read(const char* name, bool& value) const {
    const py::object found = fields_[name];
    if (!py::isinstance<py::bool_>(found)) refuse(name, "True or False");
    value = found.cast<bool>();
  }
  // None is "no limit", which the core writes as infinity.
  void read_limit(const char* name, double& value) const {
    value = cast<std::optional<double>>(name, "a number or None").value_or(kUnlimited);
  }
  template <class Choice>
  void read_choice(const char* name, Choice& value) const {
    value = choice_of<Choice>(cast<std::string>(name, "text"), name);
  }

 private:
  template <class T>
  T cast(const char* name, const char* kind) const {
    const py::object found = fields_[name];
    try {
      if (!py::isinstance<py::bool_>(found)) return found.cast<T>();
    } catch (const py::cast_error&) {
    }
    refuse(name, kind);
  }
  [[noreturn]] void refuse(const char* name, const char* kind) const {
    throw Error(
        ErrorCode::kInvalidType,
        std::string(name) + " is " + std::string(py::repr(fields_[name])) + "; it must be " + kind);
  }

  const py::dict& fields_;
};

PostprocessConfig make_config(const py::dict& values) {
  PostprocessConfig config;
  const Fields fields(values);
  std::size_t count = 0;
  for_each_field([&](const auto& field) {
    auto& value = config.*field.member;
    ++count;
    using Value = std::decay_t<decltype(value)>;
    if constexpr (std::is_enum_v<Value>) {
      fields.read_choice(field.name, value);
    } else if constexpr (std::is_same_v<Value, double>) {
      field.may_be_unlimited ? fields.read_limit(field.name, value)
                             : fields.read(field.name, value);
    } else {
      fields.read(field.name, value);
    }
  });
  if (values.size() != count) {
    throw Error(ErrorCode::kInvalidArgument, "fields has " + std::to_string(values.size()) +
                                                 " entries; they must be " + field_names());
  }
  check(config);
  return config;
}

}  // namespace

void bind_config(py::module_& module) {
  using Check = void (*)(const PostprocessConfig&, std::int64_t);
  module.def("check", static_cast<Check>(&check), py::arg("config"), py::arg("num_classes"));
  py::class_<PostprocessConfig>(module, "PostprocessConfig")
      .def(py::init(&make_config), py::arg("fields"));
}

}  // namespace basnet_rt::python
