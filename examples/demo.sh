#!/usr/bin/env bash
# From tagged features to evaluated segments, in under a minute: simulated videos to train on and
# others to localize in. With features of your own the last four commands stay as they are.
#
# usage: examples/demo.sh [FOLDER]    what it makes goes there; default: demo
set -euo pipefail

settings=$(dirname "${BASH_SOURCE[0]}")/demo.yaml
folder=${1:-demo}
rm -rf "$folder"
mkdir -p "$folder"

say() { echo; echo "$ $*"; "$@"; }

say basnet-train simulate --preset small --output "$folder/data"

# Training sees the video-level tags of the subset `train`, never its segments.
say basnet-train fit "$settings" --output "$folder/run" \
  --features "$folder/data/features/train" --annotations "$folder/data/annotations.json"

say basnet-train export "$folder/run" --output "$folder/model.pt"

say basnet-rt localize "$folder/data/features/test" --model "$folder/model.pt" \
  --durations "$folder/data/annotations.json" --output "$folder/results.json"

say basnet-rt evaluate "$folder/data/annotations.json" "$folder/results.json" \
  --subset test --tiou 0.1:0.1:0.7 --per-class
