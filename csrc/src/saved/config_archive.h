#pragma once

// The settings of a saved state; kept apart from the public struct, which knows no archive.

#include "basnet_rt/config.h"

namespace basnet_rt {

template <class Archive>
void visit_config(Archive& archive, PostprocessConfig& config) {
  archive.field(config.mode);
  archive.field(config.class_threshold);
  archive.sequence(config.cas_thresholds);
  archive.field(config.upsample);
  archive.field(config.outer_ratio);
  archive.field(config.score_weight);
  archive.field(config.nms_iou);
  archive.field(config.nms);
  archive.field(config.soft_sigma);
  archive.field(config.soft_min_score);
  archive.field(config.normalisation);
  archive.sequence(config.fixed_lo);
  archive.sequence(config.fixed_hi);
  archive.field(config.gate);
  archive.field(config.horizon);
  archive.field(config.min_duration);
  archive.field(config.merge_gap);
  archive.field(config.max_duration);
  archive.field(config.max_lookahead);
  archive.field(config.keep_top1);
  archive.field(config.score_function);
  archive.field(config.topk_divisor);
}

}  // namespace basnet_rt
