#include "engine/bundle/mapped_file.h"

#include "engine/bundle/bad_file.h"

#if defined(_WIN32)
#include <filesystem>
#include <fstream>

// Reads the whole file: a mapped file could not be replaced or removed as long as a model exists.
namespace basnet_rt::bundle {

std::shared_ptr<const MappedFile> MappedFile::open(const std::string& path) {
  const std::filesystem::path place = std::filesystem::u8path(path);
  std::error_code error;
  if (!std::filesystem::is_regular_file(place, error)) throw BadFile("no such file");
  const auto size = static_cast<std::size_t>(std::filesystem::file_size(place, error));
  if (error) throw BadFile("it cannot be read: " + error.message());
  std::shared_ptr<MappedFile> mapped(new MappedFile);
  mapped->read_.resize(size);
  std::ifstream file(place, std::ios::binary);
  if (size > 0 && !file.read(mapped->read_.data(), static_cast<std::streamsize>(size))) {
    throw BadFile("it cannot be read");
  }
  mapped->bytes_ = mapped->read_;
  return mapped;
}

MappedFile::~MappedFile() = default;

void MappedFile::release(const void*, std::size_t) const {}

}  // namespace basnet_rt::bundle

#else
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

namespace basnet_rt::bundle {
namespace {

[[noreturn]] void fail() {
  throw BadFile("it cannot be read: " + std::generic_category().message(errno));
}

struct Descriptor {
  explicit Descriptor(int number) : number(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
  int number;
};

std::string read_whole(int file, std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t at = 0; at < size;) {
    const ::ssize_t count = ::read(file, bytes.data() + at, size - at);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail();
    if (count == 0) throw BadFile("it became shorter while it was read");
    at += static_cast<std::size_t>(count);
  }
  return bytes;
}

}  // namespace

std::shared_ptr<const MappedFile> MappedFile::open(const std::string& path) {
  // O_NONBLOCK: a pipe without a writer is refused, instead of waiting for one.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.number < 0 && (errno == ENOENT || errno == ENOTDIR)) throw BadFile("no such file");
  if (file.number < 0) fail();
  struct ::stat about{};
  if (::fstat(file.number, &about) != 0) fail();
  if (!S_ISREG(about.st_mode)) throw BadFile("no such file: it is no regular one");
  std::shared_ptr<MappedFile> mapped(new MappedFile);
  const auto size = static_cast<std::size_t>(about.st_size);
  if (size == 0) return mapped;
  void* const at = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number, 0);
  if (at != MAP_FAILED) {
    mapped->bytes_ = {static_cast<const char*>(at), size};
  } else {
    mapped->read_ = read_whole(file.number, size);
    mapped->bytes_ = mapped->read_;
  }
  return mapped;
}

MappedFile::~MappedFile() {
  if (!read_.empty() || bytes_.empty()) return;
  ::munmap(const_cast<char*>(bytes_.data()), bytes_.size());
}

void MappedFile::release(const void* data, std::size_t size) const {
#if defined(__linux__)  // elsewhere MADV_DONTNEED is advice at most
  const auto* from = static_cast<const char*>(data);
  const char* const begin = bytes_.data();
  if (!read_.empty() || from < begin || from + size > begin + bytes_.size()) return;
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto start = reinterpret_cast<std::uintptr_t>(data);
  const std::uintptr_t first = (start + page - 1) / page * page;
  const std::uintptr_t end = (start + size) / page * page;
  if (first < end) ::madvise(reinterpret_cast<void*>(first), end - first, MADV_DONTNEED);
#else
  static_cast<void>(data);
  static_cast<void>(size);
#endif
}

}  // namespace basnet_rt::bundle
#endif
