#include "pool_options.h"

#include "status.h"

using namespace basnet_rt::c_api;

namespace {

void set(basnet_rt::PoolOptions& options, const std::string& field, std::int64_t value) {
  if (field == "max_batch") {
    options.max_batch = value;
  } else if (field == "max_queue") {
    options.max_queue = value;
  } else if (field == "max_streams") {
    options.max_streams = value;
  } else if (field != "zero_bad_features" && field != "threaded") {
    throw basnet_rt::Error(basnet_rt::ErrorCode::kInvalidArgument,
                           "field is \"" + field +
                               "\"; it must be one of max_batch, max_queue, max_streams, "
                               "zero_bad_features, threaded");
  } else if (value != 0 && value != 1) {
    throw basnet_rt::Error(basnet_rt::ErrorCode::kInvalidArgument,
                           field + " is " + std::to_string(value) + "; it must be 0 or 1");
  } else {
    (field == "threaded" ? options.threaded : options.zero_bad_features) = value == 1;
  }
}

}  // namespace

basnet_rt_status basnet_rt_pool_options_create(basnet_rt_pool_options** options) {
  return guarded([&] { *not_null(options, "options") = new basnet_rt_pool_options(); });
}

void basnet_rt_pool_options_free(basnet_rt_pool_options** options) { release(options); }

basnet_rt_status basnet_rt_pool_options_set_integer(basnet_rt_pool_options* options,
                                                    const char* field, int64_t value) {
  return guarded([&] { set(handle(options, "options").value, text_of(field, "field"), value); });
}

basnet_rt_status basnet_rt_pool_options_set_max_delay(basnet_rt_pool_options* options,
                                                      double seconds) {
  return guarded([&] { handle(options, "options").value.max_delay = seconds; });
}

basnet_rt_status basnet_rt_pool_options_set_alarm(basnet_rt_pool_options* options,
                                                  const double* thresholds, int64_t num_thresholds,
                                                  double hold) {
  return guarded([&] {
    handle(options, "options").value.alarm =
        basnet_rt::AlarmConfig{vector_of(thresholds, num_thresholds, "thresholds"), hold};
  });
}
