#include "keeper_index.h"

#include <iterator>

#include "job.h"

namespace service {

KeeperIndex::KeeperIndex(const Options& options)
    : most_streams_(options.max_states),
      most_bytes_(options.max_state_bytes),
      client_streams_(options.max_states_per_client),
      client_bytes_(options.max_state_bytes_per_client),
      keep_seconds_(options.keep_states) {}

KeeperAnswer KeeperIndex::claim(const KeeperClaim& claim, std::uint64_t& fence) {
  auto entry = entries_.find(claim.name);
  if (entry == entries_.end()) {
    const KeeperAnswer number = check_number(claim.client);
    if (!number.ok()) return number;
    entry = entries_.emplace(claim.name, Entry{claim.owner, claim.client}).first;
    ++clients_[claim.client].streams;
    ++all_.streams;
  } else if (entry->second.owner != claim.owner) {
    return foreign_answer();
  }
  fence = entry->second.fence = ++last_fence_;
  return {};
}

KeeperAnswer KeeperIndex::check_number(const std::string& client) const {
  const auto found = clients_.find(client);
  if (found != clients_.end() && found->second.streams >= client_streams_) {
    return full_answer("this client", client_streams_, "states");
  }
  if (all_.streams >= most_streams_) return full_answer("the service", most_streams_, "states");
  return {};
}

KeeperAnswer KeeperIndex::book(const std::string& name, std::uint64_t fence, std::int64_t bytes) {
  if (!owns(name, fence)) return fenced_answer();
  Entry& entry = entries_.at(name);
  const std::int64_t more = bytes - entry.bytes;
  if (more > 0 && clients_.at(entry.client).bytes + more > client_bytes_) {
    return full_answer("this client", client_bytes_, "bytes");
  }
  if (more > 0 && all_.bytes + more > most_bytes_)
    return full_answer("the service", most_bytes_, "bytes");
  resize(entry, bytes);
  entry.since = now_seconds();
  return {};
}

void KeeperIndex::unbook(const std::string& name, std::int64_t bytes_before) {
  const auto entry = entries_.find(name);
  if (entry != entries_.end()) resize(entry->second, bytes_before);
}

bool KeeperIndex::erase(const std::string& name, std::uint64_t fence) {
  if (!owns(name, fence)) return false;
  forget(entries_.find(name));
  return true;
}

void KeeperIndex::release(const std::string& name, std::uint64_t fence) {
  if (!owns(name, fence)) return;
  const auto entry = entries_.find(name);
  if (entry->second.bytes == 0) return forget(entry);
  entry->second.fence = 0;
  entry->second.since = now_seconds();
}

void KeeperIndex::found(const KeeperClaim& stream, std::int64_t bytes, double age) {
  Entry& entry = entries_[stream.name];
  entry = {stream.owner, stream.client};
  entry.since = now_seconds() - age;
  ++clients_[entry.client].streams;
  ++all_.streams;
  resize(entry, bytes);
}

bool KeeperIndex::owns(const std::string& name, std::uint64_t fence) const {
  const auto entry = entries_.find(name);
  return entry != entries_.end() && fence != 0 && entry->second.fence == fence;
}

KeeperClaim KeeperIndex::stream(const std::string& name) const {
  const Entry& entry = entries_.at(name);
  return {name, entry.owner, entry.client};
}

std::int64_t KeeperIndex::bytes_of(const std::string& name) const {
  const auto entry = entries_.find(name);
  return entry == entries_.end() ? 0 : entry->second.bytes;
}

std::vector<std::string> KeeperIndex::forget_old() {
  std::vector<std::string> old;
  for (auto it = entries_.begin(); it != entries_.end();) {
    const auto entry = it++;
    const bool kept =
        entry->second.fence != 0 || now_seconds() - entry->second.since <= keep_seconds_;
    if (kept) continue;
    old.push_back(entry->first);
    forget(entry);
  }
  return old;
}

void KeeperIndex::resize(Entry& entry, std::int64_t bytes) {
  clients_.at(entry.client).bytes += bytes - entry.bytes;
  all_.bytes += bytes - entry.bytes;
  entry.bytes = bytes;
}

void KeeperIndex::forget(std::map<std::string, Entry>::iterator entry) {
  resize(entry->second, 0);
  --all_.streams;
  const auto client = clients_.find(entry->second.client);
  if (--client->second.streams == 0) clients_.erase(client);
  entries_.erase(entry);
}

}  // namespace service
