#include "engine/pass.h"

#include <algorithm>

#include "engine/numbers.h"
#include "engine/scores.h"

namespace basnet_rt::engine {
namespace {

std::size_t size(std::int64_t count) { return static_cast<std::size_t>(count); }

std::vector<const float*> row_pointers(const float* rows, std::int64_t count, std::int64_t width) {
  std::vector<const float*> pointers(size(count));
  for (std::int64_t i = 0; i < count; ++i) pointers[size(i)] = rows + i * width;
  return pointers;
}

void round_all(std::vector<float>& values) {
  for (float& value : values) value = rounded_to_bfloat16(value);
}

/// The last two of `count` vectors of `width` values.
std::vector<float> last_two(const float* vectors, std::int64_t count, std::int64_t width) {
  return {vectors + (count - 2) * width, vectors + count * width};
}

}  // namespace

Pass::Pass(const Network& network, std::vector<Piece>& pieces, const Machine& machine)
    : net_(network), pieces_(pieces), machine_(machine) {}

void Pass::run() {
  place();
  project_and_filter();
  first_layer();
  second_layer();
  for (const Piece& piece : pieces_) {
    give(piece);
    move_on(piece);
  }
}

void Pass::place() {
  for (Piece& piece : pieces_) {
    piece.first_feature = num_features_;
    piece.first_row = num_rows_;
    piece.first_hidden = num_hidden_;
    piece.first_output = num_outputs_;
    num_features_ += piece.count;
    num_rows_ += piece.rows();
    num_hidden_ += piece.hidden();
    num_outputs_ += piece.outputs();
  }
}

void Pass::project_and_filter() {
  const std::int64_t width = net_.width(), features = net_.options().feature_dim;
  std::vector<const float*> rows;
  for (const Piece& piece : pieces_) {
    for (const float* row : row_pointers(piece.features, piece.count, features))
      rows.push_back(row);
  }
  std::vector<float> inputs(size(num_features_ * width));
  if (net_.options().has_projection) {
    product(net_.projection_, rows, Finish::kNone, inputs.data(), width, machine_);
  } else {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::copy(rows[i], rows[i] + width, inputs.data() + static_cast<std::int64_t>(i) * width);
    }
  }
  foreground_.assign(size(num_features_), 1.0f);
  if (net_.options().has_filter && num_features_ > 0) {
    std::vector<float> rounded_inputs;
    if (net_.filter_.dtype == DType::kBFloat16) round_all(rounded_inputs = inputs);
    const float* from = rounded_inputs.empty() ? inputs.data() : rounded_inputs.data();
    const std::int64_t inner = net_.filter_.outputs;
    std::vector<float> hidden(size(num_features_ * inner));
    product(net_.filter_, row_pointers(from, num_features_, width), Finish::kLeakyRelu,
            hidden.data(), inner, machine_);
    product(net_.filter_out_, row_pointers(hidden.data(), num_features_, inner), Finish::kNone,
            foreground_.data(), 1, machine_);
    for (float& value : foreground_) value = sigmoid(value);
  }
  place_rows(inputs.data());
}

void Pass::place_rows(const float* inputs) {
  const std::int64_t width = net_.width();
  rows_.assign(size(num_rows_ * width), 0.0f);
  for (const Piece& piece : pieces_) {
    float* to = rows_.data() + piece.first_row * width;
    to = std::copy(piece.state->rows.begin(), piece.state->rows.end(), to);
    for (std::int64_t i = piece.first_feature; i < piece.first_feature + piece.count; ++i) {
      const float weight = foreground_[size(i)];
      for (std::int64_t k = 0; k < width; ++k) *to++ = inputs[i * width + k] * weight;
    }
  }
  if (net_.dtype() == DType::kBFloat16) round_all(rows_);
}

