# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# rig: crash a b
#
# The crash test on builds that break the promise: each has to be caught. One of
# them, by the seed, unless MUTANTS=all.

# shellcheck source=tests/vm/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

mutant_caught() {
	crash_once "$1"
	[ "$acknowledged" -gt 0 ] || { echo "nothing was acknowledged"; return 1; }
	[ "$missing" -gt 0 ] || { echo "not caught"; return 1; }
}

[ "${MUTANTS:-}" = all ] || mutants=("${mutants[$(random 0 $((${#mutants[@]} - 1)))]}")
for mutant in "${mutants[@]}"; do
	catches "$mutant" "vm crash" mutant_caught "$mutant"
	tail -n 1 "$work/cuts" 2> /dev/null | sed 's/^/     /' || true
done
