#!/bin/sh
# Fetch the sources of lwIP, the TCP/IP stack that the kernel is built with, as Debian's source package has them: from where this
# system's own packages come, with a package state of our own. Nothing is installed.
# usage: tools/fetch-lwip.sh DIRECTORY       afterwards DIRECTORY/src is there
set -eu
sum=0a8276d09fc4e97bbba2f953d74af2388fc2195ea156be9d7589e297a68fde24 # of lwip_2.1.3+dfsg1.orig.tar.xz
state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT
mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$state/sources"
: >"$state/status"
# The main archive has it: entries of other archives would only cost time.
for f in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
	case $f in
	*.list) [ -e "$f" ] && sed -n 's/^deb\([[:space:]]\)/deb-src\1/p' "$f" >>"$state/sources/all.list" ;;
	*.sources) sed 's/^Types:.*/Types: deb-src/' "$f" >"$state/sources/${f##*/}" ;;
	esac
done
opts="-o Dir::Etc::SourceList=- -o Dir::Etc::SourceParts=$state/sources -o Dir::State::Lists=$state/lists
	-o Dir::State::status=$state/status -o Dir::Cache=$state/cache -o APT::Sandbox::User=root -q"

# One mirror of several may be out of date: what the others gave is enough.
# shellcheck disable=SC2086
apt-get $opts update >"$state/log" 2>&1 || true
# shellcheck disable=SC2086
if ! (cd "$state" && apt-get $opts source --download-only --only-source lwip >>"$state/log" 2>&1); then
	tail -n 5 "$state/log" >&2
	exit 1
fi
got=$(echo "$state"/lwip_*.orig.tar.*)
if ! echo "$sum  $got" | sha256sum -c --quiet >/dev/null 2>&1; then
	echo "${got##*/}: other sources than those that are known to fit" >&2
	exit 1
fi
tar -x -C "$state" -f "$got"
mkdir -p "${1%/*}"
rm -rf "$1"
mv "$state"/lwip-*/ "$1"
