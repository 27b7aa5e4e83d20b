#pragma once

// The queue of one stream of a pool: rows that the network has not processed yet.

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "basnet_rt/stream_pool.h"
#include "saved/archive.h"

namespace basnet_rt::cpu {

/// A gap or the end of a stream: the network's state ends here.
struct QueuedMark {
  std::int64_t gap = 0;  // snippets missing; 0: the end of the stream
  std::optional<double> duration;
};

/// Snippets and marks in the order of the stream. Not synchronised.
class StreamQueue {
 public:
  explicit StreamQueue(std::int64_t feature_dim) : feature_dim_(feature_dim) {}

  void push_rows(const FeatureView& features, double now);
  /// Merges consecutive gaps into one.
  void push_mark(const QueuedMark& mark, double now);

  bool empty() const { return items_.empty(); }
  /// Whether the stream's end is queued.
  bool has_end() const { return !items_.empty() && items_.back().is_end(); }
  /// The duration given with the queued end; absent without one.
  std::optional<double> end_duration() const {
    return has_end() ? items_.back().mark.duration : std::nullopt;
  }
  std::int64_t num_rows() const { return num_rows_; }
  /// Missing snippets in queued gaps.
  std::int64_t num_missing() const;
  /// Snippets before the next mark.
  std::int64_t leading_rows() const { return leading_rows_; }
  bool at_mark() const { return !items_.empty() && leading_rows_ == 0; }
  /// The front's time of arrival; the queue must not be empty.
  double oldest() const { return items_.front().arrived; }

  /// Moves the next `count` <= leading_rows() snippets to `out`.
  void take_rows(std::int64_t count, std::vector<float>& out);
  QueuedMark take_mark();
  void clear();

  /// Writes or reads the queue without arrival times; after reading, all of it arrived at `now`.
  void write(archive::Writer& writer) const;
  void read(archive::Reader& reader, double now);

 private:
  struct Item {
    std::vector<float> rows;  // (count, F); empty: a mark
    std::int64_t count = 0;
    std::int64_t taken = 0;
    QueuedMark mark;
    double arrived = 0.0;

    bool is_end() const { return count == 0 && mark.gap == 0; }
  };

  bool has_mark() const { return num_marks_ > 0; }

  std::int64_t feature_dim_;
  std::deque<Item> items_;
  std::int64_t num_rows_ = 0;
  std::int64_t leading_rows_ = 0;
  std::int64_t num_marks_ = 0;
};

}  // namespace basnet_rt::cpu
