#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "basnet_rt/export.h"
#include "basnet_rt/types.h"

namespace basnet_rt {

/// The M snippets that became certain, in order; M may be 0.
struct StreamActivations {
  std::int64_t num_snippets = 0;   ///< M
  std::vector<float> activations;  ///< (M, C)
  std::vector<float> cas;          ///< (M, C+1) raw, background last; may be empty at gate kNone
};

/// The network of one stream. It computes each snippet once and keeps the state that the next
/// snippets need.
///
/// A snippet is certain once the network has seen two more. One thread at a time calls this. A call
/// that throws (any exception) leaves the state unchanged.
class BASNET_RT_API StreamNetwork {
 public:
  virtual ~StreamNetwork() = default;

  /// Processes the next N >= 1 snippets: (N, F) float32, finite.
  virtual StreamActivations push(const FeatureView& features) = 0;

  /// Computes the last snippets of the stream, two at most. Afterwards the network is as new, for
  /// the snippets after a gap. Called only if a snippet was pushed since the last `flush`.
  virtual StreamActivations flush() = 0;

  /// Undoes the last `push` or `flush`, because its result could not be used. Called at most once
  /// after each of these, and before any other call.
  virtual void undo() = 0;

  /// Forgets everything; the network is then as new.
  virtual void reset() = 0;

  /// The state as bytes. `save_network_state` makes bytes that other engines can read too.
  virtual std::string save() const = 0;

  /// Continues from a saved state.
  /// @throws Error (kInvalidState): the bytes are damaged or of another network.
  virtual void load(std::string_view bytes) = 0;
};

}  // namespace basnet_rt
