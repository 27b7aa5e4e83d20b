// A network's context as bytes. Out of scope: states of version 0.1, whose files Python's tests
// keep.

#include <gtest/gtest.h>

#include <cstring>

#include "basnet_rt/network_state.h"
#include "support.h"

namespace basnet_rt {
namespace {

using testing::expect_error;

NetworkState some_state() {
  NetworkState state;
  state.weights = 77;
  state.seen = 5;
  state.arrays = {{"foreground", {2}, {0.5f, 0.25f}},
                  {"rows", {2, 2}, {1.0f, -2.0f, 3.0f, 1e-40f}}};
  return state;
}

NetworkState blank() {
  NetworkState state = some_state();
  state.seen = 0;
  for (NetworkArray& array : state.arrays) array.values.assign(array.values.size(), 0.0f);
  return state;
}

TEST(NetworkState, ReadsBackWhatItWrote) {
  const NetworkState state = load_network_state(save_network_state(some_state()), blank());
  EXPECT_EQ(state.seen, 5);
  ASSERT_EQ(state.arrays.size(), 2u);
  EXPECT_EQ(state.arrays[1].name, "rows");
  EXPECT_EQ(state.arrays[1].shape, (std::vector<std::int64_t>{2, 2}));
  EXPECT_EQ(state.arrays[1].values, (std::vector<float>{1.0f, -2.0f, 3.0f, 1e-40f}));
}

TEST(NetworkState, RefusesThoseOfOtherNetworks) {
  const std::string bytes = save_network_state(some_state());
  const auto refused = [&](const NetworkState& like, const std::vector<std::string>& parts) {
    expect_error([&] { load_network_state(bytes, like); }, ErrorCode::kInvalidState, parts);
  };
  NetworkState like = blank();
  like.weights = 78;
  refused(like, {"other weights"});
  like = blank();
  like.arrays[1] = {"rows", {2, 3}, std::vector<float>(6)};
  refused(like, {"rows of shape (2, 2)", "(2, 3)", "another model"});
  like.arrays[1].name = "hidden";
  refused(like, {"rows", "hidden", "another model"});
  like.arrays.pop_back();
  refused(like, {"2 arrays", "1"});
}

TEST(NetworkState, FindsEveryDamagedByteAndEveryTruncation) {
  const std::string bytes = save_network_state(some_state());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 8)));
    expect_error([&] { load_network_state(damaged, blank()); }, ErrorCode::kInvalidState,
                 {"saved state"});
    expect_error([&] { load_network_state(bytes.substr(0, i), blank()); }, ErrorCode::kInvalidState,
                 {"saved state"});
  }
}

TEST(WeightsDigest, DependsOnNamesValuesAndOrderAndLeavesOutLargeArrays) {
  const std::vector<float> values = {1.0f, 2.0f}, others = {1.0f, 2.5f};
  const auto digest = [](const std::vector<std::pair<std::string, std::vector<float>>>& arrays) {
    WeightsDigest sum;
    for (const auto& [name, one] : arrays) {
      sum.add(name, one.data(), static_cast<std::int64_t>(one.size()));
    }
    return sum.value();
  };
  const std::int64_t plain = digest({{"a", values}, {"b", others}});
  EXPECT_NE(plain, digest({{"b", others}, {"a", values}}));
  EXPECT_NE(plain, digest({{"a", values}, {"c", others}}));
  EXPECT_NE(plain, digest({{"a", values}, {"b", values}}));
  EXPECT_EQ(plain,
            digest({{"a", values}, {"b", others}, {"c", std::vector<float>((1 << 18) + 1)}}));
  EXPECT_EQ(plain, digest({{"a", values}, {"b", others}, {"first.inner", values}}));
  WeightsDigest check;  // the check value of the catalogue of CRCs: "123456789"
  float five = 0.0f;
  std::memcpy(&five, "6789", 4);
  check.add("12345", &five, 1);
  EXPECT_EQ(check.value(), 0xcbf43926);
}

TEST(WeightsDigest, OfVersion01HasWhatIsDerivedFromOtherWeights) {
  const float value = 1.0f;
  WeightsDigest now, before(true);
  for (WeightsDigest* one : {&now, &before}) {
    one->add("first.bias", &value, 1);
    EXPECT_EQ(now.value(), one->value());
    one->add("first.inner", &value, 1);
  }
  EXPECT_NE(now.value(), before.value());
}

}  // namespace
}  // namespace basnet_rt
