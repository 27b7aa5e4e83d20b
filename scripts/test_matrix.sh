#!/usr/bin/env bash
# Oldest and newest of what basnet_rt works with: each combination in an environment of its own below
# build/matrix, with a wheel of its own, from features to detections. Not part of CI: environments with
# torch are gigabytes.
#
# usage: test_matrix.sh [-t] [-w WHEELS]
#   -t         torch too, each of TORCHES (default "2.13.0 2.14.1") for TORCH_PYTHON (python3.11);
#              each also runs the bundles that the others wrote
#   -w WHEELS  a folder of wheels that scripts/build_wheels.sh made; without it, they are built
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
torches= wheels=
while getopts tw: option; do
  case $option in t) torches=${TORCHES:-2.13.0 2.14.1} ;; w) wheels=$OPTARG ;; *) exit 2 ;; esac
done
mkdir -p build/matrix
if [[ -z $wheels ]]; then
  wheels=build/matrix/wheels
  scripts/build_wheels.sh -o "$wheels"
fi

# environment NAME PYTHON PACKAGE...: its interpreter, with the wheel for it
environment() {
  local home=build/matrix/$1 python=$2 tag
  shift 2
  tag=$("$python" -c 'import sys; print("cp%d%d" % sys.version_info[:2])')
  [[ -x $home/bin/python ]] || "$python" -m venv "$home"
  "$home/bin/python" -m pip install -q --force-reinstall --no-deps "$wheels"/basnet_rt-*-"$tag"-"$tag"-*.whl >&2
  "$home/bin/python" -m pip install -q "$@" >&2
  echo "$home/bin/python"
}

version_of() { "$1" -c "import importlib.metadata as m; print(m.version('$2'))"; }

for wheel in "$wheels"/*.whl; do
  tag=$(basename "$wheel" | cut -d- -f3)
  minor=${tag#cp3}
  found=$(command -v "python3.$minor" || true)
  [[ -n $found ]] && "$found" -c '' 2>/dev/null ||
    found=$(ls -d ~/.pyenv/versions/3."$minor".*/bin/python 2>/dev/null | sort -V | tail -1)
  # The oldest NumPy of pyproject.toml where it has a wheel for that Python, and the newest.
  for numpy in "numpy==1.24.*" numpy; do
    [[ $numpy == numpy || $minor -le 11 ]] || continue
    python=$(environment "$tag-${numpy//[^0-9a-z]/}" "$found" "$numpy")
    "$python" tests/install/programs/whole_way.py | cksum |
      xargs echo "Python 3.$minor, NumPy $(version_of "$python" numpy):"
  done
done
for torch in $torches; do
  python=$(environment "torch-$torch" "$(command -v "${TORCH_PYTHON:-python3.11}")" "torch==$torch" \
    numpy typer rich pydantic pyyaml safetensors h5py)
  "$python" tests/install/programs/with_torch.py build/matrix
done
