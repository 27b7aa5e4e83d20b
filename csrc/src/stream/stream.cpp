#include "basnet_rt/stream.h"

#include <utility>

#include "formulas/formulas.h"
#include "formulas/video_section.h"
#include "saved/archive.h"
#include "saved/stream_layout.h"
#include "settings/differences.h"
#include "settings/validate.h"
#include "stream/recording.h"
#include "stream/stream_machine.h"

namespace basnet_rt {
namespace {

using cpu::DecidedDetection;
using cpu::StreamMachine;

// The bytes that `load` reads first.
std::string settings_bytes(const cpu::StreamSettings& settings) {
  archive::Writer writer;
  PostprocessConfig config = settings.config;
  std::int64_t num_classes = settings.num_classes;
  double snippet_seconds = settings.snippet_seconds;
  saved::visit_stream_settings(writer, config, num_classes, snippet_seconds);
  return writer.take();
}

void check_settings(const PostprocessConfig& config, std::int64_t num_classes,
                    double snippet_seconds) {
  check(config, num_classes);
  if (config.mode == Mode::kPublished) {
    fail("mode is \"published\"; it resamples the whole video, so a stream needs \"continuous\"");
  }
  check_positive_seconds(snippet_seconds, "snippet_seconds");
  check_max_duration(config, snippet_seconds);
}

bool needs_whole(const PostprocessConfig& config) {
  return config.normalisation == Normalisation::kVideo || config.gate == Gate::kVideo;
}

StreamDetections in_order(const std::vector<DecidedDetection>& finals) {
  StreamDetections result;
  for (const DecidedDetection& one : finals) {
    result.labels.push_back(one.detection.label);
    result.scores.push_back(formulas::shown_score(one.detection.score));
    result.segments.push_back(one.detection.segment);
    result.decided.push_back(one.decided);
  }
  return result;
}

Detections by_rank(const std::vector<DecidedDetection>& finals) {
  std::vector<cpu::RankedDetection> found;
  for (const DecidedDetection& one : finals) found.push_back(one.detection);
  return cpu::ranked(std::move(found));
}

}  // namespace

class StreamPostprocessor::Impl {
 public:
  Impl(const PostprocessConfig& config, std::int64_t num_classes, double snippet_seconds)
      : settings(config, num_classes, snippet_seconds) {
    if (!needs_whole(config)) machine = std::make_unique<StreamMachine>(settings);
  }

  bool needs_raw() const { return settings.config.gate == Gate::kHorizon; }
  bool has_all_raw() const { return recording.has_all_raw(settings.num_classes); }

  std::int64_t num_snippets() const {
    return machine ? machine->num_snippets() : recording.num_snippets();
  }

  void check_open(const char* call) const {
    if (finished) {
      throw Error(ErrorCode::kInvalidState,
                  std::string(call) + " after finish; reset the stream or make a new one");
    }
  }

  void check_chunk(const CasView& activations, const CasView& raw_cas) const {
    check_shape(activations, "activations", settings.num_classes);
    const bool has_raw = raw_cas.data != nullptr;
    if (needs_raw() && !has_raw) {
      fail("cas is None; gate \"horizon\" needs the raw CAS (N, C+1) with its background column");
    }
    if (!has_raw) return;
    check_shape(raw_cas, "cas", settings.num_classes + 1);
    if (raw_cas.num_snippets != activations.num_snippets) {
      fail("cas has " + std::to_string(raw_cas.num_snippets) + " snippets; activations has " +
           std::to_string(activations.num_snippets));
    }
  }

  void check_scores(const float* video_scores) const {
    if (settings.config.gate != Gate::kVideo) return;
    if (video_scores != nullptr) return check_video_scores(video_scores, settings.num_classes);
    if (!has_all_raw()) {
      fail("video_scores is None, but gate \"video\" needs them, or cas at every push");
    }
  }

  void check_duration(std::optional<double> duration) const {
    if (!duration) return;
    check_positive_seconds(*duration, "duration");
    const double least = formulas::to_seconds(num_snippets() - 1, 0.0, settings.snippet_seconds);
    if (*duration < least) {
      fail("duration is " + to_text(*duration) + "; the last snippet's centre is already at " +
           to_text(least) + " seconds");
    }
  }

  bool consistent() const {
    if (machine) return finished || machine->consistent();
    return recording.consistent(settings);
  }

  template <class Archive>
  void visit(Archive& archive) {
    archive.field(finished);
    if (machine) {
      archive.field(*machine);
    } else {
      archive.field(recording);
    }
  }

  cpu::StreamSettings settings;
  std::unique_ptr<StreamMachine> machine;  // absent where the whole video is needed
  cpu::Recording recording;
  bool finished = false;

