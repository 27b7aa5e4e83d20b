// The arrays of a result belong to it.
#include "basnet_rt/c_api.h"

int64_t first(const basnet_rt_detections* found) {
  const int64_t* labels = basnet_rt_detections_labels(found);  // good
  int64_t* labels = basnet_rt_detections_labels(found);        // bad: discards 'const' qualifier
  return labels[0];
}
