#include "cuda/stream/saved.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "basnet_rt/error.h"
#include "basnet_rt/stream.h"
#include "cuda/device/ring.h"
#include "cuda/device/team.h"
#include "cuda/passes/horizon_gate.h"
#include "formulas/root_window.h"
#include "formulas/video_section.h"
#include "saved/archive.h"
#include "saved/stream_layout.h"
#include "settings/validate.h"

namespace basnet_rt::cuda {
namespace {

/// The part that StreamPostprocessor writes after its settings.
struct FinishedAndState {
  bool finished = false;
  saved::StreamState state;

  template <class Archive>
  void visit(Archive& archive) {
    archive.field(finished);
    archive.field(state);
  }
};

template <class Archive>
void visit_shape(Archive& archive, StreamShape& shape) {
  saved::visit_stream_settings(archive, shape.config, shape.num_classes, shape.snippet_seconds);
}

/// First snippet whose value a ring of `size` certainly holds: a turn that was not committed may
/// have overwritten earlier ones.
std::int64_t oldest_kept(const SlotImage& image, std::int64_t size) {
  const SlotState& slot = *image.settings().state.slots;
  return std::max(slot.first, slot.next - (size - image.shape().max_rows));
}

// Converts an image to the state of the CPU.
class Writing {
 public:
  explicit Writing(const SlotImage& image)
      : image_(image), settings_(image.settings()), slot_(*settings_.state.slots) {}

  FinishedAndState run() {
    written_.finished = slot_.finished != 0;
    state_.section.first = slot_.first;
    state_.next = slot_.next;
    state_.classes.resize(static_cast<std::size_t>(settings_.num_classes()));
    state_.base = written_.finished ? slot_.next : oldest_kept(image_, longest_ring());
    state_.trim_at = std::max(saved::StreamState::kFirstTrim, 2 * (state_.next - state_.base));
    if (written_.finished || slot_.next == slot_.first) return std::move(written_);
    if (settings_.keeps_raw()) write_raw();
    for (std::int64_t label = 0; label < settings_.num_classes(); ++label) write_class(label);
    return std::move(written_);
  }

 private:
  std::int64_t longest_ring() const { return std::max(settings_.y_ring, settings_.raw_ring); }

  void write_raw() {
    const std::int64_t columns = settings_.num_classes() + 1;
    const RingPlace place = ring_up_to(slot_.next - 1, settings_.raw_ring);
    for (std::int64_t t = state_.base; t < slot_.next; ++t) {
      const float* row = settings_.state.raw + place(t) * columns;
      state_.raw.insert(state_.raw.end(), row, row + columns);
    }
  }

  void write_class(std::int64_t label) {
    saved::ClassState& one = state_.classes[static_cast<std::size_t>(label)];
    const RowState& row = settings_.state.rows[label];
    one.scanner = row.scanner;
    const RingPlace place = ring_up_to(slot_.next - 1, settings_.y_ring);
    const std::int64_t oldest = oldest_kept(image_, settings_.y_ring);
    for (std::int64_t t = state_.base; t < slot_.next; ++t) {
      // Raw rows go further back than any root; activations of these snippets are never read.
      const double* y = settings_.state.y + label;
      one.y.push_back(t < oldest ? 0.0 : y[place(t) * settings_.num_classes()]);
    }
    if (settings_.slides()) write_window(label, one);
    const Interval* waiting = settings_.state.waiting + label * settings_.max_waiting;
    for (std::int64_t i = 0; i < row.num_waiting; ++i) write_root(label, waiting[i], one);
  }

  void write_window(std::int64_t label, saved::ClassState& one) const {
    const std::int64_t begin = std::max(slot_.first, slot_.next - settings_.horizon);
    one.window = SlidingRange(settings_.horizon, begin - slot_.first);
    const RingPlace place = ring_up_to(slot_.next - 1, settings_.x_ring);
    for (std::int64_t t = begin; t < slot_.next; ++t) {
      one.window.push(settings_.state.x[place(t) * settings_.num_classes() + label]);
    }
  }

