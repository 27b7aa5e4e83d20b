#!/usr/bin/env bash
# Builds the CUDA backend for this machine's GPU, checks it and times it, in under ten minutes, and
# ends in one table. Everything is run even where a part fails; then the status is 1.
#
# usage: bench/cuda/run_all.sh [--smoke] [--no-build] [--docs]
#   --smoke     without a GPU: no build, tests are only collected, benchmarks run small on the CPU
#   --no-build  take the extension and build/gpu as they are
#   --docs      also put the table into docs/cuda.md
#
# PYTHON  of an environment with what constraints.txt names and a torch with CUDA; the package is
#         built into it. Default: .venv/bin/python
# OUT     folder for the table and the logs; default build/gpu/results
# JOBS    of the builds; default: one per core
set -uo pipefail
trap 'exit 130' INT TERM
cd "$(dirname "$0")/../.." || exit 1

PYTHON=${PYTHON:-.venv/bin/python}
OUT=${OUT:-build/gpu/results}
JOBS=${JOBS:-$(nproc)}
smoke=
build=yes
docs=
for option in "$@"; do
  case $option in
    --smoke) smoke=--smoke build= ;;
    --no-build) build= ;;
    --docs) docs=--docs ;;
    *) echo "unknown option $option; see the head of $0" >&2 && exit 2 ;;
  esac
done

mkdir -p "$OUT" || exit 1
rm -f "$OUT"/*.json "$OUT"/*.log "$OUT"/verdicts.tsv "$OUT"/table.md
PATH=$(cd "$(dirname "$PYTHON")" && pwd):$PATH # its cmake and ninja

note() { printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$OUT/verdicts.tsv"; }

# part NAME LIMIT COMMAND...: runs it for at most LIMIT seconds; its output goes to a log.
part() {
  local name=$1 limit=$2 began=$SECONDS status verdict=ok
  shift 2
  [ -z "$smoke" ] || limit=$((5 * limit)) # machines without a GPU are shared and slow
  echo "== $name"
  timeout --kill-after=5 "$limit" "$@" >"$OUT/$name.log" 2>&1
  status=$?
  if [ "$status" = 124 ] || [ "$status" = 137 ]; then
    verdict="FAILED: over $limit s"
  elif [ "$status" != 0 ]; then
    verdict="FAILED: status $status"
  fi
  [ "$status" = 0 ] || tail -n 30 "$OUT/$name.log"
  note "$name" "$verdict" "$((SECONDS - began)) s"
}

skip() {
  echo "== $1: $2"
  note "$1" "$2" "-"
}

if [ -z "$smoke" ]; then
  capability=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null | head -n 1)
  if ! [[ $capability =~ ^[0-9]+\.[0-9]+$ ]]; then
    echo "nvidia-smi finds no GPU here (it says \"$capability\"); --smoke tries all else" >&2
    exit 3
  fi
  architecture=${capability/./}
  export BASNET_RT_REQUIRE_GPU=1
fi
command -v ccache >/dev/null && export CMAKE_CXX_COMPILER_LAUNCHER=ccache \
  CMAKE_CUDA_COMPILER_LAUNCHER=ccache
export CMAKE_BUILD_PARALLEL_LEVEL=$JOBS
unset BASNET_RT_FORCE_BACKEND

build_extension() {
  "$PYTHON" -m pip install --no-build-isolation --no-deps \
    --config-settings cmake.define.BASNET_RT_CUDA=ON \
    --config-settings cmake.define.BASNET_RT_CUDA_ARCHITECTURES="$architecture" -e .
}
build_cpp() {
  cmake -S . -B build/gpu -G Ninja -DCMAKE_BUILD_TYPE=Release -DBASNET_RT_TESTS=ON \
    -DBASNET_RT_CUDA=ON -DBASNET_RT_CUDA_ARCHITECTURES="$architecture" &&
    cmake --build build/gpu --target basnet_rt_cuda_tests
}
export -f build_extension build_cpp
export PYTHON architecture

if [ -n "$build" ]; then
  # At the same time: each waits for a few kernels to compile.
  part build-cpp 190 bash -c build_cpp &
  part build-extension 190 bash -c build_extension
  wait
fi

tests=build/gpu/tests/cpp/basnet_rt_cuda_tests
# Under a sanitizer kernels take up to a hundred times as long, and a full device is of no interest.
few=--gtest_filter=-*OutOfMemory*:*MemoryOfTheHost*:*ALongVideo*:*DoesNotWait*:*Threads*
if [ -n "$smoke" ]; then
  skip cpp-tests "skipped: no GPU"
  part python-tests 90 "$PYTHON" -m pytest tests/python/cuda -m needs_cuda --collect-only -q
else
  part cpp-tests 45 "$tests"
  part python-tests 80 "$PYTHON" -m pytest tests/python/cuda -q --deselect \
    tests/python/cuda/test_bench_scripts.py
fi
for tool in memcheck racecheck; do
  if [ -n "$smoke" ]; then
    skip "$tool" "skipped: no GPU"
  elif ! command -v compute-sanitizer >/dev/null; then
    skip "$tool" "not run: compute-sanitizer is not installed"
  else
    # Some tests ask for what cannot be, on purpose: errors of the API are no findings.
    part "$tool" 55 compute-sanitizer --tool "$tool" --report-api-errors no --error-exitcode 9 \
      "$tests" "$few"
  fi
done
for bench in postprocess localize streams; do
  # shellcheck disable=SC2086 # no option where it is empty
  part "bench-$bench" 53 "$PYTHON" -m bench.cuda.$bench --out "$OUT/$bench.json" $smoke
done

echo
# shellcheck disable=SC2086
"$PYTHON" -m bench.cuda.table "$OUT" $docs || exit 1
! grep -q FAILED "$OUT/verdicts.tsv"
