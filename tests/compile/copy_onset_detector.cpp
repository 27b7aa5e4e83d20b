// As for streams: a copy would report the same onset again.
#include <utility>

#include "basnet_rt/onset.h"

basnet_rt::OnsetDetector take(basnet_rt::OnsetDetector& detector) {
  return std::move(detector);  // good
  return detector;             // bad: use of deleted function
}
