#pragma once

// A slot as the bytes of StreamPostprocessor::save, and back. Host only.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "cuda/stream/plan.h"
#include "cuda/stream/step.h"

namespace basnet_rt::cuda {

/// One slot's memory on the host, divided like that of all slots.
class SlotImage {
 public:
  explicit SlotImage(const StreamPlan& all);
  SlotImage(const SlotImage&) = delete;
  SlotImage& operator=(const SlotImage&) = delete;

  /// Settings under which it is slot 0.
  const SlotSettings& settings() const { return settings_; }
  const StreamShape& shape() const { return plan_.shape(); }

  /// Calls copy(place among all slots, place here, bytes) for every array of slot `slot`.
  template <class Copy>
  void each_part(const StreamSlots& all, std::int64_t slot, const Copy& copy) const {
    const StreamSlots& one = settings_.state;
    const std::int64_t classes = plan_.num_classes();
    const auto part = [&](auto* of_all, auto* here, std::int64_t count) {
      if (count > 0)
        copy(of_all + slot * count, here, static_cast<std::size_t>(count) * sizeof *here);
    };
    part(all.slots, one.slots, 1);
    part(all.rows, one.rows, classes);
    part(all.waiting, one.waiting, classes * settings_.max_waiting);
    part(all.y, one.y, classes * settings_.y_ring);
    part(all.x, one.x, classes * settings_.x_ring);
    part(all.raw, one.raw, (classes + 1) * settings_.raw_ring);
  }

 private:
  StreamPlan plan_;
  std::vector<char> memory_;
  std::vector<char> constants_;
  SlotSettings settings_;
};

std::string saved_bytes(const SlotImage& image);

/// Fills an image from bytes that either backend wrote.
/// @throws Error (kInvalidState): the bytes are not a saved stream, damaged or of another version;
///         (kInvalidArgument): saved under other settings.
void read_saved(std::string_view bytes, SlotImage& image);

}  // namespace basnet_rt::cuda
