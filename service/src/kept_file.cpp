#include "kept_file.h"

#include <utility>

#include "digest.h"
#include "stream_record.pb.h"

namespace service {
namespace {

constexpr const char kMark[] = "BRKEPT\x01\n";  // 8 bytes; the seventh is the version
constexpr std::size_t kMarkBytes = 8, kDigestBytes = 32;

}  // namespace

std::string packed(const KeeperClaim& stream, std::string record) {
  basnet_rt::v1::KeptFile file;
  file.set_name(stream.name);
  file.set_owner(stream.owner);
  file.set_client(stream.client);
  file.set_record(std::move(record));
  const std::string body = file.SerializeAsString();
  return std::string(kMark, kMarkBytes) + sha256(body) + body;
}

std::optional<Unpacked> unpacked(const std::string& bytes, const std::string& name) {
  if (bytes.size() < kMarkBytes + kDigestBytes) return std::nullopt;
  const std::string body = bytes.substr(kMarkBytes + kDigestBytes);
  basnet_rt::v1::KeptFile file;
  const bool whole = bytes.compare(0, kMarkBytes, kMark, kMarkBytes) == 0 &&
                     bytes.compare(kMarkBytes, kDigestBytes, sha256(body)) == 0 &&
                     file.ParseFromString(body) && file.name() == name;
  if (!whole) return std::nullopt;
  return Unpacked{{file.name(), file.owner(), file.client()}, std::move(*file.mutable_record())};
}

}  // namespace service
