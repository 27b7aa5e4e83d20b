#!/usr/bin/env bash
# Runs make targets one after the other, all of them even where one fails, and ends in a table.
#
# usage: MAKE=make run_stages.sh TARGET...
set -uo pipefail
trap 'exit 130' INT TERM # not the next stage

table=()
failed=0
for stage in "$@"; do
  echo "== make $stage"
  began=$SECONDS
  if "$MAKE" --no-print-directory "$stage"; then
    verdict=ok
  else
    verdict=FAILED
    failed=1
  fi
  table+=("$(printf '%-14s %-7s %5d s' "$stage" "$verdict" $((SECONDS - began)))")
done

echo
echo "== summary"
printf '%s\n' "${table[@]}"
exit "$failed"
