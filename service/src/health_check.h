#pragma once

#include <string>

#include "options.h"

namespace service {

/// Asks the service at `check_health` whether it is serving, for container programs that can only
/// run a program. "" or why not.
///
/// With `tls_ca` it speaks TLS; with `tls_cert` and `tls_key`, too, it shows them to a service that
/// asks its clients for a certificate.
/// @throws std::invalid_argument: a PEM file cannot be used.
std::string health_problem(const Options& options);

}  // namespace service
