#pragma once

#include <optional>
#include <string>
#include <vector>

namespace service {

/// A folder of files that are written whole: 0700, its files 0600, used by one process at a time.
///
/// `write` puts the bytes beside and syncs them; `publish` renames; `sync` makes every rename so
/// far survive a loss of power. Each says what failed, or "". Not for several threads.
class StateFolder {
 public:
  struct File {
    std::string name;
    double age = 0.0;  ///< seconds since it was written
  };

  /// Made where it is absent; what an earlier process wrote beside is removed.
  /// @throws std::runtime_error: it cannot be used, or another process uses it.
  explicit StateFolder(const std::string& path);
  ~StateFolder();
  StateFolder(const StateFolder&) = delete;
  StateFolder& operator=(const StateFolder&) = delete;

  std::string write(const std::string& name, const std::string& bytes);
  std::string publish(const std::string& name);
  std::string sync();
  /// The whole file; absent where there is none.
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
