#include "basnet_rt/network_localizer.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "basnet_rt/error.h"
#include "formulas/latency.h"
#include "saved/localizer_state.h"
#include "settings/validate.h"
#include "stream/localizer_checks.h"

namespace basnet_rt {
namespace {

/// Later snippets that the network needs before a snippet is certain.
constexpr std::int64_t kAhead = 2;

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorCode::kInvalidState, why); }

using Clock = std::chrono::steady_clock;

}  // namespace

class NetworkLocalizer::Impl {
 public:
  Impl(std::shared_ptr<StreamNetwork> network, StreamedModel model, const PostprocessConfig& config,
       const StreamingOptions& options)
      : network_(std::move(network)),
        model_(std::move(model)),
        options_(options),
        post_(config, num_classes(), model_.snippet_seconds),
        onsets_(new_onsets()) {
    if (network_ == nullptr) fail("network is null; a stream needs one");
    if (model_.feature_dim < 1) {
      fail("feature_dim is " + std::to_string(model_.feature_dim) + "; it must be at least 1");
    }
  }

  StreamDetections push(const FeatureView& features) {
    const auto begin = Clock::now();
    check_open("push");
    check_shape(features, model_);
    std::vector<float> kept;
    const std::int64_t zeroed = make_finite(features, kept);
    StreamDetections found;
    if (features.num_snippets > 0) {
      const float* rows = kept.empty() ? features.data : kept.data();
      const StreamActivations certain =
          network_->push({rows, features.num_snippets, features.feature_dim});
      found = or_undo([&] { return absorb(certain); });
    }
    seen_ += features.num_snippets;
    statistics_.snippets_in += features.num_snippets;
    statistics_.features_zeroed += zeroed;
    ++statistics_.pushes;
    count(found, begin, num_arrived());
    return found;
  }

  StreamDetections gap(std::int64_t snippets) {
    return close("gap", [&] {
      StreamDetections last = post_.gap(snippets);
      if (onsets_) onsets_->gap(snippets);
      return last;
    });
  }

  StreamDetections finish(std::optional<double> duration) {
    return close("finish", [&] { return post_.finish(duration); });
  }

  std::vector<Onset> take_onsets() { return std::exchange(onset_events_, {}); }

  void reset() {
    std::optional<OnsetDetector> onsets = new_onsets();
    network_->reset();
    post_.reset();
    onsets_ = std::move(onsets);
    onset_events_.clear();
    statistics_ = {};
    first_ = seen_ = 0;
  }

  std::string save() const {
    LocalizerState state;
    state.classes = model_.classes;
    state.alarm = options_.alarm;
    state.statistics = statistics_;
    state.first = first_;
    state.seen = seen_;
    state.onset_events = onset_events_;
    state.network = network_->save();
    state.post = post_.save();
    if (onsets_) state.onsets = onsets_->save();
    return seal_state(state);
  }

  void load(std::string_view bytes) {
    LocalizerState state = unseal_state(bytes);
    check_fit(state, model_, options_.alarm);
    StreamPostprocessor post = StreamPostprocessor::load(state.post);
    if (!post.same_settings(post_)) {
      refuse("state was saved by a stream of other settings: " + post.differing_settings(post_) +
             "; make this stream with the same ones");
    }
    std::optional<OnsetDetector> onsets = new_onsets();
    if (onsets) onsets->load(state.onsets);
    network_->load(state.network);  // the last call that may throw
    post_ = std::move(post);
    onsets_ = std::move(onsets);
    onset_events_ = std::move(state.onset_events);
    statistics_ = state.statistics;
    first_ = state.first;
    seen_ = state.seen;
  }

  const StreamStatistics& statistics() const { return statistics_; }
  const StreamPostprocessor& post() const { return post_; }

 private:
  std::int64_t num_classes() const { return static_cast<std::int64_t>(model_.classes.size()); }

  /// Copies the rows into `kept` with zeros instead of NaN and Inf; returns their number. Copies
  /// nothing if all values are finite.
  std::int64_t make_finite(const FeatureView& features, std::vector<float>& kept) const {
    const std::int64_t bad = first_not_finite(features);
    if (bad < 0) return 0;
    if (!options_.zero_bad_features) fail(not_finite_text(features, bad, num_arrived()));
    std::int64_t count = 0;
    kept = zeroed(features, count);
    return count;
  }

  /// The result of `rest`; if it throws, the network's last call is undone.
  template <class Rest>
  StreamDetections or_undo(const Rest& rest) {
    try {
      return rest();
    } catch (...) {
      network_->undo();
      throw;
    }
  }

