#include "basnet_rt/streaming_localizer.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "basnet_rt/error.h"
#include "torch/stream/network_stream.h"
#include "torch/stream/streaming_state.h"

namespace basnet_rt {
namespace {

/// Snippets that the network is ahead of what is certain.
constexpr std::int64_t kAhead = 2;

void append(StreamDetections& to, const StreamDetections& more) {
  to.labels.insert(to.labels.end(), more.labels.begin(), more.labels.end());
  to.scores.insert(to.scores.end(), more.scores.begin(), more.scores.end());
  to.segments.insert(to.segments.end(), more.segments.begin(), more.segments.end());
  to.decided.insert(to.decided.end(), more.decided.begin(), more.decided.end());
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

bool same(const std::optional<AlarmConfig>& a, const std::optional<AlarmConfig>& b) {
  if (!a || !b) return a.has_value() == b.has_value();
  return a->thresholds == b->thresholds && a->hold == b->hold;
}

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorCode::kInvalidState, why); }

using Clock = std::chrono::steady_clock;

}  // namespace

class StreamingLocalizer::Impl {
 public:
  Impl(Model model, std::optional<PostprocessConfig> config, const StreamingOptions& options)
      : model_(std::move(model)),
        options_(options),
        config_(config ? std::move(*config) : model_.metadata().postprocess),
        post_(config_, model_.metadata().num_classes(), model_.metadata().snippet_seconds()),
        network_(model_, options.zero_bad_features),
        onsets_(new_onsets()) {}

  StreamDetections push(const FeatureView& features) {
    const auto begin = Clock::now();
    check_open("push");
    NetworkStream network = network_;  // where the rest throws, nothing has happened
    StreamDetections found = absorb(network.push(features));
    network_ = std::move(network);
    statistics_.snippets_in += features.num_snippets;
    ++statistics_.pushes;
    count(found, begin, num_arrived());
    return found;
  }

  StreamDetections gap(std::int64_t snippets) {
    const auto begin = Clock::now();
    const std::int64_t arrived = num_arrived();
    check_open("gap");
    StreamDetections found = close([&] {
      StreamDetections last = post_.gap(snippets);
      if (onsets_) onsets_->gap(snippets);
      return last;
    });
    network_.begin_at(post_.num_snippets());
    count(found, begin, arrived);
    return found;
  }

  StreamDetections finish(std::optional<double> duration) {
    const auto begin = Clock::now();
    const std::int64_t arrived = num_arrived();
    check_open("finish");
    StreamDetections found = close([&] { return post_.finish(duration); });
    count(found, begin, arrived);
    return found;
  }

  std::vector<Onset> take_onsets() { return std::exchange(onset_events_, {}); }

  void reset() {
    post_.reset();
    network_.reset();
    onsets_ = new_onsets();
    onset_events_.clear();
    statistics_ = {};
  }

  std::string save() const {
    return seal({{statistics_, model_.metadata().classes, options_.alarm, onset_events_},
                 network_.save(),
                 post_.save(),
                 onsets_ ? onsets_->save() : std::string()});
  }

  void load(std::string_view state) {
    StreamParts parts = unseal(state);
    check_fit(parts.about);
    StreamPostprocessor post = StreamPostprocessor::load(parts.post);
    if (!post.same_settings(post_)) {
      refuse(
          "state was saved by a stream of other settings (config, num_classes or snippet_seconds); "
          "make this stream with the same ones");
    }
    std::optional<OnsetDetector> onsets = new_onsets();
    if (onsets) onsets->load(parts.onsets);
    NetworkStream network = network_;
    network.load(parts.network);
    post_ = std::move(post);
    network_ = std::move(network);
    onsets_ = std::move(onsets);
    onset_events_ = std::move(parts.about.onset_events);
    statistics_ = parts.about.statistics;
  }

  const Model& model() const { return model_; }
  const PostprocessConfig& config() const { return config_; }
  const StreamStatistics& statistics() const { return statistics_; }
  const StreamPostprocessor& post() const { return post_; }

 private:
  StreamDetections absorb(const StreamActivations& certain) {
    if (certain.num_snippets == 0) return {};
    const CasView cas = config_.gate == Gate::kNone ? CasView{} : certain.raw_view();
    StreamDetections found = post_.push(certain.view(), cas);
    if (onsets_) {
      const std::vector<Onset> events = onsets_->push(certain.view());
      onset_events_.insert(onset_events_.end(), events.begin(), events.end());
    }
    return found;
  }

