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

/// The network of one stream. It computes each snippet once and keeps what the next ones need.
///
/// A snippet is certain once the network has seen two more. One thread at a time calls this. A call
/// that throws (any exception) leaves the state as it was.
class BASNET_RT_API StreamNetwork {
 public:
  virtual ~StreamNetwork() = default;

  /// The next N >= 1 snippets: (N, F) float32, finite.
  virtual StreamActivations push(const FeatureView& features) = 0;

  /// The last snippets of the stream, two at most. Afterwards it is as new, for what comes after a
  /// gap. Called only where a snippet was pushed since.
  virtual StreamActivations flush() = 0;

  /// Takes back the last `push` or `flush`, because what it gave could not be used. At most once
  /// after each of these, and before any other call.
  virtual void undo() = 0;

  /// As new: forgets everything.
  virtual void reset() = 0;

  /// The state as bytes. `save_network_state` makes those that other engines read, too.
  virtual std::string save() const = 0;

  /// Continues where `save` was called.
  /// @throws Error (kInvalidState): damaged bytes, or of another network.
  virtual void load(std::string_view bytes) = 0;
};

}  // namespace basnet_rt
