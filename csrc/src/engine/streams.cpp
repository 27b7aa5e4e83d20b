// The network of one stream and of a pool's streams, over the packed weights that all share.

#include <algorithm>
#include <string>
#include <utility>

#include "basnet_rt/error.h"
#include "engine/model_impl.h"

namespace basnet_rt::engine {
namespace {

/// Runs the network on one stream.
class OneStream : public StreamNetwork {
 public:
  OneStream(Model model, bool with_cas)
      : model_(std::move(model)), with_cas_(with_cas), state_(blank()), before_(state_) {}

  StreamActivations push(const FeatureView& features) override {
    return run({nullptr, features.data, features.num_snippets, false, {}});
  }

  StreamActivations flush() override { return run({nullptr, nullptr, 0, true, {}}); }

  void undo() override { state_ = before_; }
  void reset() override { state_ = blank(); }

  std::string save() const override {
    return save_network_state(to_network_state(model_.impl(), state_));
  }

  void load(std::string_view bytes) override { state_ = load_stream_state(model_.impl(), bytes); }

 private:
  StreamState blank() const { return model_.impl().network().initial_state(); }

  StreamActivations run(StreamTurn turn) {
    turns_.assign(1, std::move(turn));
    turns_[0].state = &state_;
    StreamState before = state_;
    model_.impl().network().step(turns_, model_.impl().machine());
    before_ = std::move(before);
    Snippets& certain = turns_[0].certain;
    if (!with_cas_) certain.cas.clear();
    return {certain.num_snippets, std::move(certain.activations), std::move(certain.cas)};
  }

  Model model_;
  bool with_cas_;
  StreamState state_, before_;
  std::vector<StreamTurn> turns_;
};

/// Runs the network on the streams of a pool; a slot holds one stream's state.
class ManyStreams : public PoolNetwork {
 public:
  ManyStreams(Model model, bool with_cas) : model_(std::move(model)), with_cas_(with_cas) {}

  PoolActivations step(const PoolBatch& batch) override {
    make_room(*std::max_element(batch.slots.begin(), batch.slots.end()) + 1);
    const std::int64_t size = batch.num_rows * batch.feature_dim;
    std::vector<StreamState> fresh(batch.slots.size());
    std::vector<StreamTurn> turns(batch.slots.size());
    for (std::size_t i = 0; i < turns.size(); ++i) {
      StreamState& own = slots_[static_cast<std::size_t>(batch.slots[i])];
      if (batch.fresh[i]) fresh[i] = model_.impl().network().initial_state();
      turns[i].state = batch.fresh[i] ? &fresh[i] : &own;
      turns[i].features = batch.features.data() + static_cast<std::int64_t>(i) * size;
      turns[i].num_snippets = batch.num_rows;
    }
    PoolActivations answer = run(turns);
    for (std::size_t i = 0; i < turns.size(); ++i) {
      if (batch.fresh[i]) {
        slots_[static_cast<std::size_t>(batch.slots[i])] = std::move(fresh[i]);
      }
    }
    return answer;
  }

  PoolActivations flush(const PoolBatch& batch) override {
    std::vector<StreamTurn> turns(batch.slots.size());
    for (std::size_t i = 0; i < turns.size(); ++i) {
      turns[i].state = &slots_[static_cast<std::size_t>(batch.slots[i])];
      turns[i].last = true;
    }
    return run(turns);
  }

  std::string save(std::int64_t slot) override {
    return save_network_state(
        to_network_state(model_.impl(), slots_[static_cast<std::size_t>(slot)]));
  }

  void load(std::int64_t slot, std::string_view bytes) override {
    StreamState loaded = load_stream_state(model_.impl(), bytes);
    make_room(slot + 1);
    slots_[static_cast<std::size_t>(slot)] = std::move(loaded);
  }

 private:
  void make_room(std::int64_t slots) {
    const auto wanted = static_cast<std::size_t>(slots);
    if (slots_.size() < wanted) slots_.resize(wanted, model_.impl().network().initial_state());
  }

