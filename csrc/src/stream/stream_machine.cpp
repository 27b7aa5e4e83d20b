#include "stream/stream_machine.h"

#include <algorithm>
#include <cmath>

#include "formulas/ranges.h"
#include "formulas/section.h"
#include "saved/archive.h"

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
    classes_.push_back({IntervalScanner(settings.roots.thresholds[0], settings.roots.merge_gap,
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
  const std::int64_t index = next_++;
  if (settings_->config.gate == Gate::kHorizon) {
    raw_.insert(raw_.end(), raw_row, raw_row + settings_->num_classes + 1);
  }
  for (std::size_t label = 0; label < classes_.size(); ++label) {
    ClassState& state = classes_[label];
    const double y = normalised(label, row[label]);
    state.y.push_back(y);
    const auto found = [&](const Interval& root) { found_root(label, root); };
    if (index == section_.first) {
      state.scanner.begin(index, y, section_.begin(), found);
    } else {
      state.scanner.push(y, found);
    }
    if (!state.waiting.empty()) settle(label, finals);
  }
  if (next_ - base_ >= trim_at_) trim();
}

double StreamMachine::normalised(std::size_t label, float x) {
  return formulas::normalise(x, ranges_.empty() ? classes_[label].window.push(x) : ranges_[label]);
}

void StreamMachine::found_root(std::size_t label, const Interval& root) {
  if (const auto term = video_term(label, root)) {
    const Position ready = advance(root.end, lookahead(root, settings_->roots));
    classes_[label].waiting.push_back({root, *term, ready});
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
      const std::int64_t first = std::max(section_.first, base_);
      const CasView rows{raw_.data() + (first - base_) * columns, next_ - first, columns, columns};
      horizon_scores_.update(rows, first, last_snippet(root, section_), config);
      if (!horizon_scores_.passes(label)) return std::nullopt;
      return config.score_weight * horizon_scores_.score(label);
    }
  }
  return std::nullopt;
}

// Solves every waiting root whose flank has been seen; a short one may overtake a long one.
void StreamMachine::settle(std::size_t label, std::vector<DecidedDetection>& finals) {
  auto& waiting = classes_[label].waiting;
  const Position seen{next_ - 1, 0.0};
  std::size_t left = 0;
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    if (section_.ended() || distance(waiting[i].ready, seen) >= 0.0) {
      solve(label, waiting[i], finals);
    } else {
      waiting[left++] = waiting[i];
    }
  }
  waiting.resize(left);
}

void StreamMachine::solve(std::size_t label, const WaitingRoot& waiting,
                          std::vector<DecidedDetection>& finals) {
  const ClassState& state = classes_[label];
  const ClassRow row{state.y.data(), base_, next_ - base_};
  solver_.propose(waiting.root, row, section_, settings_->roots, waiting.video_term);
  solver_.select(settings_->roots);
  const std::int64_t decided = section_.ended() ? next_ : next_ - 1;
  for (const Kept& kept : solver_.kept()) {
    const Candidate& one = solver_.candidates()[static_cast<std::size_t>(kept.candidate)];
    finals.push_back(
        {{kept.score, one.segment, static_cast<std::int64_t>(label), one.threshold_index},
         decided});
  }
}

void StreamMachine::close(std::optional<double> end_seconds,
                          std::vector<DecidedDetection>& finals) {
  if (next_ == section_.first) return;  // nothing came since the start or the last gap
  section_.end = {next_ - 1, 0.5};
  section_.end_seconds = formulas::to_seconds(next_ - 1, 0.5, settings_->snippet_seconds);
  if (end_seconds && *end_seconds != section_.end_seconds) {
    section_.end_seconds = *end_seconds;
    section_.end.offset =
        *end_seconds / settings_->snippet_seconds - 0.5 - static_cast<double>(section_.end.index);
  }
  for (std::size_t label = 0; label < classes_.size(); ++label) {
    classes_[label].scanner.finish(section_.end,
                                   [&](const Interval& root) { found_root(label, root); });
    settle(label, finals);
  }
}

void StreamMachine::skip(std::int64_t snippets) {
  next_ += snippets;
  base_ = next_;
  trim_at_ = kFirstTrim;
  raw_.clear();
  section_ = Section{};
  section_.first = next_;
  for (ClassState& state : classes_) {
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

// First snippet that a root still to be solved may read. Roots are no longer than max_duration, so
// neither is what they read before their start; without that limit the whole section stays.
std::int64_t StreamMachine::first_needed() const {
  const RootSettings& roots = settings_->roots;
  if (std::isinf(roots.max_duration)) return section_.first;
  std::int64_t first = next_ - 2;
  for (const ClassState& state : classes_) {
    if (state.scanner.is_open()) first = std::min(first, state.scanner.open_start().index);
    for (const WaitingRoot& waiting : state.waiting) {
      first = std::min(first, waiting.root.start.index);
    }
  }
  const double reach = std::max(roots.outer_ratio * roots.max_duration, roots.merge_gap);
  first -= static_cast<std::int64_t>(std::min(std::ceil(reach), 1e15)) + 2;
  if (settings_->config.gate == Gate::kHorizon)
    first -= std::min<std::int64_t>(settings_->horizon, 1LL << 50);
  return std::max(first, section_.first);
}

// Runs when the buffer has doubled since the last time: constant work per snippet.
void StreamMachine::trim() {
  const std::int64_t drop = std::max<std::int64_t>(0, first_needed() - base_);
  base_ += drop;
  for (ClassState& state : classes_) state.y.erase(state.y.begin(), state.y.begin() + drop);
  if (!raw_.empty()) {
    raw_.erase(raw_.begin(), raw_.begin() + drop * (settings_->num_classes + 1));
  }
  trim_at_ = std::max(kFirstTrim, 2 * (next_ - base_));
}

template <class Archive>
void StreamMachine::visit(Archive& archive) {
  archive.field(section_);
  archive.field(next_);
  archive.field(base_);
  archive.field(trim_at_);
  archive.sequence(raw_);
  for (ClassState& state : classes_) {
    archive.field(state.scanner);
    archive.field(state.window);
    archive.sequence(state.y);
    archive.sequence(state.waiting);
  }
}

template void StreamMachine::visit(archive::Writer&);
template void StreamMachine::visit(archive::Reader&);

}  // namespace basnet_rt::cpu
