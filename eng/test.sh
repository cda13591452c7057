#!/usr/bin/env bash
# ./dpo test [dotnet test arguments]: sets up, builds with warnings as errors, checks the format, runs every test,
# and ends with the counts. Projects run one after another: the native engines' threads spin.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$root/eng/build.sh"
cd "$root"
started=$SECONDS
find_sdk
lock
restore IterativeDpo.sln -p:RestoreLockedMode=true
build IterativeDpo.sln
unlock
say "checking the format"
dotnet format IterativeDpo.sln --verify-no-changes --no-restore

say "testing"
set_engine_environment test
results="$root/bin/test.log"
failed=0
dotnet test IterativeDpo.sln -c Release --no-build --nologo -m:1 "$@" 2>&1 | tee "$results" || failed=1
count() { { grep -oE "$1: +[0-9]+" "$results" || true; } | awk '{ n += $NF } END { print n + 0 }'; }
passes=$(count Passed)
failures=$(count Failed)
skips=$(count Skipped)
[[ $failed == 1 && $failures == 0 ]] && say "the test run itself failed; its log is in $results"
[[ $passes == 0 ]] && say "no test ran" && failed=1
say "took $((SECONDS - started)) s"
echo "$passes passed, $failures failed, $skips skipped"
exit $failed
