#include "basnet_rt/onset.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "formulas/formulas.h"
#include "formulas/position.h"
#include "formulas/sliding_range.h"
#include "formulas/video_section.h"
#include "saved/archive.h"
#include "settings/validate.h"

namespace basnet_rt {
namespace {

constexpr std::string_view kStateKind = "BRTO";
constexpr std::uint32_t kStateVersion = 1;

struct Watch {
  explicit Watch(std::int64_t horizon) : window(horizon) {}

  double threshold = 0.5;
  formulas::Range range;
  SlidingRange window;  // normalisation kHorizon
  bool above = false;
  bool reported = false;
  double previous_y = 0.0;
  Position since;

  template <class Archive>
  void visit(Archive& archive) {
    archive.field(window);
    archive.field(above);
    archive.field(reported);
    archive.field(previous_y);
    archive.field(since);
  }
};

void check_alarm(const AlarmConfig& alarm, const PostprocessConfig& config,
                 std::int64_t num_classes) {
  if (config.normalisation == Normalisation::kVideo) {
    fail(
        "normalisation is \"video\", which knows no range before the end; an alarm needs "
        "\"fixed\" or \"horizon\"");
  }
  const auto size = static_cast<std::int64_t>(alarm.thresholds.size());
  if (size != 1 && size != num_classes) {
    fail("alarm thresholds has " + std::to_string(size) +
         " values; it must have 1 or one per "
         "class (" +
         std::to_string(num_classes) + ")");
  }
  for (const double threshold : alarm.thresholds) {
    if (!(threshold > 0.0) || std::isinf(threshold)) {
      fail("alarm threshold is " + to_text(threshold) + "; it must be finite and > 0");
    }
  }
  if (!(alarm.hold >= 0.0) || std::isinf(alarm.hold)) {
    fail("alarm hold is " + to_text(alarm.hold) + "; it must be finite and >= 0 seconds");
  }
}

}  // namespace

class OnsetDetector::Impl {
 public:
  Impl(const AlarmConfig& alarm, const PostprocessConfig& config, std::int64_t num_classes,
       double snippet_seconds)
      : fixed_(config.normalisation == Normalisation::kFixed),
        horizon_(horizon_snippets(config.horizon, snippet_seconds)),
        hold_(alarm.hold / snippet_seconds),
        snippet_seconds_(snippet_seconds) {
    for (std::int64_t c = 0; c < num_classes; ++c) {
      Watch watch(horizon_);
      watch.threshold = alarm.thresholds[alarm.thresholds.size() == 1 ? 0 : index(c)];
      if (fixed_) watch.range = fixed_range(config, c);
      watches_.push_back(std::move(watch));
    }
  }

  std::vector<Onset> push(const CasView& activations) {
    check_chunk(activations);
    std::vector<Onset> onsets;
    for (std::int64_t t = 0; t < activations.num_snippets; ++t, ++next_) {
      for (std::int64_t c = 0; c < activations.num_classes; ++c) {
        step(c, activations.row(t)[c], onsets);
      }
    }
    return onsets;
  }

  void gap(std::int64_t snippets) {
    if (snippets < 1 || snippets > kMostSnippets - next_) {
      fail("snippets is " + std::to_string(snippets) +
           "; a gap is of at least one snippet, and a stream of at most " +
           std::to_string(kMostSnippets));
    }
    next_ += snippets;
    first_ = next_;
    for (Watch& watch : watches_) {
      watch.above = watch.reported = false;
      watch.window = SlidingRange(horizon_);
    }
  }

  /// Whether loaded values can be the state of a detector.
  bool consistent() const {
    if (first_ < 0 || first_ > next_ || next_ > kMostSnippets) return false;
    return std::all_of(watches_.begin(), watches_.end(), [this](const Watch& watch) {
      return watch.window.consistent() && std::isfinite(watch.previous_y) &&
             watch.since.index >= -1 && watch.since.index <= next_ &&
             std::isfinite(watch.since.offset);
    });
  }

  template <class Archive>
  void visit(Archive& archive) {
    archive.field(first_);
    archive.field(next_);
    for (Watch& watch : watches_) archive.field(watch);
  }

 private:
  static std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

  void check_chunk(const CasView& activations) const {
    const auto columns = static_cast<std::int64_t>(watches_.size());
    if (activations.num_classes != columns) {
      fail("activations has " + std::to_string(activations.num_classes) +
           " columns; this stream has " + std::to_string(columns));
    }
    if (activations.num_snippets > 0) check_cas(activations, "activations", next_);
  }

  void step(std::int64_t label, float x, std::vector<Onset>& onsets) {
    Watch& watch = watches_[index(label)];
    const double y = formulas::normalise(x, fixed_ ? watch.range : watch.window.push(x));
    const bool above = formulas::is_active(y, watch.threshold);
    if (above && !watch.above) {
      watch.since =
          next_ == first_
              ? Position{next_, -0.5}
              : Position{next_ - 1, formulas::crossing(watch.previous_y, y, watch.threshold)};
      watch.reported = false;
    }
    watch.above = above;
    watch.previous_y = y;
    if (!above || watch.reported || distance(watch.since, {next_, 0.0}) < hold_) return;
    watch.reported = true;
    onsets.push_back({label,
                      formulas::to_seconds(watch.since.index, watch.since.offset, snippet_seconds_),
                      next_, static_cast<float>(y)});
  }

  bool fixed_;
  std::int64_t horizon_;  // snippets
  double hold_;           // snippets
  double snippet_seconds_;
  std::int64_t first_ = 0;  // of the section
  std::int64_t next_ = 0;
  std::vector<Watch> watches_;
};

OnsetDetector::OnsetDetector(const AlarmConfig& alarm, const PostprocessConfig& config,
                             std::int64_t num_classes, double snippet_seconds) {
  check(config, num_classes);
  check_positive_seconds(snippet_seconds, "snippet_seconds");
  check_alarm(alarm, config, num_classes);
  impl_ = std::make_unique<Impl>(alarm, config, num_classes, snippet_seconds);
}

OnsetDetector::~OnsetDetector() = default;
OnsetDetector::OnsetDetector(OnsetDetector&&) noexcept = default;
OnsetDetector& OnsetDetector::operator=(OnsetDetector&&) noexcept = default;

std::vector<Onset> OnsetDetector::push(const CasView& activations) {
  return impl_->push(activations);
}

void OnsetDetector::gap(std::int64_t snippets) { impl_->gap(snippets); }

std::string OnsetDetector::save() const {
  archive::Writer writer;
  writer.field(*impl_);
  return archive::seal(kStateKind, kStateVersion, writer.take());
}

void OnsetDetector::load(std::string_view bytes) {
  archive::Reader reader(archive::unseal(kStateKind, kStateVersion, bytes));
  auto loaded = std::make_unique<Impl>(*impl_);
  reader.field(*loaded);
  if (!reader.at_end()) {
    throw Error(ErrorCode::kInvalidState, "saved state is of another number of classes");
  }
  if (!loaded->consistent()) archive::refuse_content();
  impl_ = std::move(loaded);
}

}  // namespace basnet_rt
