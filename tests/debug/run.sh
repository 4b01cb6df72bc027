#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# VM and fault tests on debugging kernels: run.sh FLAVOURS [NAME...], of kasan and
# kcsan, one after the other; a NAME is that of a file in tests/vm or tests/fault, or
# "caught": the kernel reports what it has to, or "all". The last line is the sum.

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
tests=$(cd "$here/.." && pwd -P)
read -r -a flavours <<< "${1:-kasan kcsan}"
shift || true
# Those that cut power all the time, and the programs of OpenSHMEM, repeat the same
# paths of the kernel for too long where each takes ten times as long.
names=("$@")
[ $# -gt 0 ] || names=(caught io access regions mapping uring fence unload
	hostile reconnect set_node link device media)
if [ "${names[*]}" = all ]; then
	names=(caught)
	for file in "$tests"/vm/*.sh "$tests"/fault/*.sh; do
		! grep -q '^# rig: ' "$file" || grep -q '^# by name only' "$file" ||
			names+=("$(basename "$file" .sh)")
	done
fi

declare -A of=([debug]='' [vm]='' [fault]='')
for name in "${names[@]}"; do
	found=
	for from in debug vm fault; do
		! grep -qs '^# rig: ' "$tests/$from/$name.sh" || found=$from
	done
	[ -n "$found" ] || {
		echo "check-debug: there is no test $name in tests/vm or tests/fault" >&2
		exit 2
	}
	of[$found]+="$name "
done

for flavour in "${flavours[@]}"; do
	case $flavour in
	kasan | kcsan) ;;
	*)
		echo "check-debug: there is no flavour '$flavour': kasan, kcsan" >&2
		exit 2
		;;
	esac
done
export KFIRIG_PATIENCE=${KFIRIG_PATIENCE:-10} VM_JOBS=${VM_JOBS:-1}
# Of the make that called this; others mean something else by them.
unset MAKEFLAGS MAKEOVERRIDES MAKELEVEL DEBUG TESTS

log=$(mktemp "${TMPDIR:-/tmp}/kfi-debug.XXXXXX")
trap 'rm -f "$log"' EXIT
trap 'exit 130' INT TERM HUP
# shellcheck source=tests/sum.sh
. "$tests/sum.sh"
for flavour in "${flavours[@]}"; do
	MODDIR=$("$here/kernel.sh" "$flavour")
	export MODDIR KERNEL=${MODDIR##*/} KFI_DEBUG=$flavour
	echo "== $flavour: ${KERNEL}"
	for from in debug vm fault; do
		[ -n "${of[$from]}" ] || continue
		status=0
		# shellcheck disable=SC2086
		"$tests/vm/run.sh" --from "$tests/$from" ${of[$from]} 2>&1 | tee "$log" || status=$?
		add $status "$log"
	done
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
