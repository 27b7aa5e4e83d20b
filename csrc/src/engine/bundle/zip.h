#pragma once

// Zip archives in memory, as TorchScript writes them, read strictly: two readers of one file must
// not see two different archives, and so whatever is open to reading is refused.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace basnet_rt::bundle {

struct ZipEntry {
  std::string name;
  std::uint64_t offset = 0;  ///< of its bytes in the file
  std::uint64_t packed = 0;  ///< bytes in the file
  std::uint64_t size = 0;    ///< bytes when unpacked
  std::uint32_t crc = 0;     ///< of the unpacked bytes
  bool stored = false;       ///< not compressed
};

/// Reads an archive whose bytes may be anything: what does not fit is BadFile, never a wild read.
class Zip {
 public:
  /// @param bytes  of the whole file; must outlive this.
  /// @throws BadFile: truncated, no zip archive, entries that overlap or are named alike, or a
  ///         header that says other than the directory.
  explicit Zip(std::string_view bytes);

  const std::vector<ZipEntry>& entries() const { return entries_; }
  /// Null where there is none.
  const ZipEntry* find(std::string_view name) const;

  /// The bytes of a stored entry where they lie, their checksum checked.
  /// @throws BadFile: it is compressed, or its checksum is wrong.
  std::string_view stored(const ZipEntry& entry) const;

  /// The bytes of any entry, their checksum checked.
  /// @throws BadFile: longer than `limit` bytes, damaged, or compressed in a way that is not read.
  std::string unpacked(const ZipEntry& entry, std::uint64_t limit) const;

 private:
  std::string_view bytes_;
  std::vector<ZipEntry> entries_;
};

}  // namespace basnet_rt::bundle