  // On the CPU, a root waits only if the gate accepted it.
  void write_root(std::int64_t label, const Interval& root, saved::ClassState& one) const {
    double score = 0.0;
    if (settings_.keeps_raw()) score = score_of(label, root);
    if (score < 0.0) return;
    const double weight = settings_.keeps_raw() ? image_.shape().config.score_weight : 0.0;
    one.waiting.push_back(
        {root, weight * score, advance(root.end, lookahead(root, settings_.limits))});
  }

  double score_of(std::int64_t label, const Interval& root) const {
    const std::int64_t columns = settings_.num_classes() + 1;
    const std::int64_t last = last_snippet(root.end, Section{slot_.first});
    const std::int64_t begin = std::max(slot_.first, last - settings_.horizon + 1);
    const RingPlace place = ring_up_to(slot_.next - 1, settings_.raw_ring);
    std::vector<char> slab(static_cast<std::size_t>(columns * (12 + 4 * (last - begin + 1)) + 32));
    Arena arena(slab.data(), static_cast<std::int64_t>(slab.size()), Pool{});
    return horizon_score(
        SerialTeam(), arena,
        [&](std::int64_t t, std::int64_t c) { return settings_.state.raw[place(t) * columns + c]; },
        begin, last, label, settings_.common);
  }

  const SlotImage& image_;
  const SlotSettings& settings_;
  const SlotState& slot_;
  FinishedAndState written_;
  saved::StreamState& state_ = written_.state;
};

// Fills an image from a saved state.
class Reading {
 public:
  Reading(const FinishedAndState& saved, SlotImage& image)
      : finished_(saved.finished),
        saved_(saved.state),
        settings_(image.settings()),
        max_rows_(image.shape().max_rows) {}

  void run() {
    const StreamSlots& state = settings_.state;
    *state.slots = {saved_.next, saved_.section.first, finished_ ? 1 : 0};
    if (finished_ || saved_.next == saved_.section.first) return;
    if (settings_.keeps_raw()) read_raw();
    for (std::int64_t label = 0; label < settings_.num_classes(); ++label) read_class(label);
  }

 private:
  /// First snippet that fits into a ring.
  std::int64_t from(std::int64_t ring) const { return std::max(saved_.base, saved_.next - ring); }

  void read_raw() {
    const std::int64_t columns = settings_.num_classes() + 1;
    for (std::int64_t t = from(settings_.raw_ring); t < saved_.next; ++t) {
      const float* row = saved_.raw.data() + (t - saved_.base) * columns;
      std::copy_n(row, columns, settings_.state.raw + t % settings_.raw_ring * columns);
    }
  }

  void read_class(std::int64_t label) {
    const saved::ClassState& one = saved_.classes[static_cast<std::size_t>(label)];
    RowState& row = settings_.state.rows[label];
    row.scanner = IntervalScanner(settings_.common.thresholds[0], settings_.limits.merge_gap,
                                  settings_.limits.max_duration);
    copy_state(one.scanner, row.scanner);
    for (std::int64_t t = from(settings_.y_ring); t < saved_.next; ++t) {
      settings_.state.y[t % settings_.y_ring * settings_.num_classes() + label] =
          one.y[static_cast<std::size_t>(t - saved_.base)];
    }
    if (settings_.slides()) read_window(label, one, row);
    row.num_waiting = static_cast<std::int64_t>(one.waiting.size());
    if (row.num_waiting > settings_.max_waiting) archive::refuse_content();
    Interval* waiting = settings_.state.waiting + label * settings_.max_waiting;
    for (const saved::WaitingRoot& root : one.waiting) *waiting++ = root.root;
    check_reach(label, row);
  }

  // All but the settings, which the constructor gives.
  static void copy_state(const IntervalScanner& from, IntervalScanner& to) {
    archive::Writer writer;
    IntervalScanner copy = from;
    writer.field(copy);
    const std::string bytes = writer.take();
    archive::Reader reader(bytes);
    reader.field(to);
  }

