#pragma once

// A fuzz program: one of the targets with driver.cpp. Which bytes a target sees depends on nothing
// but the seed, so what fails in one place fails everywhere.

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "basnet_rt/config.h"
#include "basnet_rt/types.h"

namespace basnet_rt::fuzz {

// --- what each target defines ---

/// Inputs to start from; mutated ones follow.
std::vector<std::string> seeds();

/// Must return, whatever the bytes are: no crash, no foreign exception, no wrong answer.
/// @throws std::runtime_error: an answer was wrong.
void run(std::string_view bytes);

// --- what targets share ---

/// The target's seeds, and the inputs that were kept from longer runs (corpus/NAME.txt).
std::vector<std::string> starts();

/// Decisions taken from bytes; zeros when they have run out.
class Choices {
 public:
  explicit Choices(std::string_view bytes) : bytes_(bytes) {}

  bool empty() const { return bytes_.empty(); }
  std::uint8_t byte() {
    if (bytes_.empty()) return 0;
    const auto first = static_cast<std::uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    return first;
  }
  /// In [0, count).
  std::size_t below(std::size_t count) { return byte() % count; }
  bool yes() { return (byte() & 1) != 0; }
  template <class T>
  T one_of(const std::vector<T>& values) {
    return values[below(values.size())];
  }
  /// Activations on a coarse grid, so that ties, plateaus and exact thresholds are common.
  float activation() { return static_cast<float>(static_cast<int>(below(23)) - 5) / 16.0f; }

 private:
  std::string_view bytes_;
};

/// Settings of mode "continuous" that a stream takes.
inline PostprocessConfig stream_config(Choices& choices) {
  PostprocessConfig config;
  config.cas_thresholds = choices.one_of<std::vector<double>>(
      {{0.0}, {0.25}, {0.0625, 0.25, 0.5}, {0.0, 0.125, 0.3, 0.7}});
  config.normalisation = choices.one_of<Normalisation>(
      {Normalisation::kFixed, Normalisation::kHorizon, Normalisation::kVideo});
  config.gate = choices.one_of<Gate>({Gate::kNone, Gate::kHorizon, Gate::kVideo});
  config.horizon = choices.one_of<double>({1.0, 2.5, 100.0});
  config.outer_ratio = choices.one_of<double>({0.25, 0.0, 3.0});
  config.nms = choices.one_of<NmsKind>({NmsKind::kHard, NmsKind::kLinear, NmsKind::kGaussian});
  config.nms_iou = choices.one_of<double>({0.7, 0.3, 1.0});
  config.merge_gap = choices.one_of<double>({0.0, 0.7, 3.0});
  config.min_duration = choices.one_of<double>({0.0, 0.6});
  config.max_duration = choices.one_of<double>({kUnlimited, 5.0, 1.3});
  config.max_lookahead = choices.one_of<double>({kUnlimited, 0.0, 1.0});
  config.keep_top1 = choices.yes();
  return config;
}

/// (num_rows, num_columns), row-major.
inline std::vector<float> activations(Choices& choices, std::size_t num_rows, std::size_t columns) {
  std::vector<float> values(num_rows * columns);
  for (float& value : values) value = choices.activation();
  return values;
}

inline CasView view_of(const std::vector<float>& values, std::int64_t columns) {
  return {values.data(), static_cast<std::int64_t>(values.size()) / columns, columns, columns};
}

}  // namespace basnet_rt::fuzz
