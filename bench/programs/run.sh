# Runs the script $1 with the command: measure ROW OPERATIONS COMMAND ARGS...
measure() {
	/init measure "$@"
}
. /programs/env.sh
export HOME=/tmp
. "$1"
