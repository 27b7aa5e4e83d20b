// A setting that is a choice takes no number.
#include "basnet_rt/config.h"

void set(basnet_rt::PostprocessConfig& config) {
  config.nms = basnet_rt::NmsKind::kGaussian;  // good
  config.nms = 2;                              // bad: cannot convert
}
