// Snippet indices are int64 and times are double seconds: one does not pass for the other unseen.
#include "basnet_rt/types.h"

basnet_rt::Segment at(std::int64_t snippet, double snippet_seconds) {
  const double start = static_cast<double>(snippet) * snippet_seconds;
  return {start, start + snippet_seconds};  // good
  return {snippet, snippet + 1};            // bad: narrowing conversion
}
