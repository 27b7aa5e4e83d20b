#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace basnet_rt::bundle {

/// A whole file in memory: mapped read-only if the system can, else read.
///
/// If another program shortens a mapped file, this process ends with a bus error. Programs that
/// replace a file by renaming cause no error.
class MappedFile {
 public:
  /// @throws BadFile: it is not a regular file, or cannot be read.
  static std::shared_ptr<const MappedFile> open(const std::string& path);

  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  /// Valid as long as this object; begins on a page where it is mapped.
  std::string_view bytes() const { return bytes_; }

  /// Lets the system take back the memory of these bytes; a later use reads them from the file.
  /// Does nothing where the file is not mapped, or the system has no such call.
  void release(const void* data, std::size_t size) const;

 private:
  MappedFile() = default;

  std::string_view bytes_;
  std::string read_;  // where it could not be mapped
};

}  // namespace basnet_rt::bundle
