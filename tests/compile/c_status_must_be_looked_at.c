// The only word of a failure.
#include "basnet_rt/c_api.h"

int check(const basnet_rt_config* config) {
  if (basnet_rt_config_check(config) != BASNET_RT_OK) return 1;  // good
  basnet_rt_config_check(config);                                // bad: ignoring return value
  return 0;
}
