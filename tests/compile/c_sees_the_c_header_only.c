// The other headers are C++.
#include "basnet_rt/c_api.h"   // good
#include "basnet_rt/stream.h"  // bad: No such file or directory

int main(void) { return 0; }
