#pragma once

// Mode published: one row (a video's class) per team. Runs of samples, scores, NMS.
//
//   y        o------o------o       T snippets, T - 1 cells between them; lane per cell
//   samples  .......|......|..     upsample per cell, never made: a cell's first and last value
//                                  and its sum say all (formulas/sampled_cell.h)
//
//   phase                       work                  steps of the longest lane
//   y, cells                    lane per snippet      T / 32
//   sums before each cell       one lane              T: the CPU's order, the CPU's bits
//   count, then fill runs       lane per threshold    T, twice
//   scores                      lane per run          runs / 32, and the runs in its flanks
//   NMS, emit                   select.h, emit.h

#include <cstdint>

#include "cuda/device/memory.h"
#include "cuda/passes/batch.h"
#include "cuda/passes/emit.h"
#include "cuda/passes/select.h"
#include "formulas/normalisation.h"
#include "formulas/released_slips.h"
#include "formulas/sampled_cell.h"

namespace basnet_rt::cuda {

/// One row as samples; the team owns the arrays.
struct SampledView {
  std::int64_t num_snippets = 0;
  std::int64_t upsample = 1;
  const float* y = nullptr;        ///< (T,) normalised
  double* first_values = nullptr;  ///< (cells,) at each cell's first sample
  double* last_values = nullptr;   ///< (cells,)
  double* sums_before = nullptr;   ///< (cells,) of the samples in cells before

  BASNET_RT_HOST_DEVICE std::int64_t num_samples() const { return num_snippets * upsample; }
  BASNET_RT_HOST_DEVICE SampledCell cell(std::int64_t i) const {
    return make_cell(y, num_snippets, i, upsample);
  }
  BASNET_RT_HOST_DEVICE double sum_between(std::int64_t begin, std::int64_t end) const {
    return sum_of_samples(
        begin, end, num_snippets, upsample, [this](std::int64_t i) { return cell(i); },
        [this](std::int64_t i) { return sums_before[i]; });
  }

  /// Runs of one threshold; `sink(first, end)` each.
  template <class Sink>
  BASNET_RT_HOST_DEVICE void find_runs(double threshold, Sink&& sink) const {
    bool active = false;
    std::int64_t start = 0;
    const auto flip = [&](std::int64_t at) {
      if (active) sink(start, at);
      active = !active;
      start = at;
    };
    for (std::int64_t i = 0; i < num_cells(num_snippets); ++i) {
      if (formulas::is_active(first_values[i], threshold) != active) flip(cell(i).begin);
      if (formulas::is_active(last_values[i], threshold) != active) {
        flip(cell(i).border(threshold, upsample));
      }
    }
    if (active) flip(num_samples());
  }
};

/// Body of the kernel: item i is row i of the batch.
struct SolveRows {
  BatchSettings settings;
  BatchInput input;
  BatchWork work;

  template <class Team>
  BASNET_RT_HOST_DEVICE void operator()(const Team& team, Arena& arena, std::int64_t item) const {
    if (work.outcome->bad_value != kFine) return;  // never compute an index from a NaN
    const Row row = row_at(item, settings);
    const float* scores = input.video_scores + row.video * settings.num_classes;
    if (!released::is_predicted(scores, settings.num_classes, row.label,
                                settings.class_threshold)) {
      return;
    }
    SampledView view;
    if (!build(team, arena, row, item, view)) return;
    Candidates all;
    if (!propose(team, arena, row, view, all)) return;
    if (settings.nms == NmsKind::kHard) {
      select_hard(team, all, Overlap{true}, settings.nms_iou);
    } else {
      select_soft(team, all, Overlap{true}, settings);
    }
    emit(team, all, row, settings, work);
  }

