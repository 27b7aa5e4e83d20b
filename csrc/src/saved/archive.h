#pragma once

// Saved state: a header (magic, version, size, checksum) and fields in a fixed order. One `visit`
// function per class names its fields once, for writing and reading alike.

#include <cstdint>
#include <cstring>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "basnet_rt/error.h"

namespace basnet_rt::archive {

/// FNV-1a, 64 bits: finds damage, but not forgery.
inline std::uint64_t checksum(std::string_view bytes) {
  std::uint64_t hash = 14695981039346656037ull;
  for (const char byte : bytes) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 1099511628211ull;
  }
  return hash;
}

/// Appends fields in the machine's byte order; every machine this is built for is little-endian.
class Writer {
 public:
  template <class T>
  void field(T& value) {
    if constexpr (std::is_class_v<T>) {
      value.visit(*this);
    } else {
      bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
  }
  template <class Container>
  void sequence(Container& values) {
    auto size = static_cast<std::uint64_t>(values.size());
    field(size);
    for (auto& value : values) field(value);
  }
  /// A string or vector of plain numbers, at once.
  template <class Container>
  void block(const Container& values) {
    auto size = static_cast<std::uint64_t>(values.size());
    field(size);
    bytes_.append(reinterpret_cast<const char*>(values.data()), size * sizeof values[0]);
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// Throws for content that `save` cannot have written although its checksum fits.
[[noreturn]] inline void refuse_content() {
  throw Error(ErrorCode::kInvalidState, "saved state is damaged: its parts do not fit together");
}

/// Reads the fields that Writer wrote; too few bytes are an Error, never a read out of bounds.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  template <class T>
  void field(T& value) {
    if constexpr (std::is_class_v<T>) {
      value.visit(*this);
    } else if constexpr (std::is_same_v<T, bool>) {
      std::uint8_t byte = 0;
      field(byte);
      if (byte > 1) refuse_content();
      value = byte == 1;
    } else {
      need(sizeof value);
      std::memcpy(&value, bytes_.data(), sizeof value);
      bytes_.remove_prefix(sizeof value);
    }
  }
  template <class Container>
  void sequence(Container& values) {
    values.resize(count());
    for (auto& value : values) field(value);
  }
  template <class Container>
  void block(Container& values) {
    const std::uint64_t size = count();
    need(size * sizeof values[0]);
    values.resize(size);
    if (size > 0) std::memcpy(values.data(), bytes_.data(), size * sizeof values[0]);
    bytes_.remove_prefix(size * sizeof values[0]);
  }
  /// A number of elements. Each has at least one byte, so a wrong number cannot allocate too much.
  std::uint64_t count() {
    std::uint64_t size = 0;
    field(size);
    need(size);
    return size;
  }
  bool at_end() const { return bytes_.empty(); }
  std::size_t remaining() const { return bytes_.size(); }

 private:
  void need(std::uint64_t size) const {
    if (size > bytes_.size()) {
      throw Error(ErrorCode::kInvalidState, "saved state is truncated");
    }
  }

  std::string_view bytes_;
};

/// Writes or reads a value that may be absent.
template <class Archive, class T>
void optional(Archive& archive, std::optional<T>& value) {
  bool present = value.has_value();
  archive.field(present);
  if (!present) return value.reset();
  if (!value) value.emplace();
  archive.field(*value);
}

/// Wraps a payload; `kind` is four characters.
inline std::string seal(std::string_view kind, std::uint32_t version, std::string_view payload) {
  Writer header;
  std::string sealed(kind);
  auto size = static_cast<std::uint64_t>(payload.size());
  std::uint64_t sum = checksum(payload);
  header.field(version);
  header.field(size);
  header.field(sum);
  return sealed + header.take() + std::string(payload);
}

/// The payload of sealed bytes; the Error says why they cannot be read.
inline std::string_view unseal(std::string_view kind, std::uint32_t version,
                               std::string_view bytes) {
  const auto refuse = [](const std::string& why) {
    throw Error(ErrorCode::kInvalidState, "saved state " + why);
  };
  constexpr std::size_t kHeader = 4 + 4 + 8 + 8;
  if (bytes.substr(0, 4) != kind) refuse("is not of this kind of object");
  if (bytes.size() < kHeader) refuse("is truncated");
  Reader header(bytes.substr(4, kHeader - 4));
  std::uint32_t found_version = 0;
  std::uint64_t size = 0;
  std::uint64_t sum = 0;
  header.field(found_version);
  header.field(size);
  header.field(sum);
  const std::string_view payload = bytes.substr(kHeader);
  if (found_version != version) {
    refuse("has version " + std::to_string(found_version) + "; this library reads version " +
           std::to_string(version));
  }
  if (payload.size() != size) {
    refuse("is damaged or truncated: it has " + std::to_string(payload.size()) +
           " bytes of content; its header says " + std::to_string(size));
  }
  if (checksum(payload) != sum) refuse("is damaged: its checksum does not match");
  return payload;
}

}  // namespace basnet_rt::archive
