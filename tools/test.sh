#!/bin/sh
# make test: the rules, the host tests, the fuzzers' short runs, then every kernel build in QEMU. One closing count.
cd "$(dirname "$0")/.." || exit 1
sh tools/setup.sh test || exit 1
jobs=${JOBS:-2}
pass=0 fail=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

began=$(date +%s)
phase() { # phase TITLE: with the seconds since the start
	echo "== $1 ($(($(date +%s) - began)) s)"
}
note() { # note NAME STATUS
	if [ "$2" -eq 0 ]; then
		pass=$((pass + 1))
	else
		fail=$((fail + 1))
		echo "FAILED: $1"
	fi
}
counts() { # counts FILE: "passed failed" of a runner
	if [ -s "$1" ]; then
		read -r p f <"$1"
		pass=$((pass + p)) fail=$((fail + f))
	else
		fail=$((fail + 1))
	fi
}

phase "builds"
for arch in i386 i386-pae x86_64; do
	make --no-print-directory -s -j"$jobs" kernel ARCH=$arch
	note "build $arch (gcc)" $?
done
make --no-print-directory -s -j"$jobs" kernel ARCH=x86_64 CC=clang
note "build x86_64 (clang)" $?
make --no-print-directory -s -j"$jobs" kernel ARCH=i386-pae CC=clang
note "build i386-pae (clang)" $?

phase "rules"
sh tools/check.sh
note rules $?

phase "host tests"
HOST_RESULT=$tmp/host make --no-print-directory -s -j"$jobs" host
counts "$tmp/host"

phase "fuzzers, short runs"
FUZZ_RESULT=$tmp/fuzz sh tools/fuzz.sh "${FUZZ_SECONDS:-8}"
counts "$tmp/fuzz"

phase "trace simulator"
python3 sim/tool/sim_test.py
note "trace simulator" $?

phase "debugger"
python3 tools/debug.py --check --all
note "commands of make debug" $?

phase "costs"
python3 bench/bench_test.py
note "benchmark tool" $?
./mnemos bench --gate
note "costs" $?

phase "programs of the host"
python3 tools/pack/pack_test.py
note "programs of the host" $?

phase "labs"
python3 labs/tool/labs_test.py
note labs $?

phase "guest tests"
GUEST_RESULT=$tmp/guest python3 tools/guest-tests.py
counts "$tmp/guest"

echo "$pass passed, $fail failed"
[ "$fail" -eq 0 ]
