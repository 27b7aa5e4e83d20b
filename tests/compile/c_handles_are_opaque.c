// What a handle holds may change from version to version.
#include "basnet_rt/c_api.h"

size_t size_of(void) {
  return sizeof(basnet_rt_config*);  // good
  return sizeof(basnet_rt_config);   // bad: incomplete type
}
