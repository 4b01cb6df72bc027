#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# pspace_kill.sh OSHRUN PROGRAM N: SIGKILL at N random moments, to one PE of the
# job or to all of it; what is found after each is checked by the next.

set -euo pipefail

oshrun=$1
program=$2
n=$3
RANDOM=$((${SEED:-1} % 32768))
acked=$SHMEM_PMEM_DIR/acked
said=$SHMEM_PMEM_DIR/said
mkdir -p "$SHMEM_PMEM_DIR"
rm -f "$acked"

for ((i = 1; i <= n; i++)); do
	"$oshrun" -np 3 "$program" "$acked" > "$said" 2>&1 &
	job=$!
	# A random moment, from the start on
	sleep "0.$(printf %03d $((RANDOM % 250)))"
	pes=()
	read -r -a pes 2> /dev/null < "/proc/$job/task/$job/children" || true
	if [ $((RANDOM % 2)) -eq 0 ] && [ ${#pes[@]} -gt 0 ]; then
		victim=${pes[RANDOM % ${#pes[@]}]}
		what="a PE"
	else
		victim=$job
		what="the job"
	fi
	kill -9 "$victim" 2> /dev/null || true
	status=0
	wait "$job" 2> /dev/null || status=$?
	if [ "$status" -ne 137 ]; then
		echo "cycle $i: status $status"
		cat "$said"
		exit 1
	fi
	echo "cycle $i: $what was killed; $(head -n 1 "$said" | grep epoch || echo "before it had begun")"
done
"$oshrun" -np 3 "$program" "$acked" verify | tee "$said"
epoch=$(sed -n 's/^epoch \([0-9]*\),.*/\1/p' "$said")
# A test in which nothing was ever committed tells nothing.
[ "$epoch" -gt "$n" ]
echo "$n of $n, $epoch epochs"
