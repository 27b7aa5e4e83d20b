// The C interface as C++ sees it: what crosses the border, also under the sanitizers. What it
// computes is compared with Python's results in tests/python/c_api.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "basnet_rt/c_api.h"
#include "basnet_rt/c_pool.h"
#include "basnet_rt/error.h"
#include "c_api/status.h"

namespace basnet_rt {
namespace {

template <class Exception>
basnet_rt_status status_of(const Exception& exception) {
  return c_api::guarded([&] { throw exception; });
}

TEST(CApi, EveryExceptionBecomesItsStatus) {
  EXPECT_EQ(status_of(Error(ErrorCode::kInvalidArgument, "a")), BASNET_RT_INVALID_ARGUMENT);
  EXPECT_EQ(status_of(Error(ErrorCode::kInvalidType, "b")), BASNET_RT_INVALID_TYPE);
  EXPECT_EQ(status_of(Error(ErrorCode::kInvalidState, "c")), BASNET_RT_INVALID_STATE);
  EXPECT_EQ(status_of(Error(ErrorCode::kBundle, "d")), BASNET_RT_BUNDLE);
  EXPECT_STREQ(basnet_rt_last_error(), "d");
  EXPECT_EQ(status_of(Error(ErrorCode::kUnavailable, "g")), BASNET_RT_UNAVAILABLE);
  EXPECT_EQ(status_of(std::bad_alloc()), BASNET_RT_OUT_OF_MEMORY);
  EXPECT_EQ(status_of(std::length_error("e")), BASNET_RT_OUT_OF_MEMORY);
  EXPECT_EQ(status_of(std::runtime_error("f")), BASNET_RT_INTERNAL);
  EXPECT_STREQ(basnet_rt_last_error(), "f");
  EXPECT_EQ(status_of(7), BASNET_RT_INTERNAL);
  EXPECT_STREQ(basnet_rt_last_error(), "an exception of unknown type");
  EXPECT_EQ(c_api::guarded([] {}), BASNET_RT_OK);
}

// One class that is high in the middle third; returns how many finals the whole stream gave.
std::int64_t finals_of_a_stream(basnet_rt_config* config) {
  basnet_rt_stream* stream = nullptr;
  EXPECT_EQ(basnet_rt_stream_create(config, 1, 0.5, &stream), BASNET_RT_OK);
  std::int64_t count = 0;
  basnet_rt_detections* finals = nullptr;
  for (int i = 0; i < 90; ++i) {
    const float activation = i >= 30 && i < 60 ? 0.9f : 0.0f;
    const basnet_rt_rows rows{&activation, 1, 1, 1};
    EXPECT_EQ(basnet_rt_stream_push(stream, &rows, nullptr, &finals), BASNET_RT_OK);
    count += basnet_rt_detections_size(finals);
    basnet_rt_detections_free(&finals);
  }
  EXPECT_EQ(basnet_rt_stream_finish(stream, nullptr, nullptr, &finals), BASNET_RT_OK);
  count += basnet_rt_detections_size(finals);
  basnet_rt_detections_free(&finals);
  basnet_rt_stream_free(&stream);
  EXPECT_EQ(stream, nullptr);
  return count;
}

TEST(CApi, ThreadsShareAConfigAndNothingElse) {
  basnet_rt_config* config = nullptr;
  ASSERT_EQ(basnet_rt_config_create("continuous", &config), BASNET_RT_OK);
  ASSERT_EQ(basnet_rt_config_set_choice(config, "normalisation", "fixed"), BASNET_RT_OK);
  ASSERT_EQ(basnet_rt_config_set_choice(config, "gate", "none"), BASNET_RT_OK);
  ASSERT_EQ(basnet_rt_config_set_choice(config, "nms", "hard"), BASNET_RT_OK);
  std::vector<std::int64_t> counts(4);
  std::vector<std::string> errors(4);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    threads.emplace_back([&, i] {
      counts[i] = finals_of_a_stream(config);
      basnet_rt_stream* none = nullptr;
      const auto classes = -static_cast<std::int64_t>(i);
      EXPECT_EQ(basnet_rt_stream_create(config, classes, 0.5, &none), BASNET_RT_INVALID_ARGUMENT);
      errors[i] = basnet_rt_last_error();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    EXPECT_EQ(counts[i], 1);
    EXPECT_EQ(errors[i].find("num_classes is " + std::to_string(-static_cast<int>(i))), 0u);
  }
  basnet_rt_config_free(&config);
}

// Activations are the features as they come; nothing is left to flush.
int32_t pass_on(void* calls, const basnet_rt_pool_batch* batch, basnet_rt_pool_output* output) {
  ++*static_cast<std::int64_t*>(calls);
  if (basnet_rt_pool_output_resize(output, batch->num_rows) != BASNET_RT_OK) return 1;
  const std::int64_t values = batch->size * batch->num_rows * batch->feature_dim;
  if (values > 0) {
    std::copy(batch->features, batch->features + values, basnet_rt_pool_output_activations(output));
  }
  for (std::int64_t i = 0; i < batch->size; ++i) {
    basnet_rt_pool_output_counts(output)[i] = batch->num_rows;
  }
  return 0;
}

void give_back(void* calls) { *static_cast<std::int64_t*>(calls) = -1; }

// One class that is high in the middle third, one snippet each push; how many finals there were.
std::int64_t finals_of_a_pool_stream(basnet_rt_pool* pool) {
  std::int64_t stream = 0;
  EXPECT_EQ(basnet_rt_pool_open(pool, &stream), BASNET_RT_OK);
  for (int i = 0; i < 90; ++i) {
    const float activation = i >= 30 && i < 60 ? 0.9f : 0.0f;
    const basnet_rt_rows rows{&activation, 1, 1, 1};
    int32_t taken = 0;
    EXPECT_EQ(basnet_rt_pool_push(pool, stream, &rows, HUGE_VAL, &taken), BASNET_RT_OK);
    EXPECT_EQ(taken, 1);
  }
  basnet_rt_detections* finals = nullptr;
  EXPECT_EQ(basnet_rt_pool_close(pool, stream, nullptr, &finals), BASNET_RT_OK);
  const std::int64_t count = basnet_rt_detections_size(finals);
  basnet_rt_detections_free(&finals);
  return count;
}

TEST(CApi, ThreadsShareAPool) {
  basnet_rt_config* config = nullptr;
  ASSERT_EQ(basnet_rt_config_create("continuous", &config), BASNET_RT_OK);
  ASSERT_EQ(basnet_rt_config_set_choice(config, "normalisation", "fixed"), BASNET_RT_OK);
  ASSERT_EQ(basnet_rt_config_set_choice(config, "gate", "none"), BASNET_RT_OK);
  ASSERT_EQ(basnet_rt_config_set_choice(config, "nms", "hard"), BASNET_RT_OK);
  std::int64_t calls = 0;
  const basnet_rt_pool_network network{sizeof network, &calls,  pass_on,  pass_on,
                                       nullptr,        nullptr, give_back};
  basnet_rt_pool* pool = nullptr;
  ASSERT_EQ(basnet_rt_pool_create(&network, config, 1, 1, 0.5, nullptr, &pool), BASNET_RT_OK);
  basnet_rt_config_free(&config);
  std::vector<std::int64_t> counts(4);
  std::vector<std::thread> threads;
  for (std::int64_t& count : counts) {
    threads.emplace_back([&count, pool] { count = finals_of_a_pool_stream(pool); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counts, std::vector<std::int64_t>(4, 1));
  EXPECT_GT(calls, 0);
  basnet_rt_pool_free(&pool);
  EXPECT_EQ(calls, -1);
}

}  // namespace
}  // namespace basnet_rt
