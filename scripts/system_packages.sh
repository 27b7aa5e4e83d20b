#!/usr/bin/env bash
# Sees to the few things that pip cannot install: a C++ compiler, Python's headers, GoogleTest,
# Chromium.
#
# usage: system_packages.sh PYTHON
# Where nothing is missing it does nothing and needs no network. As root on Debian or Ubuntu it
# installs; elsewhere it names in one line what is missing, and fails.
set -euo pipefail

python=${1:-python3}
missing=()

has_header() { echo "#include <$1>" | "${CXX:-g++}" -E -x c++ - >/dev/null 2>&1; }

command -v "${CXX:-g++}" >/dev/null || missing+=(g++)
command -v readelf >/dev/null || missing+=(binutils)
command -v pkg-config >/dev/null || missing+=(pkg-config)
# It only saves time, minutes in CI.
[[ -z ${CI:-} ]] || command -v ccache >/dev/null || missing+=(ccache)
has_header gtest/gtest.h || missing+=(libgtest-dev)
has_header grpcpp/grpcpp.h || missing+=(libgrpc++-dev)
has_header google/protobuf/message.h || missing+=(libprotobuf-dev)
command -v protoc >/dev/null || missing+=(protobuf-compiler)
command -v grpc_cpp_plugin >/dev/null || missing+=(protobuf-compiler-grpc)
has_header prometheus/exposer.h || missing+=(prometheus-cpp-dev)
command -v openssl >/dev/null || missing+=(openssl)
# basnet_rt runs on 3.10; what constraints.txt pins for its development does not.
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
  { echo "Python 3.11 or newer is needed as '$python'; say make PYTHON=..." >&2; exit 1; }
"$python" -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
# The report's tests look at it in a real browser.
command -v chromium >/dev/null || command -v google-chrome >/dev/null || missing+=(chromium)
header=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h
[[ -e $header ]] || missing+=(python3-dev)

((${#missing[@]})) || exit 0
if [[ $(id -u) -ne 0 ]] || ! command -v apt-get >/dev/null; then
  echo "missing system packages: sudo apt-get install ${missing[*]}" >&2
  exit 1
fi
echo "== installing system packages: ${missing[*]}"
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
