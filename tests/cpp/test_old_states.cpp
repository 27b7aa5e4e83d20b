// States of version 0.1, put together here byte by byte as its Python and its C++ did. That streams
// go on from real ones as 0.1 did is what tests/python/streaming/test_saved_0_1.py says.

#include <gtest/gtest.h>

#include <cstring>

#include "bundle/zip_maker.h"
#include "saved/crc32.h"
#include "saved/localizer_state.h"
#include "saved/old_network_state.h"
#include "support.h"

namespace basnet_rt {
namespace {

using testing::expect_error;
using testing::little;

template <class T>
std::string bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

std::string npy(const std::string& type, const std::string& shape, const std::string& content) {
  const std::string about =
      "{'descr': '" + type + "', 'fortran_order': False, 'shape': (" + shape + "), }\n";
  return std::string("\x93NUMPY\x01\x00", 8) + little(about.size(), 2) + about + content;
}

std::string scalar(std::int64_t value) { return npy("<i8", "", bytes_of<std::int64_t>({value})); }

/// Without a directory, which the reader does not need; sizes in the 64-bit field, as NumPy's.
std::string wide_zip(const testing::Files& files) {
  std::string bytes;
  for (const auto& [name, content] : files) {
    bytes += little(0x04034b50, 4) + little(45, 2) + std::string(8, '\0') + little(0, 4) +
             std::string(8, '\xff') + little(name.size(), 2) + little(20, 2) + name + little(1, 2) +
             little(16, 2) + little(content.size(), 8) + little(content.size(), 8) + content;
  }
  return bytes;
}

testing::Files network_files(const std::string& kind = "<f4") {
  return {{"weights.npy", scalar(77)},
          {"num_snippets.npy", scalar(5)},
          {"num_zeroed.npy", scalar(2)},
          {"first_snippet.npy", scalar(9)},
          {"state_0.npy", npy("<i8", "1,", bytes_of<std::int64_t>({5}))},
          {"state_1.npy", npy(kind, "1, 2", bytes_of<float>({0.5f, 0.25f}))},
          {"state_2.npy", npy("<f4", "1, 2, 1", bytes_of<float>({1.0f, -2.0f}))},
          {"state_3.npy", npy("<f4", "1, 2, 1", bytes_of<float>({3.0f, 4.0f}))}};
}

NetworkState like() {
  NetworkState state;
  state.weights = 77;
  state.arrays = {{"foreground", {2}, std::vector<float>(2)},
                  {"rows", {2, 1}, std::vector<float>(2)},
                  {"hidden", {2, 1}, std::vector<float>(2)}};
  return state;
}

TEST(OldNetworkState, IsReadFromBothKindsOfArchive) {
  for (const std::string& bytes : {testing::zip_of(network_files()), wide_zip(network_files())}) {
    const NetworkState state = load_network_state(bytes, like());
    EXPECT_EQ(state.seen, 5);
    EXPECT_EQ(state.arrays[0].values, (std::vector<float>{0.5f, 0.25f}));
    EXPECT_EQ(state.arrays[1].values, (std::vector<float>{1.0f, -2.0f}));
    EXPECT_EQ(state.arrays[2].values, (std::vector<float>{3.0f, 4.0f}));
    EXPECT_EQ(read_old_network_state(bytes).first_snippet, 9);
  }
}

TEST(OldNetworkState, IsComparedToTheDigestOfItsVersionWhereThatIsKnown) {
  const std::string bytes = testing::zip_of(network_files());
  NetworkState mine = like();
  mine.weights = 5;
  EXPECT_EQ(load_network_state(bytes, mine).weights, 5);
  mine.weights_0_1 = 77;
  EXPECT_EQ(load_network_state(bytes, mine).weights, 5);
  mine.weights_0_1 = 78;
  expect_error([&] { load_network_state(bytes, mine); }, ErrorCode::kInvalidState,
               {"other weights"});
}

TEST(OldNetworkState, IsRefusedWhereItsArraysMakeNoSense) {
  const auto refused = [](const testing::Files& files, const std::string& part) {
    expect_error([&] { load_network_state(testing::zip_of(files), like()); },
                 ErrorCode::kInvalidState, {part});
  };
  testing::Files files = network_files();
  files.erase(files.begin());
  refused(files, "lacks weights");
  refused(network_files("|O"), "|O");
  refused(network_files("<i8"), "do not fit");
  files = network_files();
  files[5].second = npy("<f4", "1073741824, 1073741824", "1234");
  refused(files, "too large");
  files[5].second = npy("<f4", "2, 1", bytes_of<float>({0.5f, 0.25f}));
  refused(files, "none of one stream");
  files[5].second = "nothing";
  refused(files, "no array");
}

TEST(OldNetworkState, NoDamageMakesItReadWildly) {
  const std::string whole = testing::zip_of(network_files());
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x41);
    for (const std::string& bytes : {damaged, whole.substr(0, i)}) {
      try {
        load_network_state(bytes, like());
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kInvalidState);
      }
    }
  }
}

