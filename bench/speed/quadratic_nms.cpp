// The rival of bench/speed/nms.py: plain loops, written here, that do as much work as
// ActionFormer's extension. Hard: every kept interval against every later one that is not dropped,
// visited through the order of scores. Soft: the best is looked for among all, then all decay; what
// falls too low is replaced by the last. In float64, so that both sides can be asked for the same
// answer.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

namespace {

double iou(const double* a, const double* b) {
  const double inter = std::min(a[1], b[1]) - std::max(a[0], b[0]);
  if (!(inter > 0.0)) return 0.0;
  return inter / ((a[1] - a[0]) + (b[1] - b[0]) - inter);
}

}  // namespace

extern "C" {

// `kept` has room for `size` indices; returns how many are written, best first.
std::int64_t hard(const double* segments, const double* scores, std::int64_t size, double threshold,
                  std::int64_t* kept) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(size));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [scores](std::int64_t a, std::int64_t b) { return scores[a] > scores[b]; });
  std::vector<char> dropped(order.size());
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < size; ++i) {
    if (dropped[i]) continue;
    const double* taken = &segments[2 * order[i]];
    kept[count++] = order[i];
    for (std::int64_t j = i + 1; j < size; ++j) {
      if (!dropped[j] && iou(taken, &segments[2 * order[j]]) >= threshold) dropped[j] = 1;
    }
  }
  return count;
}

// As `hard`; `decayed` receives the scores. Gaussian where `threshold` is 0, else linear.
std::int64_t soft(const double* segments, const double* scores, std::int64_t size, double threshold,
                  double sigma, double min_score, std::int64_t* kept, double* decayed) {
  struct Row {
    double segment[2];
    double score;
    std::int64_t index;
  };
  std::vector<Row> rows;
  for (std::int64_t i = 0; i < size; ++i) {
    rows.push_back({{segments[2 * i], segments[2 * i + 1]}, scores[i], i});
  }
  std::int64_t count = 0;
  while (!rows.empty()) {
    const auto best = std::max_element(
        rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.score < b.score; });
    const Row taken = *best;
    if (taken.score < min_score) break;
    *best = rows.back();
    rows.pop_back();
    kept[count] = taken.index;
    decayed[count++] = taken.score;
    for (std::size_t j = 0; j < rows.size();) {
      const double overlap = iou(taken.segment, rows[j].segment);
      if (threshold > 0.0) {
        if (overlap >= threshold) rows[j].score *= 1.0 - overlap;
      } else {
        rows[j].score *= std::exp(-(overlap * overlap) / sigma);
      }
      if (rows[j].score < min_score) {
        rows[j] = rows.back();
        rows.pop_back();
      } else {
        ++j;
      }
    }
  }
  return count;
}

}  // extern "C"
