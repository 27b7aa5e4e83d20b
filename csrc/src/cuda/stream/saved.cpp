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
#include "formulas/section.h"
#include "saved/archive.h"
#include "saved/config_archive.h"
#include "settings/validate.h"

// The fields and their order are those of StreamPostprocessor; tests hold the two together.

namespace basnet_rt::cuda {
namespace {

constexpr std::string_view kStateKind = "BRTS";
constexpr std::uint32_t kStateVersion = 1;
constexpr std::int64_t kFirstTrim = 256;  // of StreamMachine's own buffer

struct SavedRoot {
  Interval root;
  double video_term = 0.0;
  Position ready;

  template <class Archive>
  void visit(Archive& archive) {
    archive.field(root);
    archive.field(video_term);
    archive.field(ready);
  }
};

struct SavedExtreme {
  std::int64_t when = 0;  // since the section's first
  float value = 0.0f;

  template <class Archive>
  void visit(Archive& archive) {
    archive.field(when);
    archive.field(value);
  }
};

struct SavedClass {
  IntervalScanner scanner{0.0, 0.0, 0.0};
  std::int64_t count = 0;             // normalisation kHorizon: values since the section's first
  std::vector<SavedExtreme> rising;   // of these, what may still become the least
  std::vector<SavedExtreme> falling;  // and the largest
  std::vector<double> y;
  std::vector<SavedRoot> waiting;

  template <class Archive>
  void visit(Archive& archive) {
    archive.field(scanner);
    archive.field(count);
    archive.sequence(rising);
    archive.sequence(falling);
    archive.sequence(y);
    archive.sequence(waiting);
  }
};

struct SavedStream {
  bool finished = false;
  Section section;
  std::int64_t next = 0;
  std::int64_t base = 0;  // first snippet kept
  std::int64_t trim_at = kFirstTrim;
  std::vector<float> raw;
  std::vector<SavedClass> classes;

  template <class Archive>
  void visit(Archive& archive) {
    archive.field(finished);
    archive.field(section);
    archive.field(next);
    archive.field(base);
    archive.field(trim_at);
    archive.sequence(raw);
    for (SavedClass& one : classes) archive.field(one);
  }
};

template <class Archive>
void visit_shape(Archive& archive, StreamShape& shape) {
  visit_config(archive, shape.config);
  archive.field(shape.num_classes);
  archive.field(shape.snippet_seconds);
}

/// First snippet of which a ring of `size` surely holds the value: a turn that was not committed
/// may have written over those before.
std::int64_t oldest_kept(const SlotImage& image, std::int64_t size) {
  const SlotState& slot = *image.settings().state.slots;
  return std::max(slot.first, slot.next - (size - image.shape().max_rows));
}

// What an image says, in the CPU's words.
class Writing {
 public:
  explicit Writing(const SlotImage& image)
      : image_(image), settings_(image.settings()), slot_(*settings_.state.slots) {}

  SavedStream run() {
    saved_.finished = slot_.finished != 0;
    saved_.section.first = slot_.first;
    saved_.next = slot_.next;
    saved_.classes.resize(static_cast<std::size_t>(settings_.num_classes()));
    saved_.base = saved_.finished ? slot_.next : oldest_kept(image_, longest_ring());
    saved_.trim_at = std::max(kFirstTrim, 2 * (saved_.next - saved_.base));
    if (saved_.finished || slot_.next == slot_.first) return std::move(saved_);
    if (settings_.keeps_raw()) write_raw();
    for (std::int64_t label = 0; label < settings_.num_classes(); ++label) write_class(label);
    return std::move(saved_);
  }

 private:
  std::int64_t longest_ring() const { return std::max(settings_.y_ring, settings_.raw_ring); }

  void write_raw() {
    const std::int64_t columns = settings_.num_classes() + 1;
    const RingPlace place = ring_up_to(slot_.next - 1, settings_.raw_ring);
    for (std::int64_t t = saved_.base; t < slot_.next; ++t) {
      const float* row = settings_.state.raw + place(t) * columns;
      saved_.raw.insert(saved_.raw.end(), row, row + columns);
    }
  }

  void write_class(std::int64_t label) {
    SavedClass& one = saved_.classes[static_cast<std::size_t>(label)];
    const RowState& row = settings_.state.rows[label];
    one.scanner = row.scanner;
    const RingPlace place = ring_up_to(slot_.next - 1, settings_.y_ring);
    const std::int64_t oldest = oldest_kept(image_, settings_.y_ring);
    for (std::int64_t t = saved_.base; t < slot_.next; ++t) {
      // Raw rows reach back further than any root; the activations that far are never read.
      const double* y = settings_.state.y + label;
      one.y.push_back(t < oldest ? 0.0 : y[place(t) * settings_.num_classes()]);
    }
    if (settings_.slides()) write_window(label, one);
    const Interval* waiting = settings_.state.waiting + label * settings_.max_waiting;
    for (std::int64_t i = 0; i < row.num_waiting; ++i) write_root(label, waiting[i], one);
  }

