#!/bin/sh
# mm/ under ThreadSanitizer: virtual CPUs are threads of the host, so what nothing orders is reported (sim/threads/).
# usage: tools/tsan.sh [ROUNDS [RUNS]]      operations of each of five threads, default 20000, and how often; about 1 s per run
cd "$(dirname "$0")/.." || exit 1
command -v clang >/dev/null || { echo "tsan: clang is not there"; exit 1; }
make --no-print-directory -s -j"${JOBS:-2}" build/tsan/race_test || exit 1
log=$(mktemp)
trap 'rm -f "$log"' EXIT
run=0
while [ $run -lt "${2:-3}" ]; do
	if ! TSAN_ROUNDS="${1:-20000}" TSAN_OPTIONS="exitcode=66 second_deadlock_stack=1" timeout 300 build/tsan/race_test >"$log" 2>&1; then
		echo "tsan: FAILED"
		grep -v '^$' "$log" | head -n 80
		exit 1
	fi
	run=$((run + 1))
done
echo "tsan: ${2:-3} runs of 5 x ${1:-20000} operations: nothing to report"
