#pragma once

// Zip archives, and their stored entries; TorchScript compresses its code.

#include <cstdint>
#include <istream>
#include <stdexcept>
#include <string>
#include <vector>

namespace basnet_rt::zip {

/// What is wrong with an archive; callers say which one, as a basnet_rt::Error.
class BadZip : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Entry {
  std::string name;
  std::uint64_t size = 0;
  std::uint64_t header = 0;  ///< where its local header begins
  std::uint32_t crc = 0;
  bool stored = false;  ///< neither compressed nor encrypted
};

/// Reads an archive whose bytes may be anything: what does not fit is BadZip, never a wild read.
class Reader {
 public:
  /// @param input  seekable; must outlive this.
  /// @throws BadZip: truncated, or no zip archive.
  explicit Reader(std::istream& input);

  const std::vector<Entry>& entries() const { return entries_; }

  /// @throws BadZip: its checksum is wrong, it is compressed, or it does not lie in the archive.
  std::string read(const Entry& entry);
  /// The same without keeping the bytes, however many.
  void check(const Entry& entry);

 private:
  std::string bytes_at(std::uint64_t offset, std::uint64_t size);
  template <class Take>
  void pass(const Entry& entry, const Take& take);

  std::istream& input_;
  std::uint64_t size_ = 0;
  std::vector<Entry> entries_;
};

}  // namespace basnet_rt::zip
