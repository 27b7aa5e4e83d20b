#include "pool/queue.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "formulas/video_section.h"

namespace basnet_rt::cpu {

void StreamQueue::push_rows(const FeatureView& features, double now) {
  Item item;
  item.rows.assign(features.data, features.data + features.num_snippets * feature_dim_);
  item.count = features.num_snippets;
  item.arrived = now;
  items_.push_back(std::move(item));
  num_rows_ += features.num_snippets;
  if (!has_mark()) leading_rows_ += features.num_snippets;
}

void StreamQueue::push_mark(const QueuedMark& mark, double now) {
  if (!items_.empty() && items_.back().count == 0 && mark.gap > 0) {
    items_.back().mark.gap += mark.gap;
    return;
  }
  Item item;
  item.mark = mark;
  item.arrived = now;
  items_.push_back(std::move(item));
  ++num_marks_;
}

std::int64_t StreamQueue::num_missing() const {
  std::int64_t missing = 0;
  for (const Item& item : items_) missing += item.mark.gap;
  return missing;
}

void StreamQueue::take_rows(std::int64_t count, std::vector<float>& out) {
  num_rows_ -= count;
  leading_rows_ -= count;
  while (count > 0) {
    Item& front = items_.front();
    const std::int64_t part = std::min(count, front.count - front.taken);
    const auto begin = front.rows.begin() + front.taken * feature_dim_;
    out.insert(out.end(), begin, begin + part * feature_dim_);
    front.taken += part;
    count -= part;
    if (front.taken == front.count) items_.pop_front();
  }
}

QueuedMark StreamQueue::take_mark() {
  const QueuedMark mark = items_.front().mark;
  items_.pop_front();
  --num_marks_;
  for (const Item& item : items_) {
    if (item.count == 0) break;
    leading_rows_ += item.count;
  }
  return mark;
}

void StreamQueue::clear() {
  items_.clear();
  num_rows_ = leading_rows_ = num_marks_ = 0;
}

void StreamQueue::write(archive::Writer& writer) const {
  auto size = static_cast<std::uint64_t>(items_.size());
  writer.field(size);
  for (const Item& item : items_) {
    std::vector<float> rows(item.rows.begin() + item.taken * feature_dim_, item.rows.end());
    QueuedMark mark = item.mark;
    writer.block(rows);
    writer.field(mark.gap);
    archive::optional(writer, mark.duration);
  }
}

void StreamQueue::read(archive::Reader& reader, double now) {
  const std::uint64_t size = reader.count();
  std::int64_t missing = 0;
  for (std::uint64_t i = 0; i < size; ++i) {
    std::vector<float> rows;
    QueuedMark mark;
    reader.block(rows);
    reader.field(mark.gap);
    archive::optional(reader, mark.duration);
    const auto count = static_cast<std::int64_t>(rows.size()) / feature_dim_;
    if (count * feature_dim_ != static_cast<std::int64_t>(rows.size())) {
      throw Error(ErrorCode::kInvalidState, "saved state has half a snippet queued");
    }
    const bool finite =
        std::all_of(rows.begin(), rows.end(), [](float value) { return std::isfinite(value); });
    const bool lasts = !mark.duration || (std::isfinite(*mark.duration) && *mark.duration > 0.0);
    const bool marks = mark.gap >= 0 && mark.gap <= kMostSnippets - missing;
    const bool plain = mark.gap == 0 && !mark.duration;  // as beside rows
    if (!finite || !lasts || !marks || (count > 0 && !plain) || has_end()) {
      throw Error(ErrorCode::kInvalidState, "saved state has something impossible queued");
    }
    missing += mark.gap;
    if (count == 0) {
      push_mark(mark, now);
    } else {
      push_rows({rows.data(), count, feature_dim_}, now);
    }
  }
}

}  // namespace basnet_rt::cpu
