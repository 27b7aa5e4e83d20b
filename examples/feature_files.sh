#!/usr/bin/env bash
# From tagged feature files to evaluated segments, in under a minute: simulated features to train on
# and others to localize in. With feature files of your own the last four commands stay as they are;
# with videos, see `basnet-rt demo`.
#
# usage: examples/feature_files.sh [FOLDER]    a new one, for all it makes; default: feature_files
set -euo pipefail

settings=$(dirname "${BASH_SOURCE[0]}")/feature_files.yaml
folder=${1:-feature_files}
mkdir "$folder"

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
