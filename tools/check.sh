#!/bin/sh
# The rules that a machine can check. Prints what is broken; one line per check.
cd "$(dirname "$0")/.." || exit 1
bad=0
run() { # run NAME COMMAND...
	name=$1
	shift
	if out=$("$@" 2>&1); then
		echo "check $name: ok"
	else
		echo "check $name: FAILED"
		printf '%s\n' "$out" | head -n 40
		bad=$((bad + 1))
	fi
}
format_ok() {
	files=$(git ls-files '*.c' '*.h')
	# shellcheck disable=SC2086
	clang-format --dry-run --Werror $files 2>&1 | grep -E 'error' | head -n 20 | grep . && return 1
	return 0
}
python_ok() {
	# shellcheck disable=SC2046
	pyflakes3 mnemos $(git ls-files '*.py')
}
run floors python3 tools/floors.py
run sizes python3 tools/sizes.py
run headers sh tools/headers.sh
run format format_ok
run python python_ok
run errno python3 tools/errno.py
run compat python3 tools/compat.py
[ -d build/x86_64/mm ] && run imports sh tools/imports.sh build/x86_64
[ -d build/i386/mm ] && run imports-i386 sh tools/imports.sh build/i386
exit $bad
