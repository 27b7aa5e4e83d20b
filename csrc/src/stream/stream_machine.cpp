#include "stream/stream_machine.h"

#include <algorithm>
#include <cmath>

#include "formulas/normalisation.h"
#include "formulas/video_section.h"

namespace basnet_rt::cpu {

StreamSettings::StreamSettings(const PostprocessConfig& config_, std::int64_t num_classes_,
                               double snippet_seconds_)
    : config(config_),
      num_classes(num_classes_),
      snippet_seconds(snippet_seconds_),
      roots(root_settings(config_, snippet_seconds_)),
      horizon(horizon_snippets(config_.horizon, snippet_seconds_)) {}

StreamMachine::StreamMachine(const StreamSettings& settings, const WholeVideo* whole)
    : settings_(&settings), horizon_scores_(settings.horizon) {
  const PostprocessConfig& config = settings.config;
  for (std::int64_t label = 0; label < settings.num_classes; ++label) {
    if (config.normalisation == Normalisation::kFixed) {
      ranges_.push_back(fixed_range(config, label));
    } else if (config.normalisation == Normalisation::kVideo) {
      const Extremes& extremes = whole->extremes[static_cast<std::size_t>(label)];
      ranges_.push_back(formulas::minmax_range(extremes.min, extremes.max));
    }
    state_.classes.push_back(
        {IntervalScanner(settings.roots.thresholds[0], settings.roots.merge_gap,
                         settings.roots.max_duration),
         SlidingRange(settings.horizon),
         {},
         {}});
  }
  if (config.gate == Gate::kVideo) {
    scores_ = whole->scores;
    passes_ = passing_classes(scores_, config);
  }
}

void StreamMachine::push(const float* row, const float* raw_row,
                         std::vector<DecidedDetection>& finals) {
  const std::int64_t index = state_.next++;
  if (settings_->config.gate == Gate::kHorizon) {
    state_.raw.insert(state_.raw.end(), raw_row, raw_row + settings_->num_classes + 1);
  }
  for (std::size_t label = 0; label < state_.classes.size(); ++label) {
    saved::ClassState& state = state_.classes[label];
    const double y = normalised(label, row[label]);
    state.y.push_back(y);
    const auto found = [&](const Interval& root) { found_root(label, root); };
    if (index == state_.section.first) {
      state.scanner.begin(index, y, state_.section.begin(), found);
    } else {
      state.scanner.push(y, found);
    }
    if (!state.waiting.empty()) settle(label, finals);
  }
  if (state_.next - state_.base >= state_.trim_at) trim();
}

double StreamMachine::normalised(std::size_t label, float x) {
  return formulas::normalise(
      x, ranges_.empty() ? state_.classes[label].window.push(x) : ranges_[label]);
}

void StreamMachine::found_root(std::size_t label, const Interval& root) {
  if (const auto term = video_term(label, root)) {
    const Position ready = advance(root.end, lookahead(root, settings_->roots));
    state_.classes[label].waiting.push_back({root, *term, ready});
  }
}

std::optional<double> StreamMachine::video_term(std::size_t label, const Interval& root) {
  const PostprocessConfig& config = settings_->config;
  switch (config.gate) {
    case Gate::kNone:
      return 0.0;
    case Gate::kVideo:
      if (!passes_[label]) return std::nullopt;
      return config.score_weight * scores_[label];
    case Gate::kHorizon: {
      const std::int64_t columns = settings_->num_classes + 1;
      const std::int64_t first = std::max(state_.section.first, state_.base);
      const CasView rows{state_.raw.data() + (first - state_.base) * columns, state_.next - first,
                         columns, columns};
      horizon_scores_.update(rows, first, last_snippet(root.end, state_.section), config);
      if (!horizon_scores_.passes(label)) return std::nullopt;
      return config.score_weight * horizon_scores_.score(label);
    }
  }
  return std::nullopt;
}

// Solves every waiting root whose flank has been seen; a short one may overtake a long one.
void StreamMachine::settle(std::size_t label, std::vector<DecidedDetection>& finals) {
  auto& waiting = state_.classes[label].waiting;
  const Position seen{state_.next - 1, 0.0};
  std::size_t left = 0;
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    if (state_.section.ended() || distance(waiting[i].ready, seen) >= 0.0) {
      solve(label, waiting[i], finals);
    } else {
      waiting[left++] = waiting[i];
    }
  }
  waiting.resize(left);
}

