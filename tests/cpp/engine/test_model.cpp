// Bundles on disk to activations and detections of whole videos.

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <limits>

#include "basnet_rt/postprocess.h"
#include "bundle_support.h"
#include "engine/model_impl.h"
#include "network_support.h"
#include "support.h"

namespace basnet_rt::engine::testing {
namespace {

using basnet_rt::testing::expect_error;
using basnet_rt::testing::expect_invalid;

TEST(Model, SaysWhatItLoaded) {
  const Model model = Model::load(path_of("bfloat16"));
  EXPECT_EQ(model.name(), "bfloat16.pt");
  EXPECT_EQ(model.dtype(), "bfloat16");
  EXPECT_EQ(model.metadata().classes, (std::vector<std::string>{"Jump", "Run", "Swim"}));
  EXPECT_EQ(model.metadata().feature_dim, kFeatureDim);
  EXPECT_GE(model.num_threads(), 1);
  bool listed = false;
  for (const KernelInfo& kernel : kernel_infos()) {
    if (kernel.name == model.kernel()) listed = kernel.available && kernel.reason.empty();
  }
  EXPECT_TRUE(listed) << model.kernel();
}

// Catches scores that are not those by which the gate decides.
TEST(Model, VideoScoresAreTheCoresOwn) {
  const Features features(50, 1);
  for (const char* name : kBundles) {
    const Model model = load(name);
    const Activations found = model.forward(features.view());
    PostprocessConfig config;
    config.score_function = model.metadata().score_function == "sigmoid" ? ScoreFunction::kSigmoid
                                                                         : ScoreFunction::kSoftmax;
    config.topk_divisor = model.metadata().topk_divisor;
    EXPECT_EQ(found.num_snippets, 50);
    EXPECT_EQ(found.foreground.size(), 50u);
    EXPECT_TRUE(same_bits(found.video_scores, video_scores(found.raw_view(), config))) << name;
  }
}

TEST(Model, ModelsOfOneFileAndDtypeShareTheirWeights) {
  const Model first = load("full"), second = load("full"), other = load("full", "int8");
  EXPECT_EQ(&first.impl().network(), &second.impl().network());
  EXPECT_NE(&first.impl().network(), &other.impl().network());
  const Model again = Model::load(std::string(TEST_DATA) + "/../data/bundles_0_1/full.pt",
                                  {std::string("float32"), 1});
  EXPECT_EQ(&first.impl().network(), &again.impl().network());
}

TEST(Model, ThreadsChangeNoBit) {
  const Features features(300, 2);
  for (const char* dtype : {"float32", "bfloat16", "int8"}) {
    const Activations want = load("full", dtype).forward(features.view());
    for (const int threads : {0, 2, 3}) {
      const Model model = Model::load(path_of("full"), {std::string(dtype), threads});
      const Activations got = model.forward(features.view());
      EXPECT_TRUE(same_bits(got.activations, want.activations)) << dtype << " " << threads;
      EXPECT_TRUE(same_bits(got.cas, want.cas)) << dtype << " " << threads;
    }
  }
}

TEST(Model, RefusesWhatItCannotLoad) {
  expect_invalid([] { load("full", "float16"); }, {"float16", "float32, bfloat16, int8"});
  expect_invalid([] { Model::load(path_of("full"), {std::nullopt, -1}); }, {"num_threads is -1"});
  expect_error([] { Model::load("nowhere.pt"); }, ErrorCode::kBundle, {"nowhere.pt: no such file"});
}

TEST(Model, RefusesADamagedFileByItsName) {
  std::ifstream file(path_of("full"), std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const std::string path = ::testing::TempDir() + "damaged_engine_bundle.pt";
  bytes.resize(bytes.size() - 100);
  std::ofstream(path, std::ios::binary) << bytes;
  expect_error([&] { Model::load(path); }, ErrorCode::kBundle, {path});
  std::remove(path.c_str());
}

TEST(Model, RefusesFeaturesThatAreNoVideoOfItsOwn) {
  const Model model = load("full");
  Features features(6, 3);
  expect_error([&] { model.forward({features.values.data(), 6, 7}); }, ErrorCode::kBundle,
               {"got 7"});
  expect_invalid([&] { model.forward(features.view(0, 0)); }, {"T >= 1"});
  features.values[3 * kFeatureDim + 2] = std::numeric_limits<float>::quiet_NaN();
  expect_invalid([&] { model.forward(features.view()); }, {"snippet 3", "channel 2"});
}

TEST(Localizer, IsForwardAndThenPostprocess) {
  const Features features(120, 4);
  for (const char* name : kBundles) {
    const Model model = load(name);
    const PostprocessConfig config = lively_config(model, features);
    const Activations all = model.forward(features.view());
    VideoInput video;
    video.cas = all.view();
    video.snippet_seconds = model.metadata().snippet_seconds();
    const Detections want = postprocess(video, config);
    EXPECT_EQ(rows_of(Localizer(model, config)(features.view())), rows_of(want)) << name;
    EXPECT_GT(want.size(), 3u) << name;
  }
}

TEST(Localizer, RefusesSettingsThatDoNotFitTheClasses) {
  PostprocessConfig config;
  config.normalisation = Normalisation::kFixed;
  config.fixed_lo = {0.0, 0.0};
  config.fixed_hi = {1.0, 1.0};
  expect_invalid([&] { Localizer(load("full"), config); }, {"fixed_lo"});
}

}  // namespace
}  // namespace basnet_rt::engine::testing
