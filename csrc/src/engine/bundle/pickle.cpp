#include "engine/bundle/pickle.h"

#include <cstring>
#include <string>

#include "engine/bundle/bad_file.h"

// Source of the opcodes: CPython's Lib/pickletools.py, protocol 2.

namespace basnet_rt::bundle {

using Kind = Pickled::Kind;

namespace {

// A bundle's pickle has about 500 values in 1.5 KB.
constexpr std::size_t kMostValues = 20'000;
constexpr std::size_t kMostBytes = std::size_t{1} << 20;

[[noreturn]] void fail(const std::string& why) { throw BadFile("its pickle " + why); }

}  // namespace

const Pickled* Pickled::find(std::string_view key) const {
  if (kind != Kind::kDict) return nullptr;
  const Pickled* found = nullptr;
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
    if (!items[i]->is(Kind::kText) || items[i]->text != key) continue;
    if (found != nullptr) fail("has " + std::string(key) + " twice");
    found = items[i + 1];
  }
  return found;
}

/// The stack machine. A null on the stack is a mark.
class PickleReader {
 public:
  PickleReader(std::string_view bytes, std::deque<Pickled>& values)
      : bytes_(bytes), values_(values) {}

  const Pickled* run() {
    if (bytes_.size() > kMostBytes) fail("is longer than a bundle's ever is");
    if (take(1) != "\x80" || take(1) != "\x02") fail("is no pickle of protocol 2");
    while (true) {
      const char code = take(1).front();
      if (code == '.') break;
      step(code);
    }
    if (stack_.size() != 1 || stack_[0] == nullptr) fail("does not end with one value");
    return stack_[0];
  }

 private:
  void step(char code);
  bool plain(char code);
  bool number(char code);
  bool container(char code);
  bool growing(char code);
  bool memo(char code);
  bool call(char code);

  std::string_view take(std::size_t size) {
    if (size > bytes_.size() - at_) fail("is cut off");
    at_ += size;
    return bytes_.substr(at_ - size, size);
  }
  std::uint64_t little(std::size_t size) {
    const std::string_view digits = take(size);
    std::uint64_t value = 0;
    for (std::size_t i = size; i-- > 0;) value = value << 8 | static_cast<unsigned char>(digits[i]);
    return value;
  }
  std::string_view line() {
    const std::size_t end = bytes_.find('\n', at_);
    if (end == std::string_view::npos) fail("is cut off");
    const std::string_view text = take(end - at_);
    take(1);
    return text;
  }

  Pickled& make(Kind kind) {
    if (values_.size() >= kMostValues) fail("holds more values than a bundle's ever does");
    Pickled& value = values_.emplace_back();
    value.kind = kind;
    return value;
  }
  Pickled& push(Kind kind) {
    Pickled& value = make(kind);
    stack_.push_back(&value);
    return value;
  }
  void push_integer(std::int64_t integer) { push(Kind::kInt).integer = integer; }
  Pickled* pop() {
    if (stack_.empty() || stack_.back() == nullptr) fail("takes a value that is not there");
    Pickled* const value = stack_.back();
    stack_.pop_back();
    return value;
  }
  Pickled* pop(Kind kind) {
    Pickled* const value = pop();
    if (!value->is(kind)) fail("has a value of another kind than a bundle's has there");
    return value;
  }
  PickledItems to_mark() {
    std::size_t begin = stack_.size();
    while (begin > 0 && stack_[begin - 1] != nullptr) --begin;
    if (begin == 0) fail("has no mark where one is needed");
    const PickledItems items(stack_.begin() + static_cast<std::ptrdiff_t>(begin), stack_.end());
    stack_.resize(begin - 1);
    return items;
  }
  void tuple(std::size_t count) {
    PickledItems items(count);
    for (std::size_t i = count; i-- > 0;) items[i] = pop();
    push(Kind::kTuple).items = std::move(items);
  }
  void extend(Kind kind, const PickledItems& items) {
    Pickled* const to = pop(kind);
    held_ += items.size();
    if (held_ > kMostValues) fail("holds more values than a bundle's ever does");
    to->items.insert(to->items.end(), items.begin(), items.end());
    stack_.push_back(to);
  }
  void reduce();

  std::string_view bytes_;
  std::deque<Pickled>& values_;
  std::size_t at_ = 0;
  std::size_t held_ = 0;
  std::vector<Pickled*> stack_;
  std::vector<Pickled*> memo_;
};

void PickleReader::step(char code) {
  if (plain(code) || number(code) || container(code) || growing(code) || memo(code) || call(code))
    return;
  fail("has opcode " + std::to_string(static_cast<unsigned char>(code)) + " at byte " +
       std::to_string(at_ - 1) + ", which no bundle's has");
}

