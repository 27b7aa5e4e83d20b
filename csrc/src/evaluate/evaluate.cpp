#include "basnet_rt/evaluate.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "evaluate/average_precision.h"
#include "formulas/formulas.h"
#include "parallel.h"
#include "settings/validate.h"

namespace basnet_rt {
namespace {

// "v_abc, detection 3": the entry's index within its video, as in a results file.
std::string name_of(const EvaluationInput& input, const LabelledSegments& rows, std::int64_t at,
                    const char* what) {
  const std::int64_t video = rows.videos[at];
  const auto entry = std::count(rows.videos, rows.videos + at, video);
  const bool named = video >= 0 && static_cast<std::size_t>(video) < input.video_names.size();
  return "video " +
         (named ? "'" + input.video_names[static_cast<std::size_t>(video)] + "'"
                : std::to_string(video)) +
         ", " + what + " " + std::to_string(entry);
}

void check_rows(const EvaluationInput& input, const LabelledSegments& rows, const char* what) {
  for (std::int64_t i = 0; i < rows.size; ++i) {
    const Segment segment = rows.segments[i];
    if (!std::isfinite(segment.start) || !std::isfinite(segment.end) ||
        segment.end < segment.start) {
      fail(name_of(input, rows, i, what) + ": the segment is [" + to_text(segment.start) + ", " +
           to_text(segment.end) + "]; it must be finite with end >= start");
    }
    if (rows.labels[i] < 0 || rows.labels[i] >= input.num_labels) {
      fail(name_of(input, rows, i, what) + ": the label is " + std::to_string(rows.labels[i]) +
           "; it must be in [0, " + std::to_string(input.num_labels) + ")");
    }
  }
}

void check_scores(const EvaluationInput& input) {
  for (std::int64_t i = 0; i < input.detections.size; ++i) {
    if (!std::isfinite(input.scores[i])) {
      fail(name_of(input, input.detections, i, "detection") + ": the score is " +
           to_text(input.scores[i]) + "; it must be finite");
    }
  }
}

void check_thresholds(const std::vector<double>& thresholds) {
  if (thresholds.empty()) fail("tiou_thresholds is empty; it must hold at least one");
  for (const double threshold : thresholds) {
    if (!(threshold > 0.0 && threshold <= 1.0)) {
      fail("tiou_thresholds holds " + to_text(threshold) + "; each must be in (0, 1]");
    }
  }
}

// Indices of the rows of each label, in input order.
std::vector<std::vector<std::int64_t>> rows_by_label(const LabelledSegments& rows,
                                                     std::int64_t num_labels) {
  std::vector<std::vector<std::int64_t>> groups(static_cast<std::size_t>(num_labels));
  for (std::int64_t i = 0; i < rows.size; ++i) {
    groups[static_cast<std::size_t>(rows.labels[i])].push_back(i);
  }
  return groups;
}

std::vector<cpu::Truth> truths_of(const LabelledSegments& rows,
                                  const std::vector<std::int64_t>& indices) {
  std::vector<cpu::Truth> truths;
  truths.reserve(indices.size());
  for (const std::int64_t i : indices) truths.push_back({rows.videos[i], rows.segments[i]});
  return truths;
}

std::vector<cpu::ClassDetection> candidates_of(const EvaluationInput& input,
                                               const std::vector<std::int64_t>& indices) {
  const LabelledSegments& rows = input.detections;
  std::vector<cpu::ClassDetection> candidates;
  candidates.reserve(indices.size());
  for (const std::int64_t i : indices) {
    candidates.push_back({input.scores[i], i, rows.videos[i], rows.segments[i]});
  }
  return candidates;
}

// NaN stands for a label without ground truth; it does not count.
void average(Evaluation& result, std::size_t num_thresholds) {
  result.mean_ap.assign(num_thresholds, 0.0);
  double counted = 0.0;
  for (std::size_t row = 0; row < result.ap.size(); row += num_thresholds) {
    if (std::isnan(result.ap[row])) continue;
    counted += 1.0;
    for (std::size_t k = 0; k < num_thresholds; ++k) result.mean_ap[k] += result.ap[row + k];
  }
  for (double& value : result.mean_ap) {
    value /= counted;
    result.average_mean_ap += value;
  }
  result.average_mean_ap /= static_cast<double>(num_thresholds);
}

}  // namespace

Evaluation evaluate(const EvaluationInput& input, const std::vector<double>& tiou_thresholds,
                    int num_threads) {
  check_thresholds(tiou_thresholds);
  check_num_threads(num_threads);
  if (input.truths.size == 0) fail("there is no ground truth; at least one segment is needed");
  check_rows(input, input.truths, "annotation");
  check_rows(input, input.detections, "detection");
  check_scores(input);
  const auto truths = rows_by_label(input.truths, input.num_labels);
  const auto detections = rows_by_label(input.detections, input.num_labels);
  const std::size_t num_thresholds = tiou_thresholds.size();
  Evaluation result;
  result.ap.assign(truths.size() * num_thresholds, std::numeric_limits<double>::quiet_NaN());
  cpu::parallel_for(truths.size(), num_threads, [&](std::size_t label) {
    if (truths[label].empty()) return;
    const std::vector<double> ap =
        cpu::average_precision(truths_of(input.truths, truths[label]),
                               candidates_of(input, detections[label]), tiou_thresholds);
    std::copy(ap.begin(), ap.end(),
              result.ap.begin() + static_cast<std::ptrdiff_t>(label * num_thresholds));
  });
  average(result, num_thresholds);
  return result;
}

}  // namespace basnet_rt
