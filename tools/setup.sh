#!/bin/sh
# Install what the build (and, with "test", the tests) needs, and fetch busybox for both ABIs, the sources of lwIP
# and (with "test") musl for i386. Says what it does.
# usage: tools/setup.sh [run|test]
set -eu
cd "$(dirname "$0")/.."
want=${1:-test}
cache=${MNEMOS_CACHE:-build/cache}

missing=
need() { # need COMMAND PACKAGE
	command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}
need_file() { # need_file PATH PACKAGE
	[ -e "$1" ] || missing="$missing $2"
}
need gcc gcc
need make make
need ld binutils
need qemu-system-x86_64 qemu-system-x86
need python3 python3
if [ "$want" = test ]; then
	need clang clang
	need clang-format clang-format
	need pyflakes3 pyflakes3
	need musl-gcc musl-tools
	need gzip gzip
	command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 || need chromium chromium
	[ -x /usr/sbin/mke2fs ] || need mke2fs e2fsprogs
	need cpio cpio
	need gdb gdb
	need_file /usr/include/cmocka.h libcmocka-dev
	need_file /usr/include/zlib.h zlib1g-dev
	need_file /usr/include/zstd.h libzstd-dev
	[ -n "$(gcc -m32 -print-file-name=libc.a 2>/dev/null | grep /)" ] || missing="$missing gcc-multilib"
	ls /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-x86_64.a >/dev/null 2>&1 ||
		missing="$missing libclang-rt-dev"
fi

as_root=
if [ "$(id -u)" != 0 ]; then as_root=sudo; fi
if [ -n "$missing" ]; then
	if ! command -v apt-get >/dev/null 2>&1 || { [ -n "$as_root" ] && ! command -v sudo >/dev/null 2>&1; }; then
		echo "mnemos: please install these (Debian's names):$missing" >&2
		exit 1
	fi
	echo "installing:$missing"
	export DEBIAN_FRONTEND=noninteractive
	# shellcheck disable=SC2086
	$as_root apt-get install -y -q --no-install-recommends $missing >build-setup.log 2>&1 ||
		{ $as_root apt-get update -q >build-setup.log 2>&1 &&
			$as_root apt-get install -y -q --no-install-recommends $missing >>build-setup.log 2>&1; } ||
		{ tail -n 20 build-setup.log >&2; echo "mnemos: apt-get could not install:$missing" >&2; exit 1; }
	rm -f build-setup.log
fi

# busybox-static of one architecture, out of Debian's package.
fetch_busybox() {
	arch=$1
	[ -x "$cache/busybox-$arch" ] && return
	echo "fetching busybox-static ($arch)"
	if ! sh tools/fetch-deb.sh "$arch" busybox-static "$cache/unpack-$arch" ./bin/busybox >/dev/null; then
		rm -rf "$cache/unpack-$arch"
		echo "mnemos: could not fetch Debian's busybox-static for $arch; put the binary at $cache/busybox-$arch" >&2
		exit 1
	fi
	chmod 755 "$cache/unpack-$arch/bin/busybox"
	mv "$cache/unpack-$arch/bin/busybox" "$cache/busybox-$arch"
	rm -rf "$cache/unpack-$arch"
}
fetch_busybox amd64
fetch_busybox i386

# musl for 32-bit programs, which Debian has for i386 alone: the benchmark is linked with the same C library on every build.
if [ "$want" = test ] && ! [ -e "$cache/musl-i386/usr/lib/i386-linux-musl/libc.a" ]; then
	echo "fetching musl-dev (i386)"
	sh tools/fetch-deb.sh i386 musl-dev "$cache/musl-i386" ./usr/include ./usr/lib >/dev/null || {
		echo "mnemos: could not fetch Debian's musl-dev for i386; unpack it in $cache/musl-i386" >&2
		exit 1
	}
fi

# lwIP's sources: without them the kernel is built without AF_INET, and what needs it is skipped.
if ! [ -e "$cache/lwip/src/core/init.c" ]; then
	echo "fetching lwip (source)"
	sh tools/fetch-lwip.sh "$cache/lwip" || sh tools/fetch-lwip.sh "$cache/lwip" || {
		echo "mnemos: could not fetch Debian's source package lwip: this kernel will have no AF_INET" >&2
		[ -z "${MNEMOS_NEED_INET:-}" ] || exit 1
	}
fi