 private:
  void check_shape(const CasView& view, const char* name, std::int64_t columns) const {
    if (view.num_classes != columns) {
      fail(std::string(name) + " has " + std::to_string(view.num_classes) +
           " columns; this stream has " + std::to_string(columns));
    }
    if (view.num_snippets > 0) check_cas(view, name, num_snippets());
  }
};

StreamPostprocessor::StreamPostprocessor(const PostprocessConfig& config, std::int64_t num_classes,
                                         double snippet_seconds) {
  check_settings(config, num_classes, snippet_seconds);
  impl_ = std::make_unique<Impl>(config, num_classes, snippet_seconds);
}

StreamPostprocessor::StreamPostprocessor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
StreamPostprocessor::~StreamPostprocessor() = default;
StreamPostprocessor::StreamPostprocessor(StreamPostprocessor&&) noexcept = default;
StreamPostprocessor& StreamPostprocessor::operator=(StreamPostprocessor&&) noexcept = default;

StreamDetections StreamPostprocessor::push(const CasView& activations, const CasView& raw_cas) {
  impl_->check_open("push");
  impl_->check_chunk(activations, raw_cas);
  if (!impl_->machine) {
    impl_->recording.append(activations, raw_cas);
    return {};
  }
  std::vector<DecidedDetection> finals;
  for (std::int64_t t = 0; t < activations.num_snippets; ++t) {
    const float* raw_row = impl_->needs_raw() ? raw_cas.row(t) : nullptr;
    impl_->machine->push(activations.row(t), raw_row, finals);
  }
  return in_order(finals);
}

Detections StreamPostprocessor::pending() const {
  if (impl_->finished) return {};
  if (impl_->machine) return by_rank(impl_->machine->pending(std::nullopt));
  const bool no_scores = impl_->settings.config.gate == Gate::kVideo && !impl_->has_all_raw();
  return no_scores ? Detections{}
                   : by_rank(impl_->recording.replay(impl_->settings, std::nullopt, nullptr));
}

StreamDetections StreamPostprocessor::gap(std::int64_t snippets) {
  impl_->check_open("gap");
  if (snippets < 1 || snippets > kMostSnippets - impl_->num_snippets()) {
    fail("snippets is " + std::to_string(snippets) +
         "; a gap is of at least one snippet, and a stream of at most " +
         std::to_string(kMostSnippets));
  }
  if (!impl_->machine) {
    impl_->recording.gap(snippets);
    return {};
  }
  std::vector<DecidedDetection> finals;
  impl_->machine->close(std::nullopt, finals);
  impl_->machine->skip(snippets);
  return in_order(finals);
}

StreamDetections StreamPostprocessor::finish(std::optional<double> duration,
                                             const float* video_scores) {
  impl_->check_open("finish");
  impl_->check_duration(duration);
  std::vector<DecidedDetection> finals;
  if (impl_->machine) {
    impl_->machine->close(duration, finals);
  } else {
    impl_->check_scores(video_scores);
    finals = impl_->recording.replay(impl_->settings, duration, video_scores);
  }
  impl_->finished = true;
  return in_order(finals);
}

void StreamPostprocessor::reset() {
  const cpu::StreamSettings& settings = impl_->settings;
  impl_ = std::make_unique<Impl>(PostprocessConfig(settings.config), settings.num_classes,
                                 settings.snippet_seconds);
}

std::string StreamPostprocessor::save() const {
  archive::Writer writer;
  writer.field(*impl_);
  return archive::seal(saved::kStreamKind, saved::kStreamVersion,
                       settings_bytes(impl_->settings) + writer.take());
}

bool StreamPostprocessor::same_settings(const StreamPostprocessor& other) const {
  return settings_bytes(impl_->settings) == settings_bytes(other.impl_->settings);
}

std::string StreamPostprocessor::differing_settings(const StreamPostprocessor& other) const {
  std::string text = differences(config(), other.config());
  const auto add = [&text](const char* name, const std::string& there, const std::string& here) {
    if (there == here) return;
    text += (text.empty() ? "" : ", ") + difference(name, there, here);
  };
  add("num_classes", std::to_string(num_classes()), std::to_string(other.num_classes()));
  add("snippet_seconds", to_text(snippet_seconds()), to_text(other.snippet_seconds()));
  return text;
}

StreamPostprocessor StreamPostprocessor::load(std::string_view bytes) {
  archive::Reader reader(archive::unseal(saved::kStreamKind, saved::kStreamVersion, bytes));
  PostprocessConfig config;
  std::int64_t num_classes = 0;
  double snippet_seconds = 0.0;
  saved::visit_stream_settings(reader, config, num_classes, snippet_seconds);
  check_settings(config, num_classes, snippet_seconds);
  // The bytes have a state for every class, unless the whole stream is recorded.
  if (!needs_whole(config) && static_cast<std::uint64_t>(num_classes) > reader.remaining()) {
    archive::refuse_content();
  }
  StreamPostprocessor stream(config, num_classes, snippet_seconds);
  reader.field(*stream.impl_);
  if (!reader.at_end()) throw Error(ErrorCode::kInvalidState, "saved state has bytes left over");
  if (!stream.impl_->consistent()) archive::refuse_content();
  return stream;
}

std::int64_t StreamPostprocessor::num_snippets() const { return impl_->num_snippets(); }
std::int64_t StreamPostprocessor::num_classes() const { return impl_->settings.num_classes; }
double StreamPostprocessor::snippet_seconds() const { return impl_->settings.snippet_seconds; }
const PostprocessConfig& StreamPostprocessor::config() const { return impl_->settings.config; }
bool StreamPostprocessor::finished() const { return impl_->finished; }
std::int64_t StreamPostprocessor::buffered_snippets() const {
  return impl_->machine ? impl_->machine->buffered_snippets() : impl_->recording.num_rows();
}

}  // namespace basnet_rt
