#include "pem.h"

#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>

namespace service {
namespace {

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Bytes = std::unique_ptr<BIO, decltype(&BIO_free)>;

[[noreturn]] void refuse(const std::string& option, const std::string& path,
                         const std::string& why) {
  throw std::invalid_argument("--" + option + " is '" + path + "'; " + why);
}

std::string read_text(const std::string& option, const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  if (in) out << in.rdbuf();
  if (!in) refuse(option, path, std::string("cannot read it: ") + std::strerror(errno));
  return out.str();
}

Bytes bytes_of(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}

Certificate certificate_of(const std::string& text) {
  return {PEM_read_bio_X509(bytes_of(text).get(), nullptr, nullptr, nullptr), X509_free};
}

int no_password(char*, int, int, void*) { return -1; }

}  // namespace

std::string read_certificates(const std::string& option, const std::string& path) {
  const std::string text = read_text(option, path);
  if (certificate_of(text) == nullptr) refuse(option, path, "it must be a certificate in PEM");
  return text;
}

std::string read_key(const std::string& option, const std::string& path,
                     const std::string& certificate) {
  const std::string text = read_text(option, path);
  const Key key(PEM_read_bio_PrivateKey(bytes_of(text).get(), nullptr, no_password, nullptr),
                EVP_PKEY_free);
  if (key == nullptr) refuse(option, path, "it must be a private key in PEM without a password");
  if (X509_check_private_key(certificate_of(certificate).get(), key.get()) != 1) {
    refuse(option, path, "it must be the key of the certificate of --tls-cert");
  }
  return text;
}

}  // namespace service