std::string localizer_state(const std::string& about) {
  const std::vector<std::string> parts = {about, testing::zip_of(network_files()), "post",
                                          "onsets"};
  std::string sizes, payload;
  for (const std::string& part : parts) {
    sizes += little(part.size(), 8);
    payload += part;
  }
  return "BRSL" + little(2, 4) + little(crc32(payload), 4) + sizes + payload;
}

std::string description(const std::string& classes) {
  return R"({"statistics": {"snippets_in": 14, "finals_out": 3, "compute_seconds": 1e-05,
"latency_sum": 2.5, "latency_max": 1.25, "features_zeroed": 2, "pushes": 4}, "classes": )" +
         classes + R"(, "alarm": [[0.5, 0.25], 1.5],
"onset_events": [[1, "Run", 2.5, 3, 0.75]]})";
}

TEST(OldLocalizerState, IsRead) {
  // Python escapes what is not ASCII; C++ did not.
  for (const char* classes : {R"(["Jump", "Lauf\u00fcbung \ud83c\udfc3"])",
                              "[\"Jump\",\"Lauf\xc3\xbc"
                              "bung \xf0\x9f\x8f\x83\"]"}) {
    const LocalizerState state = unseal_state(localizer_state(description(classes)));
    ASSERT_EQ(state.classes.size(), 2u);
    EXPECT_EQ(state.classes[1],
              "Lauf\xc3\xbc"
              "bung \xf0\x9f\x8f\x83");
    EXPECT_EQ(state.alarm->thresholds, (std::vector<double>{0.5, 0.25}));
    EXPECT_EQ(state.alarm->hold, 1.5);
    EXPECT_EQ(state.statistics.snippets_in, 14);
    EXPECT_EQ(state.statistics.finals_out, 3);
    EXPECT_EQ(state.statistics.pushes, 4);
    EXPECT_EQ(state.statistics.features_zeroed, 2);
    EXPECT_EQ(state.statistics.compute_seconds, 1e-05);
    EXPECT_EQ(state.statistics.latency_sum, 2.5);
    EXPECT_EQ(state.statistics.latency_max, 1.25);
    ASSERT_EQ(state.onset_events.size(), 1u);
    EXPECT_EQ(state.onset_events[0].label, 1);
    EXPECT_EQ(state.onset_events[0].time, 2.5);
    EXPECT_EQ(state.onset_events[0].decided, 3);
    EXPECT_EQ(state.onset_events[0].activation, 0.75f);
    EXPECT_EQ(state.first, 9);
    EXPECT_EQ(state.seen, 5);
    EXPECT_EQ(state.post, "post");
    EXPECT_EQ(state.onsets, "onsets");
  }
}

TEST(OldLocalizerState, IsRefusedWhereItIsDamagedOrMakesNoSense) {
  const std::string whole = localizer_state(description(R"(["Jump", "Run"])"));
  const auto refused = [](const std::string& bytes, const std::string& part) {
    expect_error([&] { unseal_state(bytes); }, ErrorCode::kInvalidState, {"state", part});
  };
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 8)));
    refused(damaged, "");
    refused(whole.substr(0, i), "");
  }
  refused(localizer_state(description(R"(["Jump"])")), "do not fit together");  // event of class 1
  refused(localizer_state("{}"), "lacks classes");
  refused(localizer_state("[1, 2"), "damaged");
}

}  // namespace
}  // namespace basnet_rt
