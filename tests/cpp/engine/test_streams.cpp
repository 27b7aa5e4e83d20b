// Streams and pools of features: the bits of the whole video, whatever the cut, the batch and the
// places where they are saved.

#include <gtest/gtest.h>

#include "bundle_support.h"
#include "support.h"

namespace basnet_rt::engine::testing {
namespace {

using basnet_rt::testing::expect_error;

void append(StreamDetections& all, const StreamDetections& more) {
  all.labels.insert(all.labels.end(), more.labels.begin(), more.labels.end());
  all.scores.insert(all.scores.end(), more.scores.begin(), more.scores.end());
  all.segments.insert(all.segments.end(), more.segments.begin(), more.segments.end());
  all.decided.insert(all.decided.end(), more.decided.begin(), more.decided.end());
}

/// Pushes snippets [first, last) in chunks of one size.
void feed(StreamingLocalizer& stream, const Features& features, std::int64_t first,
          std::int64_t last, std::int64_t chunk, StreamDetections& found) {
  for (std::int64_t at = first; at < last; at += chunk) {
    append(found, stream.push(features.view(at, std::min(chunk, last - at))));
  }
}

TEST(Stream, EqualsOfflineForEveryNetworkDtypeAndCut) {
  const Features features(90, 1);
  for (const char* name : kBundles) {
    for (const char* dtype : {"float32", "bfloat16", "int8"}) {
      const Model model = load(name, dtype);
      const PostprocessConfig config = lively_config(model, features);
      const FoundRows want = rows_of(Localizer(model, config)(features.view()));
      ASSERT_GT(want.size(), 3u);
      for (const std::int64_t chunk : {1, 2, 7, 90}) {
        StreamingLocalizer stream(model, config);
        StreamDetections found;
        feed(stream, features, 0, 90, chunk, found);
        append(found, stream.finish());
        EXPECT_EQ(rows_of(found), want) << name << " " << dtype << " " << chunk;
      }
    }
  }
}

// Catches a raw CAS that does not reach the gates.
TEST(Stream, EqualsOfflineUnderEveryGate) {
  const Features features(90, 2);
  const Model model = load("full");
  for (const Gate gate : {Gate::kVideo, Gate::kHorizon}) {
    PostprocessConfig config = lively_config(model, features);
    config.gate = gate;
    const FoundRows want = rows_of(Localizer(model, config)(features.view()));
    ASSERT_GT(want.size(), 3u);
    StreamingLocalizer stream(model, config);
    StreamDetections found;
    feed(stream, features, 0, 90, 11, found);
    append(found, stream.finish());
    EXPECT_EQ(rows_of(found), want);
  }
}

TEST(Stream, GoesOnWhereItWasSaved) {
  const Features features(60, 3);
  for (const char* dtype : {"float32", "int8"}) {
    const Model model = load("projection", dtype);
    const PostprocessConfig config = lively_config(model, features);
    const FoundRows want = rows_of(Localizer(model, config)(features.view()));
    for (const std::int64_t half : {0, 1, 2, 31, 60}) {
      StreamingLocalizer stream(model, config), other(model, config);
      StreamDetections found;
      feed(stream, features, 0, half, 4, found);
      other.load(stream.save());
      feed(other, features, half, 60, 5, found);
      append(found, other.finish());
      EXPECT_EQ(rows_of(found), want) << dtype << " " << half;
    }
  }
}

TEST(Stream, RefusesTheStateOfOtherWeights) {
  const Features features(20, 4);
  const Model model = load("full"), other = load("full", "int8");
  const PostprocessConfig config = lively_config(model, features);
  StreamingLocalizer stream(model, config), quantised(other, config);
  StreamDetections found;
  feed(stream, features, 0, 20, 20, found);
  const std::string state = stream.save();
  expect_error([&] { quantised.load(state); }, ErrorCode::kInvalidState, {});
  expect_error([&] { stream.load(state.substr(0, state.size() - 1)); }, ErrorCode::kInvalidState,
               {});
  EXPECT_EQ(stream.num_snippets(), 18);
}

TEST(Pool, EveryStreamFindsWhatItFindsAlone) {
  const Features features(80, 5);
  for (const char* dtype : {"float32", "bfloat16", "int8"}) {
    const Model model = load("full", dtype);
    const PostprocessConfig config = lively_config(model, features);
    PoolOptions options;
    options.threaded = false;
    options.max_batch = 3;
    const auto pool = make_pool(model, config, options);
    std::vector<StreamId> ids;
    for (std::int64_t i = 0; i < 5; ++i) {  // of 80, 71, 62, ... snippets, in chunks of their own
      ids.push_back(pool->open());
      const std::int64_t size = 80 - 9 * i;
      for (std::int64_t at = 0; at < size; at += i + 1) {
        EXPECT_TRUE(pool->push(ids.back(), features.view(at, std::min(i + 1, size - at)), 0.0));
        if (i % 2 == 0) pool->step(true);
      }
    }
    for (std::int64_t i = 0; i < 5; ++i) {
      const FoundRows want = rows_of(Localizer(model, config)(features.view(0, 80 - 9 * i)));
      EXPECT_EQ(rows_of(pool->close(ids[static_cast<std::size_t>(i)])), want) << dtype << " " << i;
    }
  }
}

TEST(Pool, AStreamGoesOnInAnotherPool) {
  const Features features(50, 6);
  const Model model = load("base_only");
  const PostprocessConfig config = lively_config(model, features);
  PoolOptions options;
  options.threaded = false;
  const auto first = make_pool(model, config, options), second = make_pool(model, config, options);
  const StreamId one = first->open();
  first->push(one, features.view(0, 23), 0.0);
  first->step(true);
  StreamDetections found = first->poll(one);
  const StreamId again = second->restore(first->save(one));
  second->push(again, features.view(23, 27), 0.0);
  const FoundRows want = rows_of(Localizer(model, config)(features.view()));
  append(found, second->close(again));
  EXPECT_EQ(rows_of(found), want);
}

}  // namespace
}  // namespace basnet_rt::engine::testing
