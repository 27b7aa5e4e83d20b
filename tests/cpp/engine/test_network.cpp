// The whole network: against plain loops in double, and the same bits however the input is cut,
// batched and shared out, whatever kernel runs.

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "basnet_rt/error.h"
#include "network_support.h"

namespace basnet_rt::engine::testing {
namespace {

NetworkOptions options_of(const std::string& variant) {
  NetworkOptions options;
  options.activation = Activation::kFused;
  options.has_projection = variant == "projection";
  options.has_filter = variant != "no filter" && variant != "constant background";
  options.constant_background = variant == "constant background";
  options.background_logit = 0.5f;
  return options;
}

Sizes sizes_of(const NetworkOptions& options) {
  return options.has_projection ? Sizes{21, 12, 7, 37, 35, 3} : Sizes{21, 21, 7, 37, 35, 3};
}

void append(Snippets& all, const Snippets& part) {
  const auto add = [](Values& to, const Values& from) {
    to.insert(to.end(), from.begin(), from.end());
  };
  all.num_snippets += part.num_snippets;
  add(all.activations, part.activations);
  add(all.foreground, part.foreground);
  add(all.cas, part.cas);
}

/// The video in pieces of these lengths, the last of them with the stream's end.
Snippets in_chunks(const Network& network, const Values& features,
                   const std::vector<std::int64_t>& chunks, const Machine& machine) {
  StreamState state = network.initial_state();
  Snippets all;
  const float* at = features.data();
  for (std::size_t i = 0; i <= chunks.size(); ++i) {
    std::vector<StreamTurn> turns(1);
    turns[0].state = &state;
    turns[0].features = at;
    turns[0].num_snippets = i < chunks.size() ? chunks[i] : 0;
    turns[0].last = i == chunks.size();
    at += turns[0].num_snippets * network.options().feature_dim;
    network.step(turns, machine);
    append(all, turns[0].certain);
  }
  return all;
}

class EveryVariant : public ::testing::TestWithParam<const char*> {};

TEST_P(EveryVariant, MatchesPlainLoops) {
  const NetworkOptions options = options_of(GetParam());
  const RandomNetwork random(sizes_of(options), options);
  const Network network(random.weights(), DType::kFloat32);
  Threads one(1);
  for (const std::int64_t length : {1, 2, 3, 40}) {
    const Values features = random_values(length * 21, 1.0f, 5);
    const PlainOutput want = plain_forward(random, features);
    const VideoOutput got = network.forward({features.data(), length, 21}, {chosen_kernel(), one});
    ASSERT_EQ(got.snippets.num_snippets, length);
    for (std::int64_t t = 0; t < length; ++t) {
      const auto row = static_cast<std::size_t>(t);
      EXPECT_NEAR(got.snippets.foreground[row], want.foreground[row], 1e-6);
      for (std::size_t c = 0; c < 4; ++c) {
        EXPECT_NEAR(got.snippets.cas[row * 4 + c], want.cas[row][c], 2e-6) << t;
      }
    }
  }
}

TEST_P(EveryVariant, SameBitsForEveryCutThreadAndKernel) {
  const NetworkOptions options = options_of(GetParam());
  const RandomNetwork random(sizes_of(options), options);
  const Values features = random_values(30 * 21, 1.0f, 5);
  Threads one(1), three(3);
  for (const DType dtype : {DType::kFloat32, DType::kBFloat16, DType::kInt8}) {
    const Network network(random.weights(), dtype);
    const Snippets want =
        network.forward({features.data(), 30, 21}, {*portable_kernel(), one}).snippets;
    for (const Kernel* kernel : runnable_kernels()) {
      for (const std::vector<std::int64_t>& cut : std::vector<std::vector<std::int64_t>>{
               {30}, std::vector<std::int64_t>(30, 1), {1, 1, 28}, {2, 0, 3, 1, 13, 11}, {29, 1}}) {
        EXPECT_TRUE(same_bits(want, in_chunks(network, features, cut, {*kernel, one})))
            << kernel->name << " " << cut.size();
        EXPECT_TRUE(same_bits(want, in_chunks(network, features, cut, {*kernel, three})))
            << kernel->name << " " << cut.size();
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Network, EveryVariant,
                         ::testing::Values("full", "projection", "no filter",
                                           "constant background"));

/// A stream of some length, pushed in chunks of 0 to 3 in some of the rounds.
struct Stream {
  Values video;
  std::int64_t length = 0, taken = 0;
  StreamState state;
  Snippets got;
  bool ended = false;

  StreamTurn turn(std::int64_t wanted) {
    StreamTurn turn;
    turn.state = &state;
    turn.features = video.data() + taken * 21;
    turn.num_snippets = std::min(wanted, length - taken);
    taken += turn.num_snippets;
    turn.last = ended = taken == length;
    return turn;
  }
};

/// Every stream of some rounds, in one batch each, until all have ended.
void run_in_batches(const Network& network, std::vector<Stream>& streams, const Machine& machine) {
  std::mt19937 dice(3);
  const auto open = [](const Stream& stream) { return !stream.ended; };
  while (std::any_of(streams.begin(), streams.end(), open)) {
    std::vector<StreamTurn> turns;
    std::vector<Stream*> who;
    for (Stream& stream : streams) {
      if (stream.ended || dice() % 3 == 0) continue;
      turns.push_back(stream.turn(static_cast<std::int64_t>(dice() % 4)));
      who.push_back(&stream);
    }
    network.step(turns, machine);
    for (std::size_t i = 0; i < turns.size(); ++i) append(who[i]->got, turns[i].certain);
  }
}

// Streams of many ages and chunk sizes in one batch get what each gets alone.
TEST(Network, BatchMixesDoNotMatter) {
  const RandomNetwork random({21, 21, 7, 37, 35, 3}, options_of("full"));
  Threads two(2);
  const Machine machine{chosen_kernel(), two};
  for (const DType dtype : {DType::kFloat32, DType::kBFloat16, DType::kInt8}) {
    const Network network(random.weights(), dtype);
    std::vector<Stream> streams(9);
    for (unsigned s = 0; s < 9; ++s) {
      streams[s].length = 1 + 5 * s % 12;
      streams[s].video = random_values(streams[s].length * 21, 1.0f, s);
      streams[s].state = network.initial_state();
    }
    run_in_batches(network, streams, machine);
    for (const Stream& stream : streams) {
      const FeatureView whole{stream.video.data(), stream.length, 21};
      EXPECT_TRUE(same_bits(network.forward(whole, machine).snippets, stream.got));
      EXPECT_EQ(stream.state.seen, 0);
    }
  }
}

// 2000 snippets go through in blocks; the borders must not show.
TEST(Network, LongVideosInBlocksEqualOneStream) {
  const RandomNetwork random({3, 3, 2, 5, 4, 2}, options_of("full"));
  const Network network(random.weights(), DType::kInt8);
  Threads one(1);
  const Machine machine{chosen_kernel(), one};
  const Values features = random_values(2000 * 3, 1.0f, 5);
  const Snippets whole = network.forward({features.data(), 2000, 3}, machine).snippets;
  EXPECT_TRUE(
      same_bits(whole, in_chunks(network, features, std::vector<std::int64_t>(2000, 1), machine)));
}

TEST(Network, StepCountsWhatIsCertain) {
  const RandomNetwork random({3, 3, 2, 5, 4, 2}, options_of("full"));
  const Network network(random.weights(), DType::kFloat32);
  Threads one(1);
  const Values features = random_values(8 * 3, 1.0f, 5);
  StreamState state = network.initial_state();
  const std::vector<std::int64_t> pushed = {0, 1, 1, 1, 4}, certain = {0, 0, 0, 1, 4};
  for (std::size_t i = 0; i < pushed.size(); ++i) {
    std::vector<StreamTurn> turns(1);
    turns[0].state = &state;
    turns[0].features = features.data();
    turns[0].num_snippets = pushed[i];
    network.step(turns, {chosen_kernel(), one});
    EXPECT_EQ(turns[0].certain.num_snippets, certain[i]);
  }
  EXPECT_EQ(state.seen, 7);
}

// Tiles are another sum of the same products: near, over block borders and for every remainder.
TEST(Network, TilesStayNearTheExactForm) {
  const RandomNetwork random({40, 40, 8, 50, 45, 3}, options_of("full"));
  const Network exact(random.weights(), DType::kFloat32);
  const Network tiled(random.weights(), DType::kFloat32, false);
  Threads two(2);
  const Machine machine{chosen_kernel(), two};
  for (const std::int64_t length : {1, 2, 3, 4, 5, 30, 771}) {
    const Values features = random_values(length * 40, 1.0f, 5);
    const Snippets want = exact.forward({features.data(), length, 40}, machine).snippets;
    const Snippets got = tiled.forward({features.data(), length, 40}, machine).snippets;
    ASSERT_EQ(got.cas.size(), want.cas.size());
    EXPECT_TRUE(same_bits(got.foreground, want.foreground));
    for (std::size_t i = 0; i < want.cas.size(); ++i) ASSERT_NEAR(got.cas[i], want.cas[i], 5e-6);
    const std::vector<std::int64_t> ones(static_cast<std::size_t>(length), 1);
    EXPECT_TRUE(same_bits(want, in_chunks(tiled, features, ones, machine)));  // streams are exact
  }
}

// Reduced types must stay near float32: a lost scale or a swapped pair would not.
TEST(Network, ReducedTypesStayNearFloat32) {
  const RandomNetwork random({64, 64, 32, 96, 80, 5}, options_of("full"));
  Threads one(1);
  const Machine machine{chosen_kernel(), one};
  const Values features = random_values(50 * 64, 1.0f, 5);
  const Snippets want = Network(random.weights(), DType::kFloat32)
                            .forward({features.data(), 50, 64}, machine)
                            .snippets;
  for (const auto& [dtype, tolerance] :
       {std::pair{DType::kBFloat16, 0.02}, std::pair{DType::kInt8, 0.05}}) {
    const Snippets got =
        Network(random.weights(), dtype).forward({features.data(), 50, 64}, machine).snippets;
    for (std::size_t i = 0; i < want.cas.size(); ++i) {
      ASSERT_NEAR(got.cas[i], want.cas[i], tolerance);
    }
  }
}

/// Values of a linear congruential generator: what <random> makes of a seed is each library's own.
void fill_plainly(Values& values, std::uint32_t& seed, float spread) {
  for (float& value : values) {
    seed = seed * 1664525u + 1013904223u;
    value = (static_cast<float>(seed >> 8) / 8388608.0f - 1.0f) * spread;
  }
}

std::uint64_t fingerprint(const Snippets& snippets) {
  std::uint64_t hash = 14695981039346656037u;
  for (const Values* values : {&snippets.activations, &snippets.foreground, &snippets.cas}) {
    for (const float value : *values) {
      std::uint32_t bits;
      std::memcpy(&bits, &value, sizeof bits);
      hash = (hash ^ bits) * 1099511628211u;
    }
  }
  return hash;
}

// x86 and ARM, every compiler: the same bits. Made on x86-64 by the portable kernel.
TEST(Network, BitsAreTheSameOnEveryMachine) {
  RandomNetwork net({21, 12, 7, 37, 35, 3}, options_of("projection"));
  net.options.has_filter = true;
  std::uint32_t seed = 1;
  for (Values* values :
       {&net.projection, &net.projection_bias, &net.filter, &net.filter_bias, &net.filter_out,
        &net.first, &net.first_bias, &net.second, &net.second_bias, &net.classifier}) {
    fill_plainly(*values, seed, 0.25f);
  }
  Values features(40 * 21);
  fill_plainly(features, seed, 2.0f);
  Threads one(1);
  const std::vector<std::pair<DType, std::uint64_t>> known = {
      {DType::kFloat32, 17745107521223597725u},
      {DType::kBFloat16, 355661086836751086u},
      {DType::kInt8, 1184086279928803527u}};
  for (const auto& [dtype, want] : known) {
    const Network network(net.weights(), dtype);
    const VideoOutput got = network.forward({features.data(), 40, 21}, {chosen_kernel(), one});
    EXPECT_EQ(fingerprint(got.snippets), want) << static_cast<int>(dtype);
  }
}

TEST(Network, RefusesNumbersThatAreNotFinite) {
  const float infinity = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const DType dtype : {DType::kFloat32, DType::kBFloat16, DType::kInt8}) {
    for (const float bad : {infinity, -infinity, nan}) {
      RandomNetwork random({3, 3, 2, 5, 4, 2}, options_of("full"));
      std::vector<Values*> places = {&random.filter, &random.first, &random.second_bias,
                                     &random.classifier};
      for (Values* const place : places) {
        const float kept = place->back();
        place->back() = bad;
        EXPECT_THROW(Network(random.weights(), dtype), Error);
        place->back() = kept;
      }
      EXPECT_NO_THROW(Network(random.weights(), dtype));
    }
  }
}

TEST(Network, RefusesTensorsThatDoNotFit) {
  const RandomNetwork random({3, 3, 2, 5, 4, 2}, options_of("full"));
  NetworkWeights weights = random.weights();
  weights.second.taps.shape = {4, 14};
  try {
    Network network(weights, DType::kFloat32);
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()),
              "weights: second.taps has shape (4, 14), expected (-1, 15) (-1: any)");
  }
}

}  // namespace
}  // namespace basnet_rt::engine::testing
