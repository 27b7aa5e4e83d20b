#include "engine/bundle/settings_json.h"

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "basnet_rt/bundle.h"
#include "basnet_rt/error.h"
#include "json/reader.h"
#include "json/writer.h"

namespace basnet_rt {
namespace bundle {
namespace {

using json::Kind;

template <class Enum>
using Choices = std::vector<std::pair<const char*, Enum>>;

const Choices<Mode> kModes = {{"published", Mode::kPublished}, {"continuous", Mode::kContinuous}};
const Choices<NmsKind> kNmsKinds = {
    {"hard", NmsKind::kHard}, {"linear", NmsKind::kLinear}, {"gaussian", NmsKind::kGaussian}};
const Choices<Normalisation> kNormalisations = {{"video", Normalisation::kVideo},
                                                {"fixed", Normalisation::kFixed},
                                                {"horizon", Normalisation::kHorizon}};
const Choices<Gate> kGates = {
    {"video", Gate::kVideo}, {"none", Gate::kNone}, {"horizon", Gate::kHorizon}};
const Choices<ScoreFunction> kScoreFunctions = {{"softmax", ScoreFunction::kSoftmax},
                                                {"sigmoid", ScoreFunction::kSigmoid}};

/// One field of the JSON object: its name for messages, and its value.
struct Field {
  const std::string& name;
  const json::Value& value;

  [[noreturn]] void refuse(const char* kind) const {
    throw Error(ErrorCode::kInvalidType,
                name + " is " + json::shown(value) + "; it must be " + std::string(kind));
  }
};

void read(const Field& field, double& to) {
  if (!field.value.is(Kind::kNumber)) field.refuse("a number");
  to = field.value.number;
}

void read(const Field& field, std::int64_t& to) {
  if (!field.value.integer) field.refuse("an integer");
  to = *field.value.integer;
}

void read(const Field& field, bool& to) {
  if (!field.value.is(Kind::kBool)) field.refuse("true or false");
  to = field.value.truth;
}

// One number stands for a sequence of one.
void read(const Field& field, std::vector<double>& to) {
  if (field.value.is(Kind::kNumber)) {
    to = {field.value.number};
    return;
  }
  if (!field.value.is(Kind::kArray)) field.refuse("a number or a sequence of numbers");
  std::vector<double> values;
  for (const json::Value& value : field.value.items) {
    if (!value.is(Kind::kNumber)) field.refuse("a sequence of numbers");
    values.push_back(value.number);
  }
  to = std::move(values);
}

// null is "no limit", which the core writes as infinity.
void read_limit(const Field& field, double& to) {
  if (!field.value.is(Kind::kNull) && !field.value.is(Kind::kNumber)) {
    field.refuse("a number or null");
  }
  to = field.value.is(Kind::kNull) ? kUnlimited : field.value.number;
}

template <class Enum>
void read(const Field& field, Enum& to, const Choices<Enum>& choices) {
  if (!field.value.is(Kind::kString)) field.refuse("text");
  std::string allowed;
  for (const auto& [name, value] : choices) {
    if (field.value.text == name) {
      to = value;
      return;
    }
    allowed += (allowed.empty() ? "\"" : ", \"") + std::string(name) + "\"";
  }
  throw Error(ErrorCode::kInvalidArgument,
              field.name + " is " + json::shown(field.value) + "; it must be one of " + allowed);
}

using Apply = void (*)(const Field&, PostprocessConfig&);
using Known = std::pair<const char*, Apply>;

#define BASNET_RT_FIELD(name)                                                    \
  Known {                                                                        \
    #name, [](const Field& field, PostprocessConfig& c) { read(field, c.name); } \
  }
#define BASNET_RT_LIMIT(name)                                                          \
  Known {                                                                              \
    #name, [](const Field& field, PostprocessConfig& c) { read_limit(field, c.name); } \
  }
#define BASNET_RT_CHOICE(name, choices)                                                   \
  Known {                                                                                 \
    #name, [](const Field& field, PostprocessConfig& c) { read(field, c.name, choices); } \
  }

// Every field of PostprocessConfig, in the order of Python's.
constexpr std::array<Known, 22> kFields = {
    BASNET_RT_CHOICE(mode, kModes),
    BASNET_RT_FIELD(class_threshold),
    BASNET_RT_FIELD(cas_thresholds),
    BASNET_RT_FIELD(upsample),
    BASNET_RT_FIELD(outer_ratio),
    BASNET_RT_FIELD(score_weight),
    BASNET_RT_FIELD(nms_iou),
    BASNET_RT_CHOICE(nms, kNmsKinds),
    BASNET_RT_FIELD(soft_sigma),
    BASNET_RT_FIELD(soft_min_score),
    BASNET_RT_CHOICE(normalisation, kNormalisations),
    BASNET_RT_FIELD(fixed_lo),
    BASNET_RT_FIELD(fixed_hi),
    BASNET_RT_CHOICE(gate, kGates),
    BASNET_RT_LIMIT(horizon),
    BASNET_RT_FIELD(min_duration),
    BASNET_RT_FIELD(merge_gap),
    BASNET_RT_LIMIT(max_duration),
    BASNET_RT_LIMIT(max_lookahead),
    BASNET_RT_FIELD(keep_top1),
    BASNET_RT_CHOICE(score_function, kScoreFunctions),
    BASNET_RT_FIELD(topk_divisor),
};

#undef BASNET_RT_FIELD
#undef BASNET_RT_LIMIT
#undef BASNET_RT_CHOICE

const Known& known_field(const std::string& name) {
  std::string known;
  for (const Known& field : kFields) {
    if (name == field.first) return field;
    known += (known.empty() ? "" : ", ") + std::string(field.first);
  }
  throw Error(ErrorCode::kInvalidArgument, json::quoted(name.substr(0, 100)) +
                                               " is no field of PostprocessConfig; it must be "
                                               "one of " +
                                               known);
}

}  // namespace

void apply_fields(const json::Value& fields, PostprocessConfig& config) {
  for (const json::Member& member : fields.members) {
    known_field(member.name).second({member.name, member.value}, config);
  }
}

}  // namespace bundle

PostprocessConfig parse_config(std::string_view text, const PostprocessConfig& base) {
  constexpr const char* kAllowed = "; they must be a JSON object of fields";
  json::Value fields;
  try {
    fields = json::read(text);
  } catch (const json::BadJson& error) {
    throw Error(ErrorCode::kInvalidArgument,
                "settings are not JSON: " + std::string(error.what()) + kAllowed);
  }
  if (!fields.is(json::Kind::kObject)) {
    throw Error(ErrorCode::kInvalidArgument, "settings are " + json::shown(fields) + kAllowed);
  }
  PostprocessConfig config = base;
  bundle::apply_fields(fields, config);
  check(config);
  return config;
}

}  // namespace basnet_rt
