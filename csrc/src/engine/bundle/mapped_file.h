#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace basnet_rt::bundle {

/// A whole file in memory, mapped read-only where the system can, read where it cannot.
///
/// Mapped pages are the file's own: a program that shortens the file while it is mapped ends this
/// one by a bus error. Writers that replace a file (rename) do not.
class MappedFile {
 public:
  /// @throws BadFile: no regular file, or it cannot be read.
  static std::shared_ptr<const MappedFile> open(const std::string& path);

  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  /// Valid as long as this object; begins on a page where it is mapped.
  std::string_view bytes() const { return bytes_; }

 private:
  MappedFile() = default;

  std::string_view bytes_;
  std::string read_;  // where it could not be mapped
};

}  // namespace basnet_rt::bundle
