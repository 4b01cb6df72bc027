#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Break replica sets on purpose, one way after the other, and see that the case
# made for it fails. Each needs a kernel of its own; the last one restores it.

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
suite=kfi_replica_order
declare -A cases=(
	[INTENT_AFTER_DATA]=order_intent_before_data
	[ANSWER_BEFORE_REVOKE]=order_revoke_before_answer
	[ACK_BEFORE_QUORUM]=order_all_before_ack
	[GENERATION_AFTER_WRITE]=order_record_before_ack
)
mutants=("$@")
[ $# -gt 0 ] || mutants=("${!cases[@]}")
passed=0
failed=0
log=$(mktemp "${TMPDIR:-/tmp}/kfi-mutants.XXXXXX")
trap 'rm -f "$log"' EXIT

run()
{
	KFI_KUNIT_SUITES=${KFI_KUNIT_SUITES:-replica_order} "$here/uml.sh" run debug "$1" >"$log" 2>&1
}

for mutant in "${mutants[@]}"; do
	case=${cases[$mutant]:-}
	if [ -z "$case" ]; then
		echo "${0##*/}: there is no mutant $mutant: ${!cases[*]}" >&2
		exit 2
	fi
	# It has to fail in what it expects, not to crash or not to be built.
	if KFI_UML_CONFIG="CONFIG_KFI_MUTANT_$mutant=y" run "$suite.$case" ||
	   ! grep -q "^FAILED $suite.$case\$" "$log" ||
	   ! grep -q "EXPECTATION FAILED" "$log" ||
	   grep -q "^REPORT" "$log"; then
		echo "FAILED $mutant: $case did not find it"
		sed 's/^/  /' "$log" | tail -n 40
		echo "mutant $mutant: not caught by kunit $suite.$case"
		failed=$((failed + 1))
	else
		echo "ok $mutant"
		echo "mutant $mutant: caught by kunit $suite.$case"
		passed=$((passed + 1))
	fi
done

if run "$suite"; then
	echo "ok without a mutant"
	passed=$((passed + 1))
else
	echo "FAILED without a mutant"
	sed 's/^/  /' "$log" | tail -n 40
	failed=$((failed + 1))
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