  StreamDetections absorb(const StreamActivations& certain) {
    const std::int64_t rows = certain.num_snippets, columns = num_classes();
    const bool with_cas = post_.config().gate != Gate::kNone;
    check_output(certain, columns, with_cas);
    if (rows == 0) return {};
    const CasView activations{certain.activations.data(), rows, columns, columns};
    const CasView cas{certain.cas.data(), rows, columns + 1, columns + 1};
    StreamDetections found = post_.push(activations, with_cas ? cas : CasView{});
    if (onsets_) {
      const std::vector<Onset> events = onsets_->push(activations);
      onset_events_.insert(onset_events_.end(), events.begin(), events.end());
    }
    return found;
  }

  /// Processes the network's last snippets, then `last`; if it throws, both are undone.
  template <class Last>
  StreamDetections close(const char* call, const Last& last) {
    const auto begin = Clock::now();
    check_open(call);
    const std::int64_t arrived = num_arrived();
    StreamDetections found;
    if (seen_ == 0) {
      found = or_restore(last);
    } else {
      const StreamActivations certain = network_->flush();
      found = or_undo([&] {
        return or_restore([&] {
          StreamDetections all = absorb(certain);
          all.append(last());
          return all;
        });
      });
    }
    seen_ = 0;
    first_ = post_.num_snippets();
    count(found, begin, arrived);
    return found;
  }

  /// The result of `rest`; if it throws, post-processor and onset detector are restored.
  template <class Rest>
  StreamDetections or_restore(const Rest& rest) {
    const std::string post = post_.save();
    const std::string onsets = onsets_ ? onsets_->save() : std::string();
    const std::size_t num_events = onset_events_.size();
    try {
      return rest();
    } catch (...) {
      post_ = StreamPostprocessor::load(post);
      if (onsets_) onsets_->load(onsets);
      onset_events_.resize(num_events);
      throw;
    }
  }

  /// Snippets that arrived, gaps included.
  std::int64_t num_arrived() const { return first_ + seen_; }

  std::optional<OnsetDetector> new_onsets() const {
    if (!options_.alarm) return std::nullopt;
    return std::optional<OnsetDetector>(std::in_place, *options_.alarm, post_.config(),
                                        num_classes(), model_.snippet_seconds);
  }

  void check_open(const char* call) const {
    if (post_.finished()) {
      refuse(std::string(call) + " after finish; reset the stream or make a new one");
    }
  }

  void count(const StreamDetections& found, Clock::time_point begin, std::int64_t arrived) {
    statistics_.finals_out += static_cast<std::int64_t>(found.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      const double latency = formulas::decision_latency(
          found.decided[i], kAhead, arrived, model_.snippet_seconds, found.segments[i].end);
      statistics_.latency_sum += latency;
      statistics_.latency_max = std::max(statistics_.latency_max, latency);
    }
    statistics_.compute_seconds += std::chrono::duration<double>(Clock::now() - begin).count();
  }

  std::shared_ptr<StreamNetwork> network_;
  StreamedModel model_;
  StreamingOptions options_;
  StreamPostprocessor post_;
  std::optional<OnsetDetector> onsets_;
  std::vector<Onset> onset_events_;
  StreamStatistics statistics_;
  std::int64_t first_ = 0;  // absolute index of the first snippet since the last gap
  std::int64_t seen_ = 0;   // snippets given to the network since then
};

NetworkLocalizer::NetworkLocalizer(std::shared_ptr<StreamNetwork> network, StreamedModel model,
                                   const PostprocessConfig& config, const StreamingOptions& options)
    : impl_(std::make_unique<Impl>(std::move(network), std::move(model), config, options)) {}

NetworkLocalizer::~NetworkLocalizer() = default;
NetworkLocalizer::NetworkLocalizer(NetworkLocalizer&&) noexcept = default;
NetworkLocalizer& NetworkLocalizer::operator=(NetworkLocalizer&&) noexcept = default;

StreamDetections NetworkLocalizer::push(const FeatureView& features) {
  return impl_->push(features);
}
Detections NetworkLocalizer::pending() const { return impl_->post().pending(); }
std::vector<Onset> NetworkLocalizer::onsets() { return impl_->take_onsets(); }
StreamDetections NetworkLocalizer::gap(std::int64_t snippets) { return impl_->gap(snippets); }
StreamDetections NetworkLocalizer::finish(std::optional<double> duration) {
  return impl_->finish(duration);
}
void NetworkLocalizer::reset() { impl_->reset(); }
std::string NetworkLocalizer::save() const { return impl_->save(); }
void NetworkLocalizer::load(std::string_view state) { impl_->load(state); }
const PostprocessConfig& NetworkLocalizer::config() const { return impl_->post().config(); }
const StreamStatistics& NetworkLocalizer::statistics() const { return impl_->statistics(); }
std::int64_t NetworkLocalizer::num_snippets() const { return impl_->post().num_snippets(); }
bool NetworkLocalizer::finished() const { return impl_->post().finished(); }

}  // namespace basnet_rt
