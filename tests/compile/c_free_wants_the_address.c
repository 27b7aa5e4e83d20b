// `free` empties the pointer, so it must see it.
#include "basnet_rt/c_api.h"

void drop(basnet_rt_detections* found) {
  basnet_rt_detections_free(&found);  // good
  basnet_rt_detections_free(found);   // bad: incompatible pointer type
}
