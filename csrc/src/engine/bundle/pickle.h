#pragma once

// Reads the part of Python's pickle, protocol 2, that torch.jit.save writes, as plain data. Nothing
// is called: a "global" is only a name, and the few calls that occur (a tensor, a list of tensors
// or integers, an empty dictionary) become data of their own kinds. Everything else is refused.

#include <cstdint>
#include <deque>
#include <string_view>
#include <utility>
#include <vector>

namespace basnet_rt::bundle {

struct Pickled;
using PickledItems = std::vector<const Pickled*>;

/// One value of a pickle; only the fields of its kind are set.
struct Pickled {
  enum class Kind {
    kNone,
    kBool,
    kInt,
    kFloat,
    kText,
    kGlobal,   ///< text: "module name"
    kTuple,    ///< items
    kList,     ///< items
    kDict,     ///< items: key, value, key, value ...
    kStorage,  ///< items: those of the persistent id
    kTensor,   ///< items: storage, offset, shape, stride, ...
    kObject,   ///< text: its class; state
  };
  Kind kind = Kind::kNone;
  bool truth = false;
  std::int64_t integer = 0;
  double number = 0.0;
  std::string_view text;
  PickledItems items;
  const Pickled* state = nullptr;

  bool is(Kind wanted) const { return kind == wanted; }
  /// The value under a text key of a kDict; null where there is none.
  /// @throws BadFile: there are two.
  const Pickled* find(std::string_view key) const;
};

/// A pickle, read.
class Pickle {
 public:
  /// @param bytes  must outlive this.
  /// @throws BadFile: the pickle is truncated, too large, or not like that of a bundle.
  explicit Pickle(std::string_view bytes);
  Pickle(const Pickle&) = delete;
  Pickle& operator=(const Pickle&) = delete;

  const Pickled& root() const { return *root_; }

 private:
  friend class PickleReader;

  std::deque<Pickled> values_;  // addresses stay
  const Pickled* root_ = nullptr;
};

}  // namespace basnet_rt::bundle
