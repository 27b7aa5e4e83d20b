#include "basnet_rt/bundle.h"
#include "calls.h"
#include "model_handle.h"
#include "pool_handle.h"
#include "pool_options.h"

using namespace basnet_rt::c_api;

namespace {

using basnet_rt::engine::Model;

const Model& open(const basnet_rt_model* model) { return handle(model, "model").value; }

/// The result of `read` for a model; `nothing` for NULL and for a handle of another kind.
template <class Value, class Read>
Value fact_of(const basnet_rt_model* model, Value nothing, const Read& read) noexcept {
  const bool readable = model != nullptr && model->kind == basnet_rt_model::kKind;
  return readable ? read(model->value) : nothing;
}

template <class Read>
const char* text_of_model(const basnet_rt_model* model, const Read& read) noexcept {
  return fact_of<const char*>(model, nullptr, [&](const Model& m) { return read(m).c_str(); });
}

}  // namespace

basnet_rt_status basnet_rt_model_load(const char* path, const char* dtype, int32_t num_threads,
                                      basnet_rt_model** model) {
  return guarded([&] {
    not_null(model, "model");
    basnet_rt::engine::ModelOptions options;
    if (dtype != nullptr) options.dtype = dtype;
    options.num_threads = num_threads;
    *model = new basnet_rt_model(Model::load(text_of(path, "path"), options));
  });
}

void basnet_rt_model_free(basnet_rt_model** model) { release(model); }

int64_t basnet_rt_model_num_classes(const basnet_rt_model* model) {
  return fact_of<int64_t>(model, 0, [](const Model& m) { return m.metadata().num_classes(); });
}

const char* basnet_rt_model_class_name(const basnet_rt_model* model, int64_t label) {
  if (label < 0 || label >= basnet_rt_model_num_classes(model)) return nullptr;
  return model->value.metadata().classes[static_cast<std::size_t>(label)].c_str();
}

int64_t basnet_rt_model_feature_dim(const basnet_rt_model* model) {
  return fact_of<int64_t>(model, 0, [](const Model& m) { return m.metadata().feature_dim; });
}

double basnet_rt_model_snippet_seconds(const basnet_rt_model* model) {
  return fact_of(model, 0.0, [](const Model& m) { return m.metadata().snippet_seconds(); });
}

const char* basnet_rt_model_dtype(const basnet_rt_model* model) {
  return text_of_model(model, [](const Model& m) -> auto& { return m.dtype(); });
}

const char* basnet_rt_model_kernel(const basnet_rt_model* model) {
  return text_of_model(model, [](const Model& m) -> auto& { return m.kernel(); });
}

const char* basnet_rt_model_metadata(const basnet_rt_model* model) {
  return text_of_model(model, [](const Model& m) -> auto& { return m.metadata().json; });
}

basnet_rt_status basnet_rt_model_config(const basnet_rt_model* model, basnet_rt_config** config) {
  return new_handle(config, "config", [&](basnet_rt_config& made) {
    made.value = open(model).metadata().postprocess;
  });
}

basnet_rt_status basnet_rt_model_streaming_config(const basnet_rt_model* model,
                                                  basnet_rt_config** config) {
  return new_handle(config, "config", [&](basnet_rt_config& made) {
    made.value = basnet_rt::streaming_config(open(model).metadata());
  });
}

basnet_rt_status basnet_rt_model_localize(const basnet_rt_model* model,
                                          const basnet_rt_rows* features,
                                          const basnet_rt_config* config, const double* duration,
                                          basnet_rt_detections** found) {
  return detections(found, "found", [&] {
    const basnet_rt::engine::Localizer localize(open(model), config_or_own(config));
    return localize(features_of(features), optional_of(duration));
  });
}

basnet_rt_status basnet_rt_model_make_pool(const basnet_rt_model* model,
                                           const basnet_rt_config* config,
                                           const basnet_rt_pool_options* options,
                                           basnet_rt_pool** pool) {
  return new_handle(pool, "pool", [&](basnet_rt_pool& made) {
    const auto chosen =
        options == nullptr ? basnet_rt::PoolOptions{} : handle(options, "options").value;
    made.value = basnet_rt::engine::make_pool(open(model), config_or_own(config), chosen);
  });
}
