// What localizes a stream is not the model that it runs.
#include "basnet_rt/c_model.h"

int look(basnet_rt_localizer* localizer, basnet_rt_model* model, basnet_rt_detections** found) {
  (void)localizer;
  (void)model;
  if (basnet_rt_localizer_pending(localizer, found) != BASNET_RT_OK) return 1;  // good
  if (basnet_rt_localizer_pending(model, found) != BASNET_RT_OK) return 1;  // bad: incompatible pointer type
  return 0;
}
