// The checksum of a saved state finds damage, but a forged state has a valid checksum too. So
// values that are used as indices are checked: none may point outside its array.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "stream/recording.h"
#include "stream/stream_machine.h"

namespace basnet_rt::cpu {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 4;

// The limit is larger than any normalised float32; differences and sums stay finite.
bool is_activation(double y) { return std::abs(y) <= 1e290; }

template <class Value>
bool is_size(const std::vector<Value>& values, std::int64_t rows, std::int64_t columns) {
  return static_cast<std::int64_t>(values.size()) % columns == 0 &&
         static_cast<std::int64_t>(values.size()) / columns == rows;
}

}  // namespace

bool StreamMachine::consistent() const {
  const auto& config = settings_->config;
  if (state_.section.ended() || state_.section.end.offset != 0.0 ||
      state_.section.end_seconds != 0.0)
    return false;
  if (state_.section.first < 0 || state_.section.first > state_.base) return false;
  if (state_.base > state_.next || state_.next > kMost) return false;
  if (state_.trim_at < saved::StreamState::kFirstTrim ||
      state_.trim_at > std::max(saved::StreamState::kFirstTrim, 2 * state_.next))
    return false;
  const std::int64_t rows = state_.next - state_.base;
  const bool keeps_raw = config.gate == Gate::kHorizon;
  if (!is_size(state_.raw, keeps_raw ? rows : 0, settings_->num_classes + 1)) return false;
  const Position now{state_.next - 1, 0.0};
  for (const saved::ClassState& state : state_.classes) {
    if (!is_size(state.y, rows, 1) || !state.window.consistent()) return false;
    if (!std::all_of(state.y.begin(), state.y.end(), is_activation)) return false;
    if (state_.next == state_.section.first) {
      if (state.scanner.is_open() || !state.waiting.empty()) return false;
      continue;
    }
    if (rows == 0) return false;  // the last snippet is always kept
    if (!state.scanner.consistent(state_.section.first, state_.next - 1, state.y.back()))
      return false;
    for (const saved::WaitingRoot& one : state.waiting) {
      if (!between(state_.section.begin(), one.root.start, now)) return false;
      if (!between(one.root.start, one.root.end, now) || !std::isfinite(one.video_term)) {
        return false;
      }
      if (one.ready.index < 0 || one.ready.index > kMost || !std::isfinite(one.ready.offset)) {
        return false;
      }
    }
  }
  return state_.base <= first_needed();
}

bool Recording::consistent(const StreamSettings& settings) const {
  const std::int64_t columns = settings.num_classes;
  if (num_rows_ < 0 || missing_ < 0 || missing_ > kMost) return false;
  if (!is_size(rows_, num_rows_, columns)) return false;
  const auto finite = [](float value) { return std::isfinite(value); };
  if (!std::all_of(rows_.begin(), rows_.end(), finite)) return false;
  if (!std::all_of(raw_.begin(), raw_.end(), finite)) return false;
  const bool needs_raw = settings.config.gate == Gate::kHorizon;
  if (needs_raw && !is_size(raw_, num_rows_, columns + 1)) return false;
  std::int64_t missing = 0;
  std::int64_t row = 0;
  for (const Gap& gap : gaps_) {
    if (gap.row < row || gap.row > num_rows_ || gap.snippets < 1) return false;
    if (gap.snippets > missing_ - missing) return false;
    missing += gap.snippets;
    row = gap.row;
  }
  return missing == missing_;
}

}  // namespace basnet_rt::cpu
