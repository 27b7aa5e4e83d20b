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

// None is "no limit", which the core writes as infinity.
double limit(std::optional<double> value) { return value.value_or(kUnlimited); }

}  // namespace

void bind_config(py::module_& module) {
  py::class_<PostprocessConfig>(module, "PostprocessConfig")
      .def(
          py::init([](const std::string& mode, double class_threshold,
                      std::vector<double> cas_thresholds, std::int64_t upsample, double outer_ratio,
                      double score_weight, double nms_iou, const std::string& nms,
                      double soft_sigma, double soft_min_score, const std::string& normalisation,
                      std::vector<double> fixed_lo, std::vector<double> fixed_hi,
                      const std::string& gate, std::optional<double> horizon, double min_duration,
                      double merge_gap, std::optional<double> max_duration,
                      std::optional<double> max_lookahead, bool keep_top1,
                      const std::string& score_function, std::int64_t topk_divisor) {
            PostprocessConfig config;
            config.mode = parse(mode, "mode", kModes);
            config.class_threshold = class_threshold;
            config.cas_thresholds = std::move(cas_thresholds);
            config.upsample = upsample;
            config.outer_ratio = outer_ratio;
            config.score_weight = score_weight;
            config.nms_iou = nms_iou;
            config.nms = parse(nms, "nms", kNmsKinds);
            config.soft_sigma = soft_sigma;
            config.soft_min_score = soft_min_score;
            config.normalisation = parse(normalisation, "normalisation", kNormalisations);
            config.fixed_lo = std::move(fixed_lo);
            config.fixed_hi = std::move(fixed_hi);
            config.gate = parse(gate, "gate", kGates);
            config.horizon = limit(horizon);
            config.min_duration = min_duration;
            config.merge_gap = merge_gap;
            config.max_duration = limit(max_duration);
            config.max_lookahead = limit(max_lookahead);
            config.keep_top1 = keep_top1;
            config.score_function = parse(score_function, "score_function", kScoreFunctions);
            config.topk_divisor = topk_divisor;
            check(config);
            return config;
          }),
          py::kw_only(), py::arg("mode"), py::arg("class_threshold"), py::arg("cas_thresholds"),
          py::arg("upsample"), py::arg("outer_ratio"), py::arg("score_weight"), py::arg("nms_iou"),
          py::arg("nms"), py::arg("soft_sigma"), py::arg("soft_min_score"),
          py::arg("normalisation"), py::arg("fixed_lo"), py::arg("fixed_hi"), py::arg("gate"),
          py::arg("horizon"), py::arg("min_duration"), py::arg("merge_gap"),
          py::arg("max_duration"), py::arg("max_lookahead"), py::arg("keep_top1").noconvert(),
          py::arg("score_function"), py::arg("topk_divisor"));
}

}  // namespace basnet_rt::python
