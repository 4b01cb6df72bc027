#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Break what makes bytes durable, one step after the other, and see that power cuts
# of a target find it. The steps of replica sets are left out by
# tests/kunit/mutants.sh and by the model. The last line is the sum.
#
# usage: mutants.sh [MUTANT...]

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# Of which suite a violation is expected
declare -A suites=(
	[NO_WRITEBACK]=crash_target
	[NO_FENCE]=crash_target
	[HEADER_IN_PLACE]=crash_target
	[NO_ZERO]=crash_target
	[WORD_FIRST]=crash_target
	[EARLY_ACK]=crash_target
)
mutants=("$@")
[ $# -gt 0 ] || mutants=("${!suites[@]}")
passed=0
failed=0
log=$(mktemp "${TMPDIR:-/tmp}/kfi-mutants.XXXXXX")
trap 'rm -f "$log"' EXIT

# run SUITES: into $log
run() {
	KFI_UML_TIMEOUT=${KFI_UML_TIMEOUT:-600} KFI_KUNIT_SUITES="pool_crash set_crash" \
		"$here/../kunit/uml.sh" run fast "$1" kunit.timeout=600 \
		kfi_crash.every="${EVERY:-6}" kfi_crash.set_every="${SET_EVERY:-128}" \
		kfi_crash.images="${IMAGES:-6}" \
		kfi_crash.set_images="${IMAGES:-6}" > "$log" 2>&1
}

for mutant in "${mutants[@]}"; do
	suite=${suites[$mutant]:-}
	if [ -z "$suite" ]; then
		echo "${0##*/}: there is no mutant $mutant: ${!suites[*]}" >&2
		exit 2
	fi
	if ! KFI_UML_CONFIG="CONFIG_KFI_MUTANT_$mutant=y" run "kfi_crash_*.$suite*" &&
		grep -qE ' [1-9][0-9]* violations|[1-9][0-9]* lines unsafe' "$log"; then
		echo "ok $mutant: $(sed -n 's/.*states; //p' "$log" | tail -n 1)"
		echo "mutant $mutant: caught by power cuts, $suite"
		passed=$((passed + 1))
	else
		echo "FAILED $mutant: $suite did not find it"
		tail -n 30 "$log" | sed 's/^/    /'
		echo "mutant $mutant: not caught by power cuts, $suite"
		failed=$((failed + 1))
	fi
done

if run "kfi_crash_*"; then
	echo "ok without a mutant"
	passed=$((passed + 1))
else
	echo "FAILED without a mutant"
	tail -n 30 "$log" | sed 's/^/    /'
	failed=$((failed + 1))
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
