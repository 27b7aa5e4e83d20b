// A final is returned once; a call whose result is dropped has lost it.
#include "basnet_rt/stream.h"

void feed(basnet_rt::StreamPostprocessor& stream, const basnet_rt::CasView& rows) {
  const auto finals = stream.push(rows);  // good
  stream.push(rows);                      // bad: ignoring return value
}
