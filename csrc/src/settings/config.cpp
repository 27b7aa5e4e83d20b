#include "basnet_rt/config.h"

#include <cmath>
#include <string>
#include <type_traits>
#include <utility>

#include "basnet_rt/config_fields.h"
#include "settings/validate.h"

namespace basnet_rt {
namespace {

// Converts to any type, to count the members of the settings: the most initialisers they accept.
struct Anything {
  template <class T>
  operator T() const;
};
template <std::size_t>
using AnythingAt = Anything;

template <class T, std::size_t... I>
auto takes(std::index_sequence<I...>) -> decltype(T{AnythingAt<I>{}...}, std::true_type{});
template <class T, std::size_t... I>
std::false_type takes(...);

template <class T, std::size_t N = 0>
constexpr std::size_t num_members() {
  if constexpr (decltype(takes<T>(std::make_index_sequence<N + 1>{}))::value) {
    return num_members<T, N + 1>();
  } else {
    return N;
  }
}

constexpr std::size_t num_fields() {
  std::size_t count = 0;
  for_each_field([&](const auto&) { ++count; });
  return count;
}

static_assert(num_fields() == num_members<PostprocessConfig>(),
              "for_each_field (basnet_rt/config_fields.h) must name every member of "
              "PostprocessConfig");

[[noreturn]] void fail_value(const std::string& field, double value, const char* allowed) {
  fail(field + " is " + to_text(value) + "; it must be " + allowed);
}

void check_unit(double value, const char* field) {
  if (!(value >= 0.0 && value <= 1.0)) fail_value(field, value, "in [0, 1]");
}

void check_not_negative(double value, const char* field) {
  if (!(value >= 0.0) || std::isinf(value)) fail_value(field, value, "finite and >= 0");
}

// A limit may be absent: infinity in C++, None in Python.
void check_limit(double value, const char* field, bool zero_allowed) {
  if (std::isnan(value) || value < 0.0 || (value == 0.0 && !zero_allowed)) {
    fail_value(field, value, zero_allowed ? ">= 0 seconds, or None" : "> 0 seconds, or None");
  }
}

void check_thresholds(const std::vector<double>& thresholds) {
  if (thresholds.empty()) fail("cas_thresholds is empty; give at least one");
  for (std::size_t k = 0; k < thresholds.size(); ++k) {
    const std::string field = "cas_thresholds[" + std::to_string(k) + "]";
    if (!(thresholds[k] >= 0.0) || std::isinf(thresholds[k])) {
      fail_value(field, thresholds[k], "finite and >= 0");
    }
    if (k > 0 && !(thresholds[k] > thresholds[k - 1])) {
      fail_value(field, thresholds[k], "greater than the one before it");
    }
  }
}

void check_fixed(const PostprocessConfig& config) {
  const auto& lo = config.fixed_lo;
  const auto& hi = config.fixed_hi;
  if (lo.empty() || hi.empty()) fail("fixed_lo and fixed_hi must hold at least one value each");
  if (lo.size() != hi.size() && lo.size() != 1 && hi.size() != 1) {
    fail("fixed_lo has " + std::to_string(lo.size()) + " values and fixed_hi " +
         std::to_string(hi.size()) + "; they must agree, or one of them be a single value");
  }
  const std::size_t count = lo.size() > hi.size() ? lo.size() : hi.size();
  for (std::size_t c = 0; c < count; ++c) {
    const double low = lo[lo.size() == 1 ? 0 : c];
    const double high = hi[hi.size() == 1 ? 0 : c];
    // If they were closer, dividing a float32 activation by their distance could overflow.
    if (!std::isfinite(low) || !std::isfinite(high) || !(high - low >= 1e-200)) {
      fail("fixed_lo and fixed_hi of class " + std::to_string(c) + " are " + to_text(low) +
           " and " + to_text(high) + "; they must be finite with lo < hi, 1e-200 apart at least");
    }
  }
}

void check_soft(const PostprocessConfig& config) {
  if (!(config.soft_sigma > 0.0) || std::isinf(config.soft_sigma)) {
    fail_value("soft_sigma", config.soft_sigma, "finite and > 0");
  }
  if (!std::isfinite(config.soft_min_score)) {
    fail_value("soft_min_score", config.soft_min_score, "finite");
  }
}

// A number from saved bytes or a cast may not be a valid enumerator.
template <class Choice>
void check_choice(Choice choice, Choice last, const char* field) {
  const int number = static_cast<int>(choice);
  if (number < 0 || number > static_cast<int>(last)) {
    fail(std::string(field) + " is number " + std::to_string(number) + "; the last one is " +
         std::to_string(static_cast<int>(last)));
  }
}

void check_choices(const PostprocessConfig& config) {
  check_choice(config.mode, Mode::kContinuous, "mode");
  check_choice(config.nms, NmsKind::kGaussian, "nms");
  check_choice(config.normalisation, Normalisation::kHorizon, "normalisation");
  check_choice(config.gate, Gate::kHorizon, "gate");
  check_choice(config.score_function, ScoreFunction::kSigmoid, "score_function");
}

// Mode published is the released code with other numbers, plus soft-NMS, which later papers use.
// Settings that neither has are refused rather than ignored.
void check_published_only(const PostprocessConfig& config) {
  const PostprocessConfig plain;
  const char* field = nullptr;
  if (config.normalisation != plain.normalisation) field = "normalisation";
  if (config.gate != plain.gate) field = "gate";
  if (config.min_duration != plain.min_duration) field = "min_duration";
  if (config.merge_gap != plain.merge_gap) field = "merge_gap";
  if (config.max_duration != plain.max_duration) field = "max_duration";
  if (config.max_lookahead != plain.max_lookahead) field = "max_lookahead";
  if (config.keep_top1) field = "keep_top1";
  if (config.horizon != plain.horizon) field = "horizon";
  if (config.fixed_lo != plain.fixed_lo) field = "fixed_lo";
  if (config.fixed_hi != plain.fixed_hi) field = "fixed_hi";
  if (field != nullptr) {
    fail(std::string(field) + " is set, but mode \"published\" allows its default only; " +
         "use mode \"continuous\"");
  }
}

}  // namespace

PostprocessConfig PostprocessConfig::published() {
  PostprocessConfig config;
  config.mode = Mode::kPublished;
  config.cas_thresholds = {0.0, 0.025, 0.05, 0.075, 0.1, 0.125, 0.15, 0.175, 0.2, 0.225};
  config.nms = NmsKind::kHard;
  return config;
}

PostprocessConfig defaults_of(Mode mode) {
  return mode == Mode::kPublished ? PostprocessConfig::published() : PostprocessConfig{};
}

void check(const PostprocessConfig& config) {
  check_choices(config);
  check_unit(config.class_threshold, "class_threshold");
  check_thresholds(config.cas_thresholds);
  if (config.upsample < 1 || config.upsample > 10000) {
    fail("upsample is " + std::to_string(config.upsample) + "; it must be from 1 to 10000");
  }
  check_not_negative(config.outer_ratio, "outer_ratio");
  check_not_negative(config.score_weight, "score_weight");
  if (!(config.nms_iou > 0.0 && config.nms_iou <= 1.0)) {
    fail_value("nms_iou", config.nms_iou, "in (0, 1]");
  }
  check_soft(config);
  check_fixed(config);
  check_limit(config.horizon, "horizon", false);
  if (config.topk_divisor < 1) {
    fail("topk_divisor is " + std::to_string(config.topk_divisor) + "; it must be at least 1");
  }
  const bool looks_back =
      config.normalisation == Normalisation::kHorizon || config.gate == Gate::kHorizon;
  if (looks_back && std::isinf(config.horizon)) {
    fail("horizon is None; normalisation or gate \"horizon\" needs seconds > 0");
  }
  check_not_negative(config.min_duration, "min_duration");
  check_not_negative(config.merge_gap, "merge_gap");
  check_limit(config.max_duration, "max_duration", false);
  check_limit(config.max_lookahead, "max_lookahead", true);
  if (config.mode == Mode::kPublished) check_published_only(config);
}

}  // namespace basnet_rt
