#pragma once

#include <optional>
#include <string>
#include <vector>

namespace service {

/// A folder whose files are written completely or not at all: mode 0700, its files 0600, used by
/// one process at a time.
///
/// `write` writes and syncs a temporary file; `publish` renames it; after `sync`, all earlier
/// renames survive a loss of power. Each returns the error, or "". Use it from one thread.
class StateFolder {
 public:
  struct File {
    std::string name;
    double age = 0.0;  ///< seconds since it was written
  };

  /// Makes the folder if it is absent; removes temporary files of an earlier process. Only files
  /// named by `name_of_token` are ever read or removed.
  /// @throws std::runtime_error: it cannot be used, it holds files of others (hidden ones
  ///     excepted), or another process uses it.
  explicit StateFolder(const std::string& path);
  ~StateFolder();
  StateFolder(const StateFolder&) = delete;
  StateFolder& operator=(const StateFolder&) = delete;

  std::string write(const std::string& name, const std::string& bytes);
  std::string publish(const std::string& name);
  std::string sync();
  /// The whole file; absent if there is none.
  /// @throws std::runtime_error: it cannot be read.
  std::optional<std::string> read(const std::string& name);
  void remove(const std::string& name);
  std::vector<File> files();

 private:
  const std::string path_;
  int folder_ = -1;  // descriptors
  int lock_ = -1;
};

}  // namespace service
