#pragma once

// Reads zip archives in memory, as TorchScript writes them. It is strict: anything that two readers
// could read differently is refused.

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

/// Reads an archive of any bytes: errors are BadFile, never a read out of bounds.
class Zip {
 public:
  /// @param bytes  of the whole file; must outlive this.
  /// @throws BadFile: the archive is truncated or not a zip archive, entries overlap or have the
  ///         same name, or a header contradicts the directory.
  explicit Zip(std::string_view bytes);

  const std::vector<ZipEntry>& entries() const { return entries_; }
  /// Null where there is none.
  const ZipEntry* find(std::string_view name) const;

  /// A view of the bytes of a stored entry, after checking the checksum.
  /// @throws BadFile: it is compressed, or its checksum is wrong.
  std::string_view stored(const ZipEntry& entry) const;

  /// The bytes of any entry, after checking the checksum.
  /// @throws BadFile: longer than `limit` bytes, damaged, or of an unknown compression.
  std::string unpacked(const ZipEntry& entry, std::uint64_t limit) const;

 private:
  std::string_view bytes_;
  std::vector<ZipEntry> entries_;
};

}  // namespace basnet_rt::bundle