  void write_window(std::int64_t label, SavedClass& one) const {
    one.count = slot_.next - slot_.first;
    const std::int64_t begin = std::max(slot_.first, slot_.next - settings_.horizon);
    const RingPlace place = ring_up_to(slot_.next - 1, settings_.x_ring);
    for (std::int64_t t = begin; t < slot_.next; ++t) {
      const float x = settings_.state.x[place(t) * settings_.num_classes() + label];
      while (!one.rising.empty() && one.rising.back().value >= x) one.rising.pop_back();
      while (!one.falling.empty() && one.falling.back().value <= x) one.falling.pop_back();
      one.rising.push_back({t - slot_.first, x});
      one.falling.push_back({t - slot_.first, x});
    }
  }

  // The CPU lets a root wait only if its gate did let it through.
  void write_root(std::int64_t label, const Interval& root, SavedClass& one) const {
    double score = 0.0;
    if (settings_.keeps_raw()) score = score_of(label, root);
    if (score < 0.0) return;
    const double weight = settings_.keeps_raw() ? image_.shape().config.score_weight : 0.0;
    one.waiting.push_back(
        {root, weight * score, advance(root.end, lookahead(root, settings_.limits))});
  }

  double score_of(std::int64_t label, const Interval& root) const {
    const std::int64_t columns = settings_.num_classes() + 1;
    const std::int64_t last = last_snippet(root, Section{slot_.first});
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
  const StreamSettings& settings_;
  const SlotState& slot_;
  SavedStream saved_;
};

// Puts what was saved into an image.
class Reading {
 public:
  Reading(const SavedStream& saved, SlotImage& image)
      : saved_(saved), settings_(image.settings()), max_rows_(image.shape().max_rows) {}

  void run() {
    const StreamSlots& state = settings_.state;
    *state.slots = {saved_.next, saved_.section.first, saved_.finished ? 1 : 0};
    if (saved_.finished || saved_.next == saved_.section.first) return;
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
    const SavedClass& one = saved_.classes[static_cast<std::size_t>(label)];
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
    for (const SavedRoot& root : one.waiting) *waiting++ = root.root;
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

  // Only what may become an extreme was saved: other values lie between the two, as the latest.
  void read_window(std::int64_t label, const SavedClass& one, RowState& row) {
    if (one.rising.empty() || one.falling.empty()) archive::refuse_content();
    if (one.count != saved_.next - saved_.section.first) archive::refuse_content();
    const std::int64_t first = saved_.section.first;
    const std::int64_t begin = std::max(first, saved_.next - settings_.horizon);
    float* x = settings_.state.x + label;
    const std::int64_t classes = settings_.num_classes();
    const auto put = [&](std::int64_t t, float value) {
      if (t < begin || t >= saved_.next) archive::refuse_content();
      x[t % settings_.x_ring * classes] = value;
    };
    for (std::int64_t t = begin; t < saved_.next; ++t) put(t, one.rising.back().value);
    for (const SavedExtreme& extreme : one.rising) put(first + extreme.when, extreme.value);
    for (const SavedExtreme& extreme : one.falling) put(first + extreme.when, extreme.value);
    row.least = one.rising.front().value;
    row.least_at = first + one.rising.front().when;
    row.largest = one.falling.front().value;
    row.largest_at = first + one.falling.front().when;
  }

  // A root that would read further back than the ring holds was made up.
  void check_reach(std::int64_t label, const RowState& row) const {
    std::int64_t first = saved_.next - 1;
    if (row.scanner.is_open()) first = row.scanner.open_start().index;
    const Interval* waiting = settings_.state.waiting + label * settings_.max_waiting;
    for (std::int64_t i = 0; i < row.num_waiting; ++i) {
      first = std::min(first, waiting[i].start.index);
    }
    const RootLimits& limits = settings_.limits;
    const double before = std::max(limits.outer_ratio * limits.max_duration, limits.merge_gap);
    first -= static_cast<std::int64_t>(std::ceil(before)) + 2;
    if (std::max(first, saved_.section.first) < saved_.next - (settings_.y_ring - max_rows_)) {
      archive::refuse_content();
    }
  }

  const SavedStream& saved_;
  const StreamSettings& settings_;
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
  SavedStream saved = Writing(image).run();
  writer.field(saved);
  return archive::seal(kStateKind, kStateVersion, writer.take());
}

void read_saved(std::string_view bytes, SlotImage& image) {
  // The CPU's own reader judges the bytes; after it, their parts fit together.
  const StreamPostprocessor judged = StreamPostprocessor::load(bytes);
  const StreamShape& shape = image.shape();
  if (!judged.same_settings({shape.config, shape.num_classes, shape.snippet_seconds})) {
    throw Error(ErrorCode::kInvalidArgument,
                "saved state has another config, number of classes or snippet length");
  }
  archive::Reader reader(archive::unseal(kStateKind, kStateVersion, bytes));
  StreamShape found;
  visit_shape(reader, found);
  SavedStream saved;
  saved.classes.resize(static_cast<std::size_t>(shape.num_classes));
  reader.field(saved);
  Reading(saved, image).run();
}

}  // namespace basnet_rt::cuda
