#!/usr/bin/env bash
# Sees to the few things that pip cannot install: a C++ compiler, Python's headers, GoogleTest,
# Chromium.
#
# usage: system_packages.sh PYTHON [demo]    with "demo" only what compiling the package needs
# Where nothing is missing it does nothing and needs no network. As root on Debian or Ubuntu it
# installs; elsewhere it names in one line what is missing, and fails.
set -euo pipefail

python=${1:-python3}
purpose=${2:-development}
missing=()

need() { command -v "$1" >/dev/null || missing+=("${2:-$1}"); }
need_header() {
  echo "#include <$1>" | "${CXX:-g++}" -E -x c++ - >/dev/null 2>&1 || missing+=("$2")
}

need "${CXX:-g++}" g++
# basnet_rt runs on 3.10; what constraints.txt pins for its development does not.
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
  { echo "Python 3.11 or newer is needed as '$python'; say make PYTHON=..." >&2; exit 1; }
"$python" -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
header=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h
[[ -e $header ]] || missing+=(python3-dev)

if [[ $purpose == development ]]; then
  need readelf binutils
  need pkg-config
  need ccache # stages compile the same files: without it they take minutes longer
  need_header gtest/gtest.h libgtest-dev
  need_header grpcpp/grpcpp.h libgrpc++-dev
  need_header google/protobuf/message.h libprotobuf-dev
  need protoc protobuf-compiler
  need grpc_cpp_plugin protobuf-compiler-grpc
  need_header prometheus/exposer.h prometheus-cpp-dev
  need openssl
  need_header hiredis/hiredis.h libhiredis-dev
  need redis-server
  need aarch64-linux-gnu-g++ g++-aarch64-linux-gnu
  need qemu-aarch64 qemu-user
  # The report's tests look at it in a real browser.
  command -v chromium >/dev/null || need google-chrome chromium
fi

((${#missing[@]})) || exit 0
if [[ $(id -u) -ne 0 ]] || ! command -v apt-get >/dev/null; then
  echo "missing system packages: sudo apt-get install ${missing[*]}" >&2
  exit 1
fi
echo "== installing system packages: ${missing[*]}"
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