  PoolActivations run(std::vector<StreamTurn>& turns) {
    model_.impl().network().step(turns, model_.impl().machine());
    PoolActivations answer;
    for (const StreamTurn& turn : turns) {
      answer.counts.push_back(turn.certain.num_snippets);
      answer.num_rows = std::max(answer.num_rows, turn.certain.num_snippets);
    }
    const std::int64_t classes = model_.impl().metadata.num_classes();
    answer.activations = stacked(turns, &Snippets::activations, answer.num_rows, classes);
    if (with_cas_) answer.cas = stacked(turns, &Snippets::cas, answer.num_rows, classes + 1);
    return answer;
  }

  /// (B, M, columns): a stream with fewer rows has them at the end.
  static std::vector<float> stacked(const std::vector<StreamTurn>& turns,
                                    std::vector<float> Snippets::* part, std::int64_t num_rows,
                                    std::int64_t columns) {
    const auto block = static_cast<std::size_t>(num_rows * columns);
    std::vector<float> all(turns.size() * block, 0.0f);
    for (std::size_t i = 0; i < turns.size(); ++i) {
      const std::vector<float>& own = turns[i].certain.*part;
      std::copy(own.begin(), own.end(),
                all.begin() + static_cast<std::ptrdiff_t>((i + 1) * block - own.size()));
    }
    return all;
  }

  Model model_;
  bool with_cas_;
  std::vector<StreamState> slots_;
};

NetworkLocalizer over(const Model& model, const std::optional<PostprocessConfig>& config,
                      const StreamingOptions& options) {
  const BundleMetadata& about = model.metadata();
  const PostprocessConfig& used = config ? *config : about.postprocess;
  return NetworkLocalizer(stream_network(model, used.gate != Gate::kNone),
                          {about.classes, about.feature_dim, about.snippet_seconds(),
                           about.feature_extractor + ", " + about.modality},
                          used, options);
}

NetworkArray array(const char* name, std::vector<std::int64_t> shape,
                   const std::vector<float>& values) {
  return {name, std::move(shape), values};
}

}  // namespace

NetworkState to_network_state(const Model::Impl& model, const StreamState& state) {
  NetworkState context;
  context.weights = model.loaded->weights;
  context.seen = state.seen;
  context.arrays = {array("foreground", {2}, state.foreground),
                    array("rows", {2, model.network().width()}, state.rows),
                    array("hidden", {2, model.network().hidden()}, state.hidden)};
  return context;
}

StreamState load_stream_state(const Model::Impl& model, std::string_view bytes) {
  const NetworkState like = to_network_state(model, model.network().initial_state());
  NetworkState context = load_network_state(bytes, like);
  return {context.seen, std::move(context.arrays[0].values), std::move(context.arrays[1].values),
          std::move(context.arrays[2].values)};
}

std::shared_ptr<StreamNetwork> stream_network(const Model& model, bool with_cas) {
  return std::make_shared<OneStream>(model, with_cas);
}

std::shared_ptr<PoolNetwork> pool_network(const Model& model, bool with_cas) {
  return std::make_shared<ManyStreams>(model, with_cas);
}

StreamingLocalizer::StreamingLocalizer(Model model, std::optional<PostprocessConfig> config,
                                       const StreamingOptions& options)
    : NetworkLocalizer(over(model, config, options)), model_(std::move(model)) {}

std::unique_ptr<StreamPool> make_pool(const Model& model,
                                      const std::optional<PostprocessConfig>& config,
                                      const PoolOptions& options) {
  const BundleMetadata& about = model.metadata();
  const PostprocessConfig& used = config ? *config : about.postprocess;
  return std::make_unique<StreamPool>(pool_network(model, used.gate != Gate::kNone), used,
                                      about.num_classes(), about.feature_dim,
                                      about.snippet_seconds(), options);
}

}  // namespace basnet_rt::engine