void StreamMachine::solve(std::size_t label, const saved::WaitingRoot& waiting,
                          std::vector<DecidedDetection>& finals) {
  const saved::ClassState& state = state_.classes[label];
  const ClassRow row{state.y.data(), state_.base, state_.next - state_.base};
  solver_.propose(waiting.root, row, state_.section, settings_->roots, waiting.video_term);
  solver_.select(settings_->roots);
  const std::int64_t decided = state_.section.ended() ? state_.next : state_.next - 1;
  for (const KeptCandidate& kept : solver_.kept()) {
    const Candidate& one = solver_.candidates()[static_cast<std::size_t>(kept.candidate)];
    finals.push_back(
        {{kept.score, one.segment, static_cast<std::int64_t>(label), one.threshold_index},
         decided});
  }
}

void StreamMachine::close(std::optional<double> end_seconds,
                          std::vector<DecidedDetection>& finals) {
  if (state_.next == state_.section.first) return;  // nothing came since the start or the last gap
  state_.section = closed_section(state_.section, state_.next - 1, settings_->snippet_seconds,
                                  end_seconds.has_value(), end_seconds.value_or(0.0));
  for (std::size_t label = 0; label < state_.classes.size(); ++label) {
    state_.classes[label].scanner.finish(state_.section.end,
                                         [&](const Interval& root) { found_root(label, root); });
    settle(label, finals);
  }
}

void StreamMachine::skip(std::int64_t snippets) {
  state_.next += snippets;
  state_.base = state_.next;
  state_.trim_at = saved::StreamState::kFirstTrim;
  state_.raw.clear();
  state_.section = Section{};
  state_.section.first = state_.next;
  for (saved::ClassState& state : state_.classes) {
    state.y.clear();
    state.window = SlidingRange(settings_->horizon);
  }
  horizon_scores_ = HorizonScores(settings_->horizon);
}

std::vector<DecidedDetection> StreamMachine::pending(std::optional<double> end_seconds) const {
  StreamMachine copy = *this;
  std::vector<DecidedDetection> finals;
  copy.close(end_seconds, finals);
  return finals;
}

// First snippet that an unsolved root may need. Roots are at most max_duration long, which also
// limits the snippets before their start; without that limit the whole section is kept.
std::int64_t StreamMachine::first_needed() const {
  const RootSettings& roots = settings_->roots;
  if (std::isinf(roots.max_duration)) return state_.section.first;
  std::int64_t first = state_.next - 2;
  for (const saved::ClassState& state : state_.classes) {
    if (state.scanner.is_open()) first = std::min(first, state.scanner.open_start().index);
    for (const saved::WaitingRoot& waiting : state.waiting) {
      first = std::min(first, waiting.root.start.index);
    }
  }
  first -= static_cast<std::int64_t>(std::min(std::ceil(longest_lookbehind(roots)), 1e15)) + 2;
  if (settings_->config.gate == Gate::kHorizon)
    first -= std::min<std::int64_t>(settings_->horizon, 1LL << 50);
  return std::max(first, state_.section.first);
}

// Runs whenever the buffer has doubled, so the work per snippet is constant.
void StreamMachine::trim() {
  const std::int64_t drop = std::max<std::int64_t>(0, first_needed() - state_.base);
  state_.base += drop;
  for (saved::ClassState& state : state_.classes)
    state.y.erase(state.y.begin(), state.y.begin() + drop);
  if (!state_.raw.empty()) {
    state_.raw.erase(state_.raw.begin(), state_.raw.begin() + drop * (settings_->num_classes + 1));
  }
  state_.trim_at = std::max(saved::StreamState::kFirstTrim, 2 * (state_.next - state_.base));
}

}  // namespace basnet_rt::cpu
