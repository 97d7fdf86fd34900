#!/bin/sh
# Fetch one of Debian's packages for any of its architectures and unpack a part of it without installing it, with a package state
# of our own.
# A package that only names the current kernel's (linux-image-686) stands for that one.
# usage: tools/fetch-deb.sh ARCHITECTURE PACKAGE PART DIRECTORY     prints the name and version of what is in DIRECTORY then
set -eu
arch=$1 package=$2 part=$3
mkdir -p "$4"
out=$(cd "$4" && pwd)
state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT
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
dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$out" "./$part"
dpkg-deb -W --showformat='${Package} ${Version}\n' "$deb"
