# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# For what runs several parts, each of which ends with "N passed, M failed". Sourced.

passed=0
failed=0
part_passed=0
part_failed=0

# add STATUS FILE: the counts of a part that ended so, from what it printed
add() {
	read -r part_passed part_failed < <(
		sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$2" | tail -n 1
	) || part_passed=''
	# A part that breaks off, or counts no test, has failed.
	if [ -z "$part_passed" ]; then
		part_passed=0
		part_failed=1
	elif [ "$part_failed" -eq 0 ] && { [ "$1" -ne 0 ] || [ "$part_passed" -eq 0 ]; }; then
		part_failed=1
	fi
	passed=$((passed + part_passed))
	failed=$((failed + part_failed))
}
