#include <pybind11/stl.h>

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "basnet_rt/config.h"
#include "basnet_rt/error.h"
#include "bindings.h"

namespace basnet_rt::python {
namespace {

namespace py = pybind11;

template <class Enum, std::size_t N>
Enum parse(const std::string& text, const char* field,
           const std::array<std::pair<const char*, Enum>, N>& names) {
  std::string allowed;
  for (const auto& [name, value] : names) {
    if (text == name) return value;
    allowed += (allowed.empty() ? "\"" : ", \"") + std::string(name) + "\"";
  }
  throw Error(ErrorCode::kInvalidArgument,
              std::string(field) + " is \"" + text + "\"; it must be one of " + allowed);
}

constexpr std::array<std::pair<const char*, Mode>, 2> kModes{
    {{"published", Mode::kPublished}, {"continuous", Mode::kContinuous}}};
constexpr std::array<std::pair<const char*, NmsKind>, 3> kNmsKinds{
    {{"hard", NmsKind::kHard}, {"linear", NmsKind::kLinear}, {"gaussian", NmsKind::kGaussian}}};
constexpr std::array<std::pair<const char*, Normalisation>, 3> kNormalisations{
    {{"video", Normalisation::kVideo},
     {"fixed", Normalisation::kFixed},
     {"horizon", Normalisation::kHorizon}}};
constexpr std::array<std::pair<const char*, Gate>, 3> kGates{
    {{"video", Gate::kVideo}, {"none", Gate::kNone}, {"horizon", Gate::kHorizon}}};

constexpr std::array<std::pair<const char*, ScoreFunction>, 2> kScoreFunctions{
    {{"softmax", ScoreFunction::kSoftmax}, {"sigmoid", ScoreFunction::kSigmoid}}};

// Reads fields of a dictionary by name; one of the wrong kind is named with its value.
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
  template <class Enum, std::size_t N>
  void read(const char* name, Enum& value,
            const std::array<std::pair<const char*, Enum>, N>& names) const {
    value = parse(cast<std::string>(name, "text"), name, names);
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
  fields.read("mode", config.mode, kModes);
  fields.read("class_threshold", config.class_threshold);
  fields.read("cas_thresholds", config.cas_thresholds);
  fields.read("upsample", config.upsample);
  fields.read("outer_ratio", config.outer_ratio);
  fields.read("score_weight", config.score_weight);
  fields.read("nms_iou", config.nms_iou);
  fields.read("nms", config.nms, kNmsKinds);
  fields.read("soft_sigma", config.soft_sigma);
  fields.read("soft_min_score", config.soft_min_score);
  fields.read("normalisation", config.normalisation, kNormalisations);
  fields.read("fixed_lo", config.fixed_lo);
  fields.read("fixed_hi", config.fixed_hi);
  fields.read("gate", config.gate, kGates);
  fields.read_limit("horizon", config.horizon);
  fields.read("min_duration", config.min_duration);
  fields.read("merge_gap", config.merge_gap);
  fields.read_limit("max_duration", config.max_duration);
  fields.read_limit("max_lookahead", config.max_lookahead);
  fields.read("keep_top1", config.keep_top1);
  fields.read("score_function", config.score_function, kScoreFunctions);
  fields.read("topk_divisor", config.topk_divisor);
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
