// An onset is reported once.
#include "basnet_rt/onset.h"

void feed(basnet_rt::OnsetDetector& detector, const basnet_rt::CasView& rows) {
  const auto onsets = detector.push(rows);  // good
  detector.push(rows);                      // bad: ignoring return value
}
