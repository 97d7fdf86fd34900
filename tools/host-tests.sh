#!/bin/sh
# Run host test programs (cmocka) one after the other; print failures whole and one closing count.
pass=0 fail=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for t in "$@"; do
	timeout "${HOST_TEST_TIMEOUT:-300}" "$t" >"$log" 2>&1
	status=$?
	ok=$(grep -c '^\[ *OK *\]' "$log")
	bad=$(grep -c '^\[  FAILED  \] [a-zA-Z_0-9]*$' "$log")
	if [ $status -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
	pass=$((pass + ok)) fail=$((fail + bad))
	if [ $status -ne 0 ]; then
		echo "FAIL $t (status $status)"
		tail -n 60 "$log"
	fi
done
echo "host tests: $pass passed, $fail failed"
[ -n "$HOST_RESULT" ] && echo "$pass $fail" >"$HOST_RESULT"
[ $fail -eq 0 ]