 private:
  template <class Team>
  BASNET_RT_HOST_DEVICE bool build(const Team& team, Arena& arena, Row row, std::int64_t item,
                                   SampledView& view) const {
    const VideoPlan& plan = settings.videos[row.video];
    const std::int64_t count = plan.num_snippets;
    const std::int64_t cells = num_cells(count);
    float* y = arena.take<float>(team, count);
    view = {count,
            settings.upsample,
            y,
            arena.take<double>(team, cells),
            arena.take<double>(team, cells),
            arena.take<double>(team, cells)};
    if (y == nullptr || view.first_values == nullptr || view.last_values == nullptr ||
        view.sums_before == nullptr) {
      return false;
    }
    const float* x = input.cas + plan.first_row * input.row_stride + row.label;
    team.for_each(count, [&](std::int64_t t) {
      y[t] = formulas::normalise_published(x[t * input.row_stride], work.least[item],
                                           work.largest[item]);
    });
    team.for_each(cells, [&](std::int64_t i) {
      const SampledCell cell = view.cell(i);
      view.first_values[i] = cell.first_value;
      view.last_values[i] = cell.last_value;
      view.sums_before[i] = cell.counts() ? cell.sum(cell.begin, cell.end, settings.upsample) : 0.0;
    });
    team.for_each(1, [&](std::int64_t) {  // one after the other: the CPU's order, the CPU's bits
      double sum = 0.0;
      for (std::int64_t i = 0; i < cells; ++i) {
        const double own = view.sums_before[i];
        view.sums_before[i] = sum;
        sum += own;
      }
    });
    return true;
  }

  template <class Team>
  BASNET_RT_HOST_DEVICE bool propose(const Team& team, Arena& arena, Row row,
                                     const SampledView& view, Candidates& all) const {
    const std::int64_t levels = settings.num_thresholds;
    std::int64_t* begins = arena.take<std::int64_t>(team, levels + 1);
    if (begins == nullptr) return false;
    count_runs(team, view, begins);
    const std::int64_t count = begins[levels];
    Run* runs = arena.take<Run>(team, count);
    all.segments = arena.take<Segment>(team, count);
    all.scores = arena.take<double>(team, count);
    all.verdicts = arena.take<Verdict>(team, count);
    all.next = arena.take<Verdict>(team, count);
    if (runs == nullptr || all.segments == nullptr || all.scores == nullptr ||
        all.verdicts == nullptr || all.next == nullptr) {
      return false;
    }
    all.num_levels = levels;
    all.level_begins = begins;
    all.count = count;
    team.for_each(levels, [&](std::int64_t level) {
      Run* at = runs + begins[level];
      if (begins[level] == begins[level + 1]) return;
      view.find_runs(settings.thresholds[level], [&](std::int64_t first, std::int64_t end) {
        *at++ = {first, end - 1, view.sum_between(first, end)};
      });
    });
    team.for_each(count, [&](std::int64_t i) { score(row, view, runs, all, i); });
    return true;
  }

  template <class Team>
  BASNET_RT_HOST_DEVICE void count_runs(const Team& team, const SampledView& view,
                                        std::int64_t* begins) const {
    team.for_each(settings.num_thresholds, [&](std::int64_t level) {
      std::int64_t count = 0;
      std::int64_t last_end = 0;
      view.find_runs(settings.thresholds[level], [&](std::int64_t, std::int64_t end) {
        ++count;
        last_end = end;
      });
      begins[level + 1] = released::looks_empty(count, last_end) ? 0 : count;
    });
    team.for_each(1, [&](std::int64_t) {
      begins[0] = 0;
      for (std::int64_t level = 0; level < settings.num_thresholds; ++level) {
        begins[level + 1] += begins[level];
      }
    });
  }

  BASNET_RT_HOST_DEVICE void score(Row row, const SampledView& view, const Run* runs,
                                   const Candidates& all, std::int64_t i) const {
    const RootLimits& limits = settings.videos[row.video].limits;
    const std::int64_t level = all.level_of(i);
    const std::int64_t begin = all.level_begins[level];
    const Run& run = runs[i];
    const double outer = outer_mean(view, runs + begin, all.level_begins[level + 1] - begin,
                                    i - begin, limits.outer_ratio);
    all.scores[i] = released::run_score(run, outer, settings.score_weight);
    all.segments[i] = released::run_segment(run, limits.snippet_seconds, settings.upsample);
  }
};

}  // namespace basnet_rt::cuda
