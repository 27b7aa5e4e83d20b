// A const stream can be looked at and saved; only a mutable one takes snippets.
#include "basnet_rt/stream.h"

std::size_t look(const basnet_rt::StreamPostprocessor& stream, const basnet_rt::CasView& rows) {
  const auto found = stream.pending();   // good
  const auto found = stream.push(rows);  // bad: discards qualifiers
  return found.size() + static_cast<std::size_t>(rows.num_snippets);
}
