#pragma once

#include <string>

namespace service {

/// The text of the PEM file that an option names; its first certificate must be whole.
/// @throws std::invalid_argument naming option and file.
std::string read_certificates(const std::string& option, const std::string& path);

/// The text of the PEM file with the private key of this certificate.
/// @throws std::invalid_argument naming option and file.
std::string read_key(const std::string& option, const std::string& path,
                     const std::string& certificate);

}  // namespace service
