// Each kind of handle is a type of its own.
#include "basnet_rt/c_api.h"

void drop(basnet_rt_stream* stream) {
  basnet_rt_stream_free(&stream);  // good
  basnet_rt_config_free(&stream);  // bad: incompatible pointer type
}
