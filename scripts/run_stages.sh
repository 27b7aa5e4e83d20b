#!/usr/bin/env bash
# Runs make targets one after the other, all of them even where one fails, and ends in a table: what
# each took on the clock and of processors, and what was skipped and why.
#
# usage: MAKE=make [JOBS=2] [LOGS=build/stages] run_stages.sh TARGET[+TARGET...]...
# Targets joined by + run at the same time, each with its share of JOBS; their output comes at their
# end. After a failure of "setup" nothing else is tried.
set -uo pipefail
trap 'exit 130' INT TERM # not the next stage

logs=${LOGS:-build/stages}
rm -rf "$logs"
mkdir -p "$logs" || exit 1

# stage NAME [make's variables]: output to stdout and a log; times and status beside it
stage() {
  local name=$1 TIMEFORMAT='%R %U %S'
  {
    { time "$MAKE" --no-print-directory "$@" 2>&1; } 2>"$logs/$name.time"
    echo $? >"$logs/$name.status"
  } | tee "$logs/$name.log"
}

together() {
  local share=$((${JOBS:-2} / $#)) name
  for name in "$@"; do
    stage "$name" JOBS=$((share ? share : 1)) >/dev/null &
  done
  wait
  for name in "$@"; do
    echo "== make $name"
    cat "$logs/$name.log"
  done
}

row() {
  local verdict=ok wall user system
  [[ $(cat "$logs/$1.status" 2>/dev/null) == 0 ]] || { verdict=FAILED failed=1; }
  read -r wall user system < <(tail -n 1 "$logs/$1.time")
  awk -v name="$1" -v verdict="$verdict" -v wall="$wall" -v cpu="$user $system" \
    'BEGIN { split(cpu, of); printf "%-22s %-7s %6.0f s %8.0f s\n", name, verdict, wall, of[1] + of[2] }'
}

failed=0
table=()
for group in "$@"; do
  IFS=+ read -ra names <<<"$group"
  if ((${#names[@]} > 1)); then
    together "${names[@]}"
  else
    echo "== make $group"
    stage "$group"
  fi
  for name in "${names[@]}"; do
    table+=("$(row "$name")")
    [[ $(cat "$logs/$name.status" 2>/dev/null) == 0 ]] || failed=1
  done
  [[ $group != setup || $failed == 0 ]] || break
done

echo
echo "== skipped"
grep -hE '^SKIPPED \[' "$logs"/*.log | sed 's/^SKIPPED //' | sort -u
echo "== summary: stage, verdict, time on the clock, of processors"
printf '%s\n' "${table[@]}"
awk -v wall="$SECONDS" '{ cpu += $2 + $3 }
  END { printf "%-22s %-7s %6.0f s %8.0f s\n", "together", "", wall, cpu }' "$logs"/*.time
exit "$failed"
