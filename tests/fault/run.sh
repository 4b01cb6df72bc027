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
vm=()
parts=()
passed=0
failed=0

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
		"$here/../kunit/uml.sh" run debug 'kfi_fault*' ;;
	esac
}

for part in "${parts[@]}"; do
	status=0
	run "$part" 2>&1 | tee "$log" || status=$?
	read -r p f < <(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$log" | tail -n 1) || p='' f=''
	# A part that breaks off, or counts no test, has failed.
	if [ -z "$p" ] || [ "$((p + f))" -eq 0 ] || { [ $status -ne 0 ] && [ "$f" -eq 0 ]; }; then
		f=$((${f:-0} + 1))
	fi
	passed=$((passed + ${p:-0}))
	failed=$((failed + f))
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
