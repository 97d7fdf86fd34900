#!/bin/sh
# What mm/ needs from above is the short list of include/mm/imports.h and sync/thread.h: nothing else may be undefined.
# usage: tools/imports.sh OBJDIR   (build/ARCH: objects of a kernel build)
dir=${1:?object folder}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
syms() { # defined symbols of the given objects
	nm --defined-only "$@" 2>/dev/null | awk 'NF == 3 { print $3 }' | sort -u
}
nm -u $(find "$dir/mm" -name '*.o') 2>/dev/null | awk 'NF == 2 && $1 == "U" { print $2 }' | sort -u >"$tmp/need"
# shellcheck disable=SC2046
syms $(find "$dir/mm" "$dir/lib" "$dir/sync" "$dir/arch/x86/hw" -name '*.o') >"$tmp/have"
cat >"$tmp/allowed" <<EOM
mm_ctx_current
oom_deliver
oom_eligible
thread_park
thread_unpark
panic
__start_percpu
__stop_percpu
__start_policies
__stop_policies
EOM
comm -23 "$tmp/need" "$tmp/have" | grep -v -x -F -f "$tmp/allowed" >"$tmp/extra"
# The machine's other half (arch/x86/entry) keeps the promises of include/arch.
if [ -d "$dir/arch/x86/entry" ]; then
	# shellcheck disable=SC2046
	syms $(find "$dir/arch/x86/entry" -name '*.o') >"$tmp/entry"
	grep -v -x -F -f "$tmp/entry" "$tmp/extra" >"$tmp/left"
	mv "$tmp/left" "$tmp/extra"
fi
if [ -s "$tmp/extra" ]; then
	echo "mm/ needs from above, and may not:"
	sed 's/^/  /' "$tmp/extra"
	exit 1
fi
exit 0
