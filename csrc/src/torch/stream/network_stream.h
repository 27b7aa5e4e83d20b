#pragma once

// The network of one stream: each snippet computed once, context carried between chunks.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "basnet_rt/model.h"
#include "basnet_rt/types.h"

namespace basnet_rt {

/// What became certain: M snippets, two behind the input.
struct StreamActivations {
  std::int64_t num_snippets = 0;
  std::int64_t num_classes = 0;
  std::vector<float> activations;  // (M, C)
  std::vector<float> cas;          // (M, C+1), raw, background last

  CasView view() const { return {activations.data(), num_snippets, num_classes, num_classes}; }
  CasView raw_view() const { return {cas.data(), num_snippets, num_classes + 1, num_classes + 1}; }
};

/// Runs a bundle's `step` on one stream. Copies are cheap and independent: a step makes new state.
class NetworkStream {
 public:
  NetworkStream(Model model, bool zero_bad_features);

  /// Takes (N, F) features, N >= 0. Where it throws, this is as before.
  StreamActivations push(const FeatureView& features);
  /// The last snippets of the stream; afterwards it is as new, for what comes after a gap.
  StreamActivations flush();
  /// Forgets all context, what was counted included.
  void reset();

  std::string save() const;
  /// @throws Error (kInvalidState): damaged, or saved with another model; this is then as before.
  void load(std::string_view bytes);

  std::int64_t num_snippets() const { return num_snippets_; }
  std::int64_t num_zeroed() const { return num_zeroed_; }
  /// Absolute index of the first snippet since the start or the last gap.
  void begin_at(std::int64_t snippet) { first_snippet_ = snippet; }

 private:
  struct State;  // tensors

  void forget();
  std::vector<float> finite_rows(const FeatureView& features, std::int64_t& zeroed) const;

  Model model_;
  bool zero_bad_;
  std::int64_t num_snippets_ = 0;
  std::int64_t num_zeroed_ = 0;
  std::int64_t first_snippet_ = 0;
  std::shared_ptr<const State> state_;
};

}  // namespace basnet_rt