  // The state has only values that may still become an extreme. All others lie between the two
  // extremes, so any such value can replace them: the latest.
  void read_window(std::int64_t label, const saved::ClassState& one, RowState& row) {
    const auto& least = one.window.least();
    const auto& largest = one.window.largest();
    if (least.empty() || largest.empty()) archive::refuse_content();
    if (one.window.count() != saved_.next - saved_.section.first) archive::refuse_content();
    const std::int64_t first = saved_.section.first;
    const std::int64_t begin = std::max(first, saved_.next - settings_.horizon);
    float* x = settings_.state.x + label;
    const std::int64_t classes = settings_.num_classes();
    const auto put = [&](std::int64_t t, float value) {
      if (t < begin || t >= saved_.next) archive::refuse_content();
      x[t % settings_.x_ring * classes] = value;
    };
    for (std::int64_t t = begin; t < saved_.next; ++t) put(t, least.back().value);
    for (const formulas::Extreme& extreme : least) put(first + extreme.when, extreme.value);
    for (const formulas::Extreme& extreme : largest) put(first + extreme.when, extreme.value);
    row.least = least.front().value;
    row.least_at = first + least.front().when;
    row.largest = largest.front().value;
    row.largest_at = first + largest.front().when;
  }

  // A root that would read snippets older than the ring can only be forged.
  void check_reach(std::int64_t label, const RowState& row) const {
    std::int64_t first = saved_.next - 1;
    if (row.scanner.is_open()) first = row.scanner.open_start().index;
    const Interval* waiting = settings_.state.waiting + label * settings_.max_waiting;
    for (std::int64_t i = 0; i < row.num_waiting; ++i) {
      first = std::min(first, waiting[i].start.index);
    }
    first -= static_cast<std::int64_t>(std::ceil(longest_lookbehind(settings_.limits))) + 2;
    if (std::max(first, saved_.section.first) < saved_.next - (settings_.y_ring - max_rows_)) {
      archive::refuse_content();
    }
  }

  bool finished_;
  const saved::StreamState& saved_;
  const SlotSettings& settings_;
  std::int64_t max_rows_;
};

}  // namespace

SlotImage::SlotImage(const StreamPlan& all)
    : plan_([&all] {
        StreamShape one = all.shape();
        one.num_slots = 1;
        return StreamPlan(one);
      }()) {
  std::int64_t bytes = 0;
  plan_.divide_slots(nullptr, &bytes);
  memory_.resize(static_cast<std::size_t>(bytes));
  constants_ = plan_.constants();
  settings_ = plan_.settings(constants_.data(), plan_.divide_slots(memory_.data(), &bytes));
}

std::string saved_bytes(const SlotImage& image) {
  archive::Writer writer;
  StreamShape shape = image.shape();
  visit_shape(writer, shape);
  FinishedAndState saved = Writing(image).run();
  writer.field(saved);
  return archive::seal(saved::kStreamKind, saved::kStreamVersion, writer.take());
}

void read_saved(std::string_view bytes, SlotImage& image) {
  // The CPU's reader checks the bytes; afterwards their parts fit together.
  const StreamPostprocessor judged = StreamPostprocessor::load(bytes);
  const StreamShape& shape = image.shape();
  if (!judged.same_settings({shape.config, shape.num_classes, shape.snippet_seconds})) {
    throw Error(ErrorCode::kInvalidArgument,
                "saved state has another config, number of classes or snippet length");
  }
  archive::Reader reader(archive::unseal(saved::kStreamKind, saved::kStreamVersion, bytes));
  StreamShape found;
  visit_shape(reader, found);
  FinishedAndState saved;
  saved.state.classes.resize(static_cast<std::size_t>(shape.num_classes));
  reader.field(saved);
  Reading(saved, image).run();
}

}  // namespace basnet_rt::cuda