  /// The network's last snippets, then what `last` adds; where it throws, neither happened.
  template <class Last>
  StreamDetections close(const Last& last) {
    const std::string post = post_.save();
    const std::string onsets = onsets_ ? onsets_->save() : std::string();
    const std::size_t num_events = onset_events_.size();
    NetworkStream network = network_;
    try {
      StreamDetections found = absorb(network.flush());
      append(found, last());
      network_ = std::move(network);
      return found;
    } catch (...) {
      post_ = StreamPostprocessor::load(post);
      if (onsets_) onsets_->load(onsets);
      onset_events_.resize(num_events);
      throw;
    }
  }

  /// Snippets that came in, gaps included.
  std::int64_t num_arrived() const {
    return post_.num_snippets() + std::min(kAhead, network_.num_snippets());
  }

  std::optional<OnsetDetector> new_onsets() const {
    if (!options_.alarm) return std::nullopt;
    return std::optional<OnsetDetector>(std::in_place, *options_.alarm, config_,
                                        model_.metadata().num_classes(),
                                        model_.metadata().snippet_seconds());
  }

  void check_open(const char* call) const {
    if (post_.finished()) {
      refuse(std::string(call) + " after finish; reset the stream or make a new one");
    }
  }

  void check_fit(const StreamAbout& about) const {
    const std::vector<std::string>& classes = model_.metadata().classes;
    if (about.classes != classes) {
      refuse("state is of a model with classes " + joined(about.classes) + "; this one has " +
             joined(classes));
    }
    if (!same(about.alarm, options_.alarm)) {
      refuse("state and this stream must have the same alarm, or both none");
    }
  }

  void count(const StreamDetections& found, Clock::time_point begin, std::int64_t arrived) {
    statistics_.finals_out += static_cast<std::int64_t>(found.size());
    statistics_.features_zeroed = network_.num_zeroed();
    for (std::size_t i = 0; i < found.size(); ++i) {
      // `decided` counts certain snippets; the network is ahead of them until the end.
      const std::int64_t seen = std::min(found.decided[i] + 1 + kAhead, arrived);
      const double latency =
          static_cast<double>(seen) * model_.metadata().snippet_seconds() - found.segments[i].end;
      statistics_.latency_sum += latency;
      statistics_.latency_max = std::max(statistics_.latency_max, latency);
    }
    statistics_.compute_seconds += std::chrono::duration<double>(Clock::now() - begin).count();
  }

  Model model_;
  StreamingOptions options_;
  PostprocessConfig config_;
  StreamPostprocessor post_;
  NetworkStream network_;
  std::optional<OnsetDetector> onsets_;
  std::vector<Onset> onset_events_;
  StreamStatistics statistics_;
};

StreamingLocalizer::StreamingLocalizer(Model model, std::optional<PostprocessConfig> config,
                                       const StreamingOptions& options)
    : impl_(std::make_unique<Impl>(std::move(model), std::move(config), options)) {}

StreamingLocalizer::~StreamingLocalizer() = default;
StreamingLocalizer::StreamingLocalizer(StreamingLocalizer&&) noexcept = default;
StreamingLocalizer& StreamingLocalizer::operator=(StreamingLocalizer&&) noexcept = default;

StreamDetections StreamingLocalizer::push(const FeatureView& features) {
  return impl_->push(features);
}
Detections StreamingLocalizer::pending() const { return impl_->post().pending(); }
std::vector<Onset> StreamingLocalizer::onsets() { return impl_->take_onsets(); }
StreamDetections StreamingLocalizer::gap(std::int64_t snippets) { return impl_->gap(snippets); }
StreamDetections StreamingLocalizer::finish(std::optional<double> duration) {
  return impl_->finish(duration);
}
void StreamingLocalizer::reset() { impl_->reset(); }
std::string StreamingLocalizer::save() const { return impl_->save(); }
void StreamingLocalizer::load(std::string_view state) { impl_->load(state); }
const Model& StreamingLocalizer::model() const { return impl_->model(); }
const PostprocessConfig& StreamingLocalizer::config() const { return impl_->config(); }
const StreamStatistics& StreamingLocalizer::statistics() const { return impl_->statistics(); }
std::int64_t StreamingLocalizer::num_snippets() const { return impl_->post().num_snippets(); }
bool StreamingLocalizer::finished() const { return impl_->post().finished(); }

}  // namespace basnet_rt
