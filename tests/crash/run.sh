#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Explore power cuts: record what reaches the medium in workloads of all kinds, and
# recover, by the real code, from images of what could have survived at each fence.
# Persistent symmetric spaces, whose code is libshmem's, have an explorer of their own
# (tests/shmem/pspace_crash.c). The last line is the sum.
#
# usage: run.sh [KERNEL-PARAMETER...], for example those that a violation tells
#   EVERY=n      one target workload in n (1: all of up to three steps)
#   SET_EVERY=n  the same of replica sets
#   IMAGES=n     of each moment, at most
#   SAMPLES=n    of each event of spaces, beside nothing and all of it
#   SEED=n       of random subsets of lines; also which workloads, where not all
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)

echo "crash: seed ${SEED:=$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')} (SEED=$SEED repeats it)"
log=$(mktemp "${TMPDIR:-/tmp}/kfi-crash.XXXXXX")
trap 'rm -f "$log"' EXIT
# shellcheck source=tests/sum.sh
. "$here/../sum.sh"

# part COMMAND...: adds its counts
part() {
	local status=0

	"$@" 2>&1 | tee "$log" || status=$?
	add $status "$log"
}

export KFI_UML_TIMEOUT=${KFI_UML_TIMEOUT:-1750}
export KFI_UML_SHOW='ok [0-9]+ recording|distinct states|there is no set|again with|^step '
part "$here/../kunit/uml.sh" run fast "kfi_crash_*" kunit.timeout=1700 \
	kfi_crash.seed="$SEED" kfi_crash.every="${EVERY:-1}" \
	kfi_crash.set_every="${SET_EVERY:-24}" kfi_crash.images="${IMAGES:-6}" "$@"
# Kernel parameters are those of a violation: what is repeated is one of the kernel's.
if [ $# -eq 0 ]; then
	SAMPLES=${SAMPLES:-20} part "$here/../shmem/pspace.sh" "$(make -s --no-print-directory -C "$here/../.." path)" losses
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
