# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# rig: crash a b
#
# The target's power goes at random moments. What was acknowledged is there
# afterwards; what was not committed is lost, or the test could not fail.

# shellcheck source=tests/vm/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"
# shellcheck source=tests/vm/crash_lib.sh
. "${BASH_SOURCE[0]%/*}/crash_lib.sh"

crash_cut() {
	crash_once none
	[ "$acknowledged" -gt 0 ] || { echo "nothing was acknowledged"; return 1; }
	[ "$missing" -eq 0 ] || { echo "acknowledged and lost"; return 1; }
	[ "$plain_lost" -gt 0 ] || { echo "nothing was lost: this test cannot see a loss"; return 1; }
}

for ((cut = 1; cut <= ${CUTS:-1}; cut++)); do
	proves "power cut $cut: all acknowledged chunks present, uncommitted ones lost" crash_cut
	tail -n 1 "$work/cuts" 2> /dev/null | sed 's/^/     /' || true
done
