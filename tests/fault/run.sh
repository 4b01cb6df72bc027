#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The fault tests: run.sh [NAME...], a NAME is that of a file here, or "kunit":
# the faults of memory and of adapters, in the KUnit kernel; or "steps": the
# target's power is cut at every step of the protocol (tests/vm/steps.sh). The
# last line is the sum; lines that begin with "figure" are those of the table in
# Documentation/testing.rst.

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=tests/sum.sh
. "$here/../sum.sh"
vm=()
parts=()

for name; do
	case $name in
	kunit | steps) parts+=("$name") ;;
	*) vm+=("$name") ;;
	esac
done
[ $# -gt 0 ] || parts=(steps kunit)
[ ${#vm[@]} -eq 0 ] && [ $# -gt 0 ] || parts=(machines "${parts[@]}")

log=$(mktemp "${TMPDIR:-/tmp}/kfi-fault.XXXXXX")
trap 'rm -f "$log"' EXIT

run() {
	case $1 in
	machines) "$here/../vm/run.sh" --from "$here" "${vm[@]}" ;;
	steps) STEPS=${STEPS:-all} "$here/../vm/run.sh" steps ;;
	kunit) KFI_UML_TIMEOUT=${KFI_UML_TIMEOUT:-900} \
		"$here/../kunit/uml.sh" run debug 'kfi_fault*' fault_kunit.all=1 ;;
	esac
}

for part in "${parts[@]}"; do
	status=0
	run "$part" 2>&1 | tee "$log" || status=$?
	add $status "$log"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