bool PickleReader::plain(char code) {
  switch (code) {
    case 'N':
      push(Kind::kNone);
      return true;
    case '\x88':
    case '\x89':
      push(Kind::kBool).truth = code == '\x88';
      return true;
    case 'X': {
      const std::string_view text = take(static_cast<std::size_t>(little(4)));
      push(Kind::kText).text = text;
      return true;
    }
    case 'c': {  // two lines; the text between stays one piece of the bytes
      const std::size_t begin = at_;
      line();
      line();
      push(Kind::kGlobal).text = bytes_.substr(begin, at_ - 1 - begin);
      return true;
    }
    default:
      return false;
  }
}

bool PickleReader::number(char code) {
  switch (code) {
    case 'J':
      push_integer(static_cast<std::int32_t>(little(4)));
      return true;
    case 'K':
      push_integer(static_cast<std::int64_t>(little(1)));
      return true;
    case 'M':
      push_integer(static_cast<std::int64_t>(little(2)));
      return true;
    case '\x8a':
      if (take(1) != "\x08") fail("has an integer of another size than torch writes");
      push_integer(static_cast<std::int64_t>(little(8)));
      return true;
    case 'G': {
      std::uint64_t bits = 0;
      for (const char byte : take(8)) bits = bits << 8 | static_cast<unsigned char>(byte);
      std::memcpy(&push(Kind::kFloat).number, &bits, sizeof bits);
      return true;
    }
    default:
      return false;
  }
}

bool PickleReader::container(char code) {
  switch (code) {
    case '(':
      stack_.push_back(nullptr);
      return true;
    case ')':
      push(Kind::kTuple);
      return true;
    case '\x85':
    case '\x86':
    case '\x87':
      tuple(static_cast<std::size_t>(static_cast<unsigned char>(code) - 0x84));
      return true;
    case 't': {
      PickledItems items = to_mark();
      push(Kind::kTuple).items = std::move(items);
      return true;
    }
    default:
      return false;
  }
}

bool PickleReader::growing(char code) {
  switch (code) {
    case ']':
      push(Kind::kList);
      return true;
    case '}':
      push(Kind::kDict);
      return true;
    case 'a': {
      const Pickled* const item = pop();
      extend(Kind::kList, {item});
      return true;
    }
    case 'e':
      extend(Kind::kList, to_mark());
      return true;
    case 's': {
      const Pickled* const value = pop();
      const Pickled* const key = pop();
      extend(Kind::kDict, {key, value});
      return true;
    }
    case 'u': {
      const PickledItems items = to_mark();
      if (items.size() % 2 != 0) fail("has a key without a value");
      extend(Kind::kDict, items);
      return true;
    }
    default:
      return false;
  }
}

bool PickleReader::memo(char code) {
  std::size_t index = 0;
  switch (code) {
    case 'q':
    case 'h':
      index = static_cast<std::size_t>(little(1));
      break;
    case 'r':
    case 'j':
      index = static_cast<std::size_t>(little(4));
      break;
    default:
      return false;
  }
  if (code == 'h' || code == 'j') {
    if (index >= memo_.size() || memo_[index] == nullptr) fail("refers to what it does not hold");
    stack_.push_back(memo_[index]);
    return true;
  }
  if (index >= kMostValues) fail("numbers more values than a bundle's ever does");
  if (stack_.empty() || stack_.back() == nullptr) fail("takes a value that is not there");
  if (index >= memo_.size()) memo_.resize(index + 1, nullptr);
  memo_[index] = stack_.back();
  return true;
}

bool PickleReader::call(char code) {
  switch (code) {
    case 'Q': {
      const Pickled* const id = pop(Kind::kTuple);
      push(Kind::kStorage).items = id->items;
      return true;
    }
    case 'R':
      reduce();
      return true;
    case '\x81': {
      if (!pop(Kind::kTuple)->items.empty()) fail("makes an object with arguments");
      const std::string_view name = pop(Kind::kGlobal)->text;
      push(Kind::kObject).text = name;
      return true;
    }
    case 'b': {
      const Pickled* const state = pop();
      Pickled* const object = pop(Kind::kObject);
      if (object->state != nullptr) fail("sets the state of an object twice");
      object->state = state;
      stack_.push_back(object);
      return true;
    }
    default:
      return false;
  }
}

// The results of a bundle's calls, as data.
void PickleReader::reduce() {
  const PickledItems arguments = pop(Kind::kTuple)->items;
  const std::string_view name = pop(Kind::kGlobal)->text;
  if (name == "torch._utils\n_rebuild_tensor_v2") {
    push(Kind::kTensor).items = arguments;
  } else if ((name == "torch.jit._pickle\nbuild_tensorlist" ||
              name == "torch.jit._pickle\nbuild_intlist") &&
             arguments.size() == 1) {
    push(Kind::kTuple).items = arguments;
  } else if (name == "collections\nOrderedDict" && arguments.empty()) {
    push(Kind::kDict);
  } else {
    std::string shown(name.substr(0, 100));
    for (char& letter : shown) {
      if (letter < ' ' || letter > '~') letter = letter == '\n' ? '.' : '?';
    }
    fail("calls " + shown + ", which no bundle does");
  }
}

Pickle::Pickle(std::string_view bytes) { root_ = PickleReader(bytes, values_).run(); }

}  // namespace basnet_rt::bundle