/// `layer` on the windows of three rows that start at these rows of `inputs`.
std::vector<float> Pass::three_taps(const PackedLayer& layer, const std::vector<float>& inputs,
                                    const std::vector<std::int64_t>& windows, Finish finish) const {
  const std::int64_t depth = layer.depth;
  std::vector<float> out(windows.size() * size(layer.outputs));
  if (layer.dtype == DType::kInt8) {
    const std::int64_t count = static_cast<std::int64_t>(inputs.size()) / depth;
    Int8Rows steps(count, depth, machine_.kernel.int8.offset);
    machine_.threads.run((count + 15) / 16, [&](std::int64_t part) {
      const std::int64_t end = std::min(count, 16 * part + 16);
      for (std::int64_t i = 16 * part; i < end; ++i) steps.set(i, inputs.data() + i * depth);
    });
    product(layer, steps, windows, finish, out.data(), layer.outputs, machine_);
    return out;
  }
  std::vector<const float*> rows;
  for (const std::int64_t window : windows) rows.push_back(inputs.data() + window * depth);
  product(layer, rows, finish, out.data(), layer.outputs, machine_);
  return out;
}

void Pass::first_layer() {
  const std::int64_t hidden = net_.hidden();
  hidden_.assign(size(num_hidden_ * hidden), 0.0f);
  std::vector<std::int64_t> windows, places;
  for (const Piece& piece : pieces_) {
    std::copy(piece.state->hidden.begin(), piece.state->hidden.end(),
              hidden_.begin() + piece.first_hidden * hidden);
    if (piece.empty()) continue;
    // Snippet -1 of a new stream is padding, not a convolution.
    for (std::int64_t i = piece.state->seen == 0 ? 1 : 0; i < piece.rows() - 2; ++i) {
      windows.push_back(piece.first_row + i);
      places.push_back(piece.first_hidden + 2 + i);
    }
  }
  const bool bfloat16 = net_.dtype() == DType::kBFloat16;
  const std::vector<float> made = three_taps(
      net_.first_, rows_, windows, bfloat16 ? Finish::kRoundedLeakyRelu : Finish::kLeakyRelu);
  for (std::size_t i = 0; i < places.size(); ++i) {
    std::copy_n(made.data() + static_cast<std::int64_t>(i) * hidden, hidden,
                hidden_.data() + places[i] * hidden);
  }
}

void Pass::second_layer() {
  std::vector<std::int64_t> windows;
  for (const Piece& piece : pieces_) {
    for (std::int64_t i = 0; i < piece.outputs(); ++i) {
      windows.push_back(piece.first_hidden + piece.skipped() + i);
    }
  }
  const NetworkOptions& options = net_.options();
  const std::int64_t columns = options.num_classes + 1;
  cas_.assign(size(num_outputs_ * columns), options.background_logit);
  if (windows.empty()) return;
  const std::vector<float> second = three_taps(net_.second_, hidden_, windows, Finish::kLeakyRelu);
  product(net_.classifier_, row_pointers(second.data(), num_outputs_, net_.second_.outputs),
          Finish::kNone, cas_.data(), columns, machine_);
}

void Pass::give(const Piece& piece) {
  const std::int64_t classes = net_.options().num_classes, count = piece.outputs();
  Snippets& out = *piece.out;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t behind = piece.skipped() + i;  // outputs start two before the new features
    out.foreground.push_back(behind < 2 ? piece.state->foreground[size(behind)]
                                        : foreground_[size(piece.first_feature + behind - 2)]);
  }
  const float* cas = cas_.data() + piece.first_output * (classes + 1);
  out.cas.insert(out.cas.end(), cas, cas + count * (classes + 1));
  out.activations.resize(size((out.num_snippets + count) * classes));
  for (std::int64_t i = 0; i < count; ++i) {
    activate(net_.options(), cas + i * (classes + 1), out.foreground[size(out.num_snippets + i)],
             out.activations.data() + (out.num_snippets + i) * classes);
  }
  out.num_snippets += count;
}

void Pass::move_on(const Piece& piece) const {
  StreamState& state = *piece.state;
  if (piece.last) {
    state = net_.initial_state();
    return;
  }
  const std::int64_t width = net_.width(), hidden = net_.hidden();
  std::vector<float> foreground = state.foreground;
  foreground.insert(foreground.end(), foreground_.begin() + piece.first_feature,
                    foreground_.begin() + piece.first_feature + piece.count);
  state.foreground.assign(foreground.end() - 2, foreground.end());
  state.rows = last_two(rows_.data() + piece.first_row * width, piece.rows(), width);
  state.hidden = last_two(hidden_.data() + piece.first_hidden * hidden, piece.hidden(), hidden);
  state.seen += piece.count;
}

}  // namespace basnet_rt::engine
