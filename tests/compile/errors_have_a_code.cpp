// Every error says what kind of promise was broken.
#include "basnet_rt/error.h"

basnet_rt::Error made() {
  return basnet_rt::Error(basnet_rt::ErrorCode::kBundle, "no such file");  // good
  return basnet_rt::Error("no such file");                                 // bad: no matching
}
