// engine_consumer MODEL FEATURES: a bundle through the installed engine, without libtorch.
//
// FEATURES: float32 by rows. Prints what the whole video holds; then what a stream finds that is
// pushed row by row and goes on, from the middle, in a second one; then what a pool finds.

#include <basnet_rt/engine.h>
#include <basnet_rt/error.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>

namespace engine = basnet_rt::engine;

namespace {

template <class Found>
void print(const Found& found, const engine::Model& model) {
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::string& name = model.metadata().classes[static_cast<std::size_t>(found.labels[i])];
    std::printf("%s %.17g %.17g %.9g\n", name.c_str(), found.segments[i].start,
                found.segments[i].end, found.scores[i]);
  }
}

void run(const engine::Model& model, const basnet_rt::FeatureView& video) {
  print(engine::Localizer(model)(video), model);
  std::puts("stream");
  engine::StreamingLocalizer first(model), second(model);
  const std::int64_t half = video.num_snippets / 2;
  for (std::int64_t t = 0; t < video.num_snippets; ++t) {
    if (t == half) second.load(first.save());
    const float* row = video.data + t * video.feature_dim;
    print((t < half ? first : second).push({row, 1, video.feature_dim}), model);
  }
  print(second.finish(), model);
  std::puts("pool");
  const auto pool = engine::make_pool(model);
  const basnet_rt::StreamId stream = pool->open();
  pool->push(stream, video);
  print(pool->close(stream), model);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  try {
    const auto model = engine::Model::load(argv[1]);
    std::ifstream file(argv[2], std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    const std::int64_t dim = model.metadata().feature_dim;
    const auto rows = static_cast<std::int64_t>(bytes.size() / sizeof(float)) / dim;
    run(model, {reinterpret_cast<const float*>(bytes.data()), rows, dim});
    return 0;
  } catch (const basnet_rt::Error& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
