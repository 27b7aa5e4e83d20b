// Saved streams, damaged: refused, or a stream that can be used. Also with a checksum that fits, so
// that what stands behind the checksum is reached: settings, sizes, indices, positions.

#include "basnet_rt/error.h"
#include "basnet_rt/stream.h"
#include "fuzz.h"
#include "saved/archive.h"

namespace basnet_rt::fuzz {
namespace {

constexpr std::size_t kHeader = 24;

void use(StreamPostprocessor& stream) {
  const auto columns = static_cast<std::size_t>(stream.num_classes());
  if (columns > 64) return;
  const std::vector<float> rows(3 * columns, 0.5f);
  const std::vector<float> raw(3 * (columns + 1), 0.25f);
  static_cast<void>(
      stream.push(view_of(rows, stream.num_classes()), view_of(raw, stream.num_classes() + 1)));
  static_cast<void>(stream.pending());
  static_cast<void>(stream.gap(2));
  static_cast<void>(StreamPostprocessor::load(stream.save()));
  static_cast<void>(stream.finish());
}

void try_to_load(std::string_view bytes) {
  try {
    StreamPostprocessor stream = StreamPostprocessor::load(bytes);
    use(stream);
  } catch (const Error&) {
  }
}

}  // namespace

std::vector<std::string> seeds() {
  std::mt19937_64 random(5);
  std::vector<std::string> states;
  for (int i = 0; i < 24; ++i) {
    std::string bytes(20 + 70 * 5, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    Choices choices(bytes);
    StreamPostprocessor stream(stream_config(choices), 2, 0.5);
    const std::size_t num_rows = 1 + choices.below(60);
    const std::vector<float> rows = activations(choices, num_rows, 2);
    const std::vector<float> raw = activations(choices, num_rows, 3);
    static_cast<void>(stream.push(view_of(rows, 2), view_of(raw, 3)));
    states.push_back(stream.save());
  }
  return states;
}

void run(std::string_view bytes) {
  try_to_load(bytes);
  if (bytes.size() < kHeader) return;
  try_to_load(archive::seal("BRTS", 1, bytes.substr(kHeader)));
}

}  // namespace basnet_rt::fuzz
