#pragma once

#include <string>

namespace service {

/// Asks the service at host:port whether it is serving, for container programs that can only run a
/// program. Without TLS; "" or why not.
std::string health_problem(const std::string& address);

}  // namespace service
