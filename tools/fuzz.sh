#!/bin/sh
# Build every libFuzzer target (sim/fuzz_NAME.c) with clang and run it for some seconds from its seeds (tests/seeds/NAME).
# usage: tools/fuzz.sh [SECONDS] [NAME...]     a crash is kept in build/fuzz/
cd "$(dirname "$0")/.." || exit 1
seconds=${1:-60}
[ $# -gt 0 ] && shift
names=${*:-$(ls sim/fuzz_*.c 2>/dev/null | sed 's|sim/fuzz_||; s|\.c$||')}
pass=0 fail=0
mkdir -p build/fuzz
for n in $names; do
	targets="$targets build/fuzz/$n"
done
# shellcheck disable=SC2086
make --no-print-directory -s -j"${JOBS:-2}" $targets || { echo "fuzzers do not build"; [ -n "$FUZZ_RESULT" ] && echo "0 1" >"$FUZZ_RESULT"; exit 1; }
for n in $names; do
	seeds=
	[ -d "tests/seeds/$n" ] && seeds=tests/seeds/$n
	mkdir -p "build/fuzz/corpus-$n"
	# shellcheck disable=SC2086
	if timeout $((seconds * 4 + 60)) "build/fuzz/$n" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=3000 -verbosity=0 \
		-print_final_stats=1 -artifact_prefix="build/fuzz/crash-$n-" "build/fuzz/corpus-$n" $seeds >"build/fuzz/$n.log" 2>&1; then
		pass=$((pass + 1))
		echo "fuzz $n: $(sed -n 's/^stat::number_of_executed_units: *//p' "build/fuzz/$n.log") runs, no crash"
	else
		fail=$((fail + 1))
		echo "fuzz $n: FAILED"
		tail -n 30 "build/fuzz/$n.log"
	fi
done
[ -n "$FUZZ_RESULT" ] && echo "$pass $fail" >"$FUZZ_RESULT"
[ "$fail" -eq 0 ]
