#!/bin/sh
# Every public header compiles alone, on the 64-bit and the 32-bit kernel and in the simulator.
cd "$(dirname "$0")/.." || exit 1
cc=${CC:-gcc}
isys=$($cc -print-file-name=include)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bad=0
try() { # try NAME HEADER FLAGS...
	what=$1 header=$2
	shift 2
	printf '#include "%s"\n' "$header" >"$tmp/h.c"
	if ! $cc -std=gnu11 -Wall -Wextra -Wno-unused-parameter -Werror -fsyntax-only -I. -Iinclude "$@" "$tmp/h.c" >"$tmp/log" 2>&1; then
		echo "$header does not compile alone ($what):"
		head -n 5 "$tmp/log"
		bad=$((bad + 1))
	fi
}
k="-ffreestanding -nostdinc -isystem $isys -mgeneral-regs-only -Iarch/x86/include"
for h in $(find include lib -name '*.h' | sort); do
	h=${h#include/}
	# shellcheck disable=SC2086
	{
		try x86_64 "$h" -m64 $k -Iarch/x86/hw/long
		try i386-pae "$h" -m32 $k -Iarch/x86/hw/pae
	}
	case $h in
	base/* | lib/* | sync/* | mm/*) try simulator "$h" -Iarch/sim/include -Iarch/x86/hw/la57 ;;
	esac
done
exit $((bad > 0))
