#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Explore power cuts: record what reaches the medium in workloads of all kinds, and
# recover, by the real code, from images of what could have survived at each fence.
# Persistent symmetric spaces, whose code is libshmem's, have an explorer of their own
# (tests/shmem/pspace_crash.c). The last line is the sum.
#
# usage: run.sh [kfi_crash.NAME=NUMBER...], for example those that a violation tells
#   EVERY=n       one target workload in n of up to three steps (1: all)
#   SET_EVERY=n   the same of replica sets
#   LONGER=n      random target workloads of 4 to 12 steps
#   SET_LONGER=n  the same of replica sets
#   IMAGES=n      of each moment of a target, at most; 65: all subsets of six lines
#   SET_IMAGES=n  the same of replica sets
#   SAMPLES=n     of each event of spaces, beside nothing and all of it
#   SEED=n        of random steps and subsets; also which workloads, where not all
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# The defaults, and what is the least
declare -A default=([EVERY]=1 [SET_EVERY]=24 [LONGER]=96 [SET_LONGER]=6 [IMAGES]=65 [SET_IMAGES]=6 [SAMPLES]=20)
declare -A least=([EVERY]=1 [SET_EVERY]=1 [IMAGES]=1 [SET_IMAGES]=1 [SAMPLES]=1)
default[SEED]=$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')
parameters=()

# number NAME: what it was set to, or the default
number() {
	local value=${!1:-${default[$1]}}

	if [[ ! $value =~ ^(0|[1-9][0-9]{0,8})$ ]] || [ "$value" -lt "${least[$1]:-0}" ]; then
		echo "run.sh: $1=$value: a number from ${least[$1]:-0} to 999999999 is wanted" >&2
		exit 2
	fi
	declare -g "$1=$value"
}

for name in SEED EVERY SET_EVERY LONGER SET_LONGER IMAGES SET_IMAGES; do
	number $name
	parameters+=("kfi_crash.${name,,}=${!name}")
done
number SAMPLES
echo "crash: seed $SEED (SEED=$SEED repeats it)"
for word; do
	if [[ ! $word =~ ^kfi_crash\.(seed|(set_)?(every|longer|images)|batch|moment|image)=[0-9]+$ ]]; then
		echo "run.sh: '$word' is no parameter: kfi_crash.seed every set_every longer set_longer images set_images batch moment image, =NUMBER" >&2
		exit 2
	fi
done

log=$(mktemp "${TMPDIR:-/tmp}/kfi-crash.XXXXXX")
trap 'rm -f "$log"' EXIT
trap 'exit 130' INT TERM HUP
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
	"${parameters[@]}" "$@"
# Kernel parameters are those of a violation: what is repeated is one of the kernel's.
if [ $# -eq 0 ]; then
	export SEED SAMPLES
	part "$here/../shmem/pspace.sh" "$(make -s --no-print-directory -C "$here/../.." path)" losses
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
