// Any settings, any activations, any cut into chunks, saved and loaded anywhere: the finals are
// those of the whole video, bit for bit.

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <tuple>

#include "basnet_rt/postprocess.h"
#include "basnet_rt/stream.h"
#include "fuzz.h"

namespace basnet_rt::fuzz {
namespace {

using Row = std::tuple<std::int64_t, float, double, double>;

template <class Found>
void append(const Found& found, std::vector<Row>& rows) {
  for (std::size_t i = 0; i < found.size(); ++i) {
    rows.emplace_back(found.labels[i], found.scores[i], found.segments[i].start,
                      found.segments[i].end);
  }
}

struct Recording {
  PostprocessConfig config;
  std::int64_t num_classes = 1;
  std::vector<float> rows;
  std::vector<float> raw;
  std::optional<double> duration;
};

constexpr double kSeconds = 0.5;

Recording recording(Choices& choices) {
  Recording made;
  made.config = stream_config(choices);
  made.num_classes = 1 + static_cast<std::int64_t>(choices.below(3));
  const std::size_t num_rows = 1 + choices.below(60);
  const auto columns = static_cast<std::size_t>(made.num_classes);
  made.rows = activations(choices, num_rows, columns);
  made.raw = activations(choices, num_rows, columns + 1);
  const double end = static_cast<double>(num_rows) * kSeconds;
  made.duration = choices.one_of<std::optional<double>>({std::nullopt, end, end + 7.1, end - 0.2});
  return made;
}

std::vector<Row> whole(const Recording& made) {
  const CasView rows = view_of(made.rows, made.num_classes);
  const CasView raw = view_of(made.raw, made.num_classes + 1);
  const std::vector<float> scores = video_scores(raw, made.config);
  std::vector<Row> found;
  append(postprocess({rows, scores.data(), raw, kSeconds, made.duration}, made.config), found);
  return found;
}

std::vector<Row> streamed(const Recording& made, Choices& choices) {
  StreamPostprocessor stream(made.config, made.num_classes, kSeconds);
  const CasView rows = view_of(made.rows, made.num_classes);
  const CasView raw = view_of(made.raw, made.num_classes + 1);
  std::vector<Row> found;
  for (std::int64_t first = 0; first < rows.num_snippets;) {
    const auto size = std::min<std::int64_t>(
        static_cast<std::int64_t>(choices.below(9)) + choices.empty(), rows.num_snippets - first);
    append(stream.push({rows.row(first), size, rows.num_classes, rows.row_stride},
                       {raw.row(first), size, raw.num_classes, raw.row_stride}),
           found);
    first += size;
    if (choices.below(8) == 1) stream = StreamPostprocessor::load(stream.save());
    if (choices.below(8) == 1) static_cast<void>(stream.pending());
  }
  append(stream.finish(made.duration), found);
  return found;
}

}  // namespace

std::vector<std::string> seeds() { return {}; }

void run(std::string_view bytes) {
  Choices choices(bytes);
  const Recording made = recording(choices);
  std::vector<Row> want = whole(made);
  std::vector<Row> got = streamed(made, choices);
  std::sort(want.begin(), want.end());
  std::sort(got.begin(), got.end());
  if (got != want) {
    throw std::runtime_error("the stream found " + std::to_string(got.size()) +
                             " detections, the whole video " + std::to_string(want.size()) +
                             ", or others");
  }
}

}  // namespace basnet_rt::fuzz
