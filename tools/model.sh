#!/bin/sh
# Random operations on address spaces against the model (sim/model_*.c), many of them, in each geometry, under ASan and UBSan.
# usage: tools/model.sh [OPERATIONS [RUNS [FIRST_SEED [GEOMETRY...]]]]      default: 1000000 1 1 i386 pae x64 la57
# A difference prints seed, step and the last operations, then the fewest steps that still show it (MODEL_SHRINK=60 seconds of
# trying). Seeds repeat: MODEL_SEED=7 MODEL_RUNS=1 MODEL_OPS=1000000 MODEL_CHECK=1 build/host/pae/sim/model_test
cd "$(dirname "$0")/.." || exit 1
export MODEL_OPS="${1:-1000000}" MODEL_RUNS="${2:-1}" MODEL_SEED="${3:-1}" MODEL_SHRINK="${MODEL_SHRINK:-60}"
[ $# -gt 3 ] && shift 3 || set -- i386 pae x64 la57
status=0
for mode in "$@"; do
	make --no-print-directory -s -j"${JOBS:-2}" "build/host/$mode/sim/model_test" || exit 1
	if "build/host/$mode/sim/model_test" >/dev/null; then
		echo "model $mode: $MODEL_RUNS x $MODEL_OPS operations from seed $MODEL_SEED: no difference"
	else
		echo "model $mode: DIFFERS"
		status=1
	fi
done
exit $status
