#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "localization.pb.h"

namespace service {

struct OpenRequest {
  std::string token;
  std::int64_t durable = 0;
  std::int64_t pending_every = 0;
};

struct Chunk {
  std::int64_t first = 0;   // index of the first snippet
  std::vector<float> rows;  // (N, F)
};

struct Missing {
  std::int64_t first = 0;
  std::int64_t snippets = 0;
};

struct EndRequest {
  std::optional<double> duration;
};

/// The client sends nothing more.
struct HalfClose {};

/// A request, checked as far as possible without its stream.
struct Incoming {
  double arrived = 0.0;  // seconds of the steady clock
  std::int64_t received = 0;
  std::variant<std::monostate, OpenRequest, Chunk, Missing, EndRequest, HalfClose> what;
};

/// (N, F) float32 of packed rows, N >= 0; the pool checks for NaN and Inf.
/// @throws Refusal naming the channels or the size, and what is allowed.
std::vector<float> decode_rows(const basnet_rt::v1::Rows& rows, std::int64_t feature_dim);

/// @throws Refusal naming the error.
Incoming parse(const basnet_rt::v1::StreamRequest& request, std::int64_t feature_dim);

}  // namespace service
