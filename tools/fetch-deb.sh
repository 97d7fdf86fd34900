#!/bin/sh
# Fetch one of Debian's packages for any of its architectures and unpack parts of it (with wildcards) without installing it, with a
# package state of our own. What was unpacked is moved to DIRECTORY as a whole, which was not there: an interrupted run leaves nothing.
# A package that only names the current kernel's (linux-image-686) stands for that one.
# usage: tools/fetch-deb.sh ARCHITECTURE PACKAGE DIRECTORY PART...     prints the name and version of what is in DIRECTORY then
set -eu
arch=$1 package=$2 out=$3
shift 3
state=$(mktemp -d)
unpack=$out.$$
trap 'rm -rf "$state" "$unpack"' EXIT
trap 'exit 1' HUP INT TERM
mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
: >"$state/status"
opts="-o APT::Architecture=$arch -o APT::Architectures=$arch -o Dir::State::Lists=$state/lists
	-o Dir::State::status=$state/status -o Dir::Cache=$state/cache -o APT::Sandbox::User=root -q"

# One mirror of several may be out of date: what the others gave is enough.
# shellcheck disable=SC2086
apt-get $opts update >"$state/log" 2>&1 || true
# shellcheck disable=SC2086
real=$(apt-cache $opts show "$package" 2>>"$state/log" | sed -n 's/^Depends: \(linux-image-[^ ,]*\).*/\1/p' | head -n 1)
# shellcheck disable=SC2086
if ! (cd "$state" && apt-get $opts download "${real:-$package}" >>"$state/log" 2>&1); then
	tail -n 5 "$state/log" >&2
	exit 1
fi
deb=$(echo "$state"/*.deb)
mkdir -p "$unpack"
dpkg-deb --fsys-tarfile "$deb" >"$state/tar"
tar -x -f "$state/tar" -C "$unpack" --wildcards "$@"
rm -rf "$out"
mv "$unpack" "$out"
dpkg-deb -W --showformat='${Package} ${Version}\n' "$deb"
