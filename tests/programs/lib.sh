# Sourced by the scripts beside it: want REGEX COMMAND... runs the command; its status must be 0 and its output must match.
bad=0
want() {
	local re=$1 out st
	shift
	out=$("$@" 2>&1 </dev/null)
	st=$?
	[ $st -eq 0 ] && [[ $out =~ $re ]] && return
	echo "  $*: status $st: ${out:0:400}"
	bad=$((bad + 1))
}
