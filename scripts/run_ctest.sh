#!/usr/bin/env bash
# Runs the C++ tests of a build folder, and says which were skipped and why, as pytest does.
#
# usage: run_ctest.sh FOLDER JOBS
set -uo pipefail

folder=$1
ctest --test-dir "$folder" -j "$2" --output-on-failure --no-tests=error
status=$?
# GoogleTest writes `file:line: Skipped` and the reason below it.
grep -h -A 1 ': Skipped$' "$folder/Testing/Temporary/LastTest.log" 2>/dev/null |
  awk '/: Skipped$/ { sub(/: Skipped$/, ""); place = $0; next }
       place { count[place ": " $0]++; place = "" }
       END { for (one in count) print "SKIPPED [" count[one] "] " one }' |
  sed "s#] $PWD/#] #"
exit "$status"
