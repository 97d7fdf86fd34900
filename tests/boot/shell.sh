#!/bin/busybox sh
# Every case of shell.cases (unpacked to /tests/shell/NAME.sh) in a directory of its own; output and status must be those
# recorded on Linux with the same busybox (NAME.out). RECORD=1 writes them instead.
[ -e /bin/ls ] || /bin/busybox --install -s /bin
set -m # every case is a job that owns the terminal
trap : INT
n=0 bad=0
top=$PWD
for script in /tests/shell/*.sh; do
	name=${script##*/}
	name=${name%.sh}
	[ -n "$1" ] && [ "$1" != "$name" ] && continue
	n=$((n + 1))
	rm -rf "$top/w"
	mkdir "$top/w"
	cd "$top/w" || exit 1
	PATH=/bin HOME=/root TZ=UTC sh "$script" </dev/null >../out 2>&1
	echo "status $?" >>../out
	cd "$top" || exit 1
	if [ -n "$RECORD" ]; then
		cp out "/tests/shell/$name.out"
	elif cmp -s out "/tests/shell/$name.out"; then
		echo "ok $n - shell.sh/$name"
	else
		diff "/tests/shell/$name.out" out | sed '1,2d; s/^/# /' | head -n 30
		echo "not ok $n - shell.sh/$name"
		bad=$((bad + 1))
	fi
done
rm -rf "$top/w" "$top/out"
echo "1..$n"
[ $bad -eq 0 ]
