#include "state_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <stdexcept>

namespace service {
namespace {

namespace fs = std::filesystem;

constexpr const char* kEnding = ".stream";
constexpr const char* kBeside = ".part";
constexpr const char* kLock = ".lock";
constexpr std::size_t kNameSize = 64;  // of `name_of_token`

std::string failed(const char* what) {
  return std::string("the stream's state could not be ") + what + ": " + std::strerror(errno);
}

[[noreturn]] void unusable(const std::string& path, const std::string& why) {
  throw std::runtime_error("--state-folder " + path + " cannot be used: " + why);
}

/// The stream of a file of ours with this ending; "": the file is not ours.
std::string stream_of(const std::string& file, const std::string& ending) {
  const std::string name = file.substr(0, kNameSize);
  const bool ours = file == name + ending && name.size() == kNameSize &&
                    name.find_first_not_of("0123456789abcdef") == std::string::npos;
  return ours ? name : "";
}

/// Closed when it goes out of scope.
struct Descriptor {
  explicit Descriptor(int opened) : number(opened) {}
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  const int number;
};

bool write_all(int file, const std::string& bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t wrote = ::write(file, bytes.data() + done, bytes.size() - done);
    if (wrote < 0 && errno != EINTR) return false;
    if (wrote > 0) done += static_cast<std::size_t>(wrote);
  }
  return true;
}

std::string read_all(int file) {
  std::string out;
  char block[1 << 16];
  for (;;) {
    const ssize_t got = ::read(file, block, sizeof block);
    if (got == 0) return out;
    if (got < 0 && errno != EINTR) throw std::runtime_error(failed("read"));
    if (got > 0) out.append(block, static_cast<std::size_t>(got));
  }
}

// The folder becomes private, and files in it are deleted, so it must be nobody else's.
void check_own(const std::string& path) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path, error)) {
    const std::string file = entry.path().filename().string();
    const bool of_the_system = file[0] == '.' || file == "lost+found";
    if (of_the_system || !stream_of(file, kEnding).empty() || !stream_of(file, kBeside).empty()) {
      continue;
    }
    unusable(path, "it holds '" + file + "', which is no kept stream; name a folder of its own");
  }
  if (error) unusable(path, error.message());
}

// The folder itself must survive, too.
void make_private(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) unusable(path, error.message());
  check_own(path);
  if (::chmod(path.c_str(), 0700) != 0) unusable(path, std::strerror(errno));
  const fs::path above = fs::absolute(path).parent_path();
  const Descriptor parent(::open(above.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (parent.number >= 0) ::fsync(parent.number);
}

int locked(int folder, const std::string& path) {
  const int lock = ::openat(folder, kLock, O_CREAT | O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (lock < 0) unusable(path, std::strerror(errno));
  if (::flock(lock, LOCK_EX | LOCK_NB) == 0) return lock;
  ::close(lock);
  unusable(path, "another service keeps its streams there");
}

}  // namespace

StateFolder::StateFolder(const std::string& path) : path_(path) {
  make_private(path);
  folder_ = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder_ < 0) unusable(path, std::strerror(errno));
  try {
    lock_ = locked(folder_, path);
  } catch (...) {
    ::close(folder_);
    throw;
  }
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(path, ignored)) {
    const std::string file = entry.path().filename().string();
    if (!stream_of(file, kBeside).empty()) ::unlinkat(folder_, file.c_str(), 0);
  }
}

StateFolder::~StateFolder() {
  ::close(lock_);
  ::close(folder_);
}

std::string StateFolder::write(const std::string& name, const std::string& bytes) {
  const std::string beside = name + kBeside;
  const Descriptor file(::openat(folder_, beside.c_str(),
                                 O_CREAT | O_TRUNC | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (file.number < 0) return failed("written");
  if (write_all(file.number, bytes) && ::fsync(file.number) == 0) return "";
  const std::string why = failed("written");
  ::unlinkat(folder_, beside.c_str(), 0);
  return why;
}

std::string StateFolder::publish(const std::string& name) {
  const std::string beside = name + kBeside, whole = name + kEnding;
  const bool done = ::renameat(folder_, beside.c_str(), folder_, whole.c_str()) == 0;
  return done ? "" : failed("written");
}

std::string StateFolder::sync() { return ::fsync(folder_) == 0 ? "" : failed("written"); }

std::optional<std::string> StateFolder::read(const std::string& name) {
  const std::string whole = name + kEnding;
  const Descriptor file(::openat(folder_, whole.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (file.number >= 0) return read_all(file.number);
  if (errno == ENOENT) return std::nullopt;
  throw std::runtime_error(failed("read"));
}

void StateFolder::remove(const std::string& name) {
  ::unlinkat(folder_, (name + kEnding).c_str(), 0);
}

std::vector<StateFolder::File> StateFolder::files() {
  std::vector<File> out;
  std::error_code ignored;  // a file may go at any time
  for (const auto& entry : fs::directory_iterator(path_, ignored)) {
    struct stat what{};
    const std::string name = stream_of(entry.path().filename().string(), kEnding);
    if (name.empty() || ::lstat(entry.path().c_str(), &what) != 0 || !S_ISREG(what.st_mode))
      continue;
    const auto age = static_cast<double>(::time(nullptr) - what.st_mtime);
    out.push_back({name, age});
  }
  return out;
}

}  // namespace service
