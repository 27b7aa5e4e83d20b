// A stream moves and is never copied: two copies would both return the same finals.
#include <utility>

#include "basnet_rt/stream.h"

basnet_rt::StreamPostprocessor take(basnet_rt::StreamPostprocessor& stream) {
  return std::move(stream);  // good
  return stream;             // bad: use of deleted function
}
