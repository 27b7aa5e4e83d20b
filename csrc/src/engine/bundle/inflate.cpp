#include "engine/bundle/inflate.h"

#include <array>
#include <cstdint>
#include <vector>

#include "engine/bundle/bad_file.h"

namespace basnet_rt::bundle {
namespace {

constexpr int kLongestCode = 15;
constexpr std::size_t kLiterals = 288;
constexpr std::size_t kDistances = 30;
constexpr unsigned kEndOfBlock = 256;

[[noreturn]] void fail() { throw BadFile("its compressed bytes are damaged"); }

/// Bits of the stream, the lowest of a byte first.
class Bits {
 public:
  explicit Bits(std::string_view bytes) : bytes_(bytes) {}

  unsigned take(int count) {
    unsigned value = 0;
    for (int i = 0; i < count; ++i) value |= bit() << i;
    return value;
  }
  unsigned bit() {
    if (at_ / 8 >= bytes_.size()) fail();
    const auto byte = static_cast<unsigned char>(bytes_[at_ / 8]);
    return byte >> (at_++ % 8) & 1u;
  }
  void to_whole_byte() { at_ = (at_ + 7) / 8 * 8; }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;  // in bits
};

/// A canonical Huffman code: symbols in order of their codes, and how many codes each length has.
struct Code {
  std::array<unsigned, kLongestCode + 1> count{};
  std::vector<unsigned> symbols;

  explicit Code(const std::vector<unsigned>& lengths) {
    for (const unsigned length : lengths) ++count[length];
    count[0] = 0;
    unsigned room = 1;
    for (int length = 1; length <= kLongestCode; ++length) {
      room *= 2;
      if (count[static_cast<std::size_t>(length)] > room) fail();
      room -= count[static_cast<std::size_t>(length)];
    }
    for (unsigned length = 1; length <= kLongestCode; ++length) {
      for (unsigned symbol = 0; symbol < lengths.size(); ++symbol) {
        if (lengths[symbol] == length) symbols.push_back(symbol);
      }
    }
  }

  unsigned next(Bits& bits) const {
    unsigned code = 0, first = 0, index = 0;
    for (std::size_t length = 1; length <= kLongestCode; ++length) {
      code = code << 1 | bits.bit();
      first <<= 1;
      if (code - first < count[length]) return symbols[index + code - first];
      index += count[length];
      first += count[length];
    }
    fail();
  }
};

class Unpacker {
 public:
  Unpacker(std::string_view packed, std::size_t size) : bits_(packed), size_(size) {
    bytes_.reserve(size);
  }

  std::string unpack() {
    for (bool last = false; !last;) {
      last = bits_.bit() == 1;
      switch (bits_.take(2)) {
        case 0:
          stored();
          break;
        case 1:
          fixed();
          break;
        case 2:
          dynamic();
          break;
        default:
          fail();
      }
    }
    if (bytes_.size() != size_) fail();
    return std::move(bytes_);
  }

 private:
  void put(char byte) {
    if (bytes_.size() == size_) fail();
    bytes_.push_back(byte);
  }
  void stored();
  void fixed();
  void dynamic();
  void block(const Code& literals, const Code& distances);
  void copy(unsigned length_symbol, const Code& distances);

  Bits bits_;
  std::size_t size_;
  std::string bytes_;
};

void Unpacker::stored() {
  bits_.to_whole_byte();
  const unsigned size = bits_.take(16);
  if ((bits_.take(16) ^ 0xffffu) != size) fail();
  for (unsigned i = 0; i < size; ++i) put(static_cast<char>(bits_.take(8)));
}

void Unpacker::fixed() {
  std::vector<unsigned> lengths(kLiterals, 8);
  for (std::size_t i = 144; i < 256; ++i) lengths[i] = 9;
  for (std::size_t i = 256; i < 280; ++i) lengths[i] = 7;
  block(Code(lengths), Code(std::vector<unsigned>(kDistances, 5)));
}

// Lengths of both codes, packed by a third one.
void Unpacker::dynamic() {
  constexpr std::array<std::size_t, 19> kOrder = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                  11, 4,  12, 3, 13, 2, 14, 1, 15};
  const std::size_t literals = bits_.take(5) + 257, distances = bits_.take(5) + 1;
  const std::size_t packed = bits_.take(4) + 4;
  std::vector<unsigned> short_lengths(kOrder.size(), 0);
  for (std::size_t i = 0; i < packed; ++i) short_lengths[kOrder[i]] = bits_.take(3);
  const Code code(short_lengths);
  std::vector<unsigned> lengths;
  while (lengths.size() < literals + distances) {
    const unsigned symbol = code.next(bits_);
    if (symbol < 16) {
      lengths.push_back(symbol);
      continue;
    }
    if (symbol == 16 && lengths.empty()) fail();
    const unsigned repeated = symbol == 16 ? lengths.back() : 0;
    const unsigned times = symbol == 16   ? 3 + bits_.take(2)
                           : symbol == 17 ? 3 + bits_.take(3)
                                          : 11 + bits_.take(7);
    lengths.insert(lengths.end(), times, repeated);
  }
  if (lengths.size() > literals + distances || literals > kLiterals) fail();
  const auto middle = lengths.begin() + static_cast<std::ptrdiff_t>(literals);
  block(Code({lengths.begin(), middle}), Code({middle, lengths.end()}));
}

void Unpacker::block(const Code& literals, const Code& distances) {
  while (true) {
    const unsigned symbol = literals.next(bits_);
    if (symbol == kEndOfBlock) return;
    if (symbol < kEndOfBlock) {
      put(static_cast<char>(symbol));
    } else {
      copy(symbol - kEndOfBlock - 1, distances);
    }
  }
}

// Symbols come in groups of four for lengths, of two for distances; each group doubles the step.
void Unpacker::copy(unsigned length_symbol, const Code& distances) {
  if (length_symbol > 28) fail();
  unsigned length = length_symbol + 3;
  if (length_symbol == 28) {
    length = 258;
  } else if (length_symbol >= 8) {
    const unsigned extra = length_symbol / 4 - 1;
    length = ((4 + length_symbol % 4) << extra) + 3 + bits_.take(static_cast<int>(extra));
  }
  const unsigned symbol = distances.next(bits_);
  if (symbol >= kDistances) fail();
  std::size_t distance = symbol + 1;
  if (symbol >= 4) {
    const unsigned extra = symbol / 2 - 1;
    distance = ((2 + symbol % 2) << extra) + 1 + bits_.take(static_cast<int>(extra));
  }
  if (distance > bytes_.size()) fail();
  for (unsigned i = 0; i < length; ++i) put(bytes_[bytes_.size() - distance]);
}

}  // namespace

std::string inflate(std::string_view packed, std::size_t size) {
  return Unpacker(packed, size).unpack();
}

}  // namespace basnet_rt::bundle
