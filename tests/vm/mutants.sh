# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# rig: crash a b
#
# The crash test on builds that break the promise: each has to be caught. One of
# them, by the seed, unless MUTANTS=all or MUTANTS=NAMES.

# shellcheck source=tests/vm/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"
# shellcheck source=tests/vm/crash_lib.sh
. "${BASH_SOURCE[0]%/*}/crash_lib.sh"

mutant_caught() {
	crash_once "$1"
	[ "$acknowledged" -gt 0 ] || { echo "nothing was acknowledged"; return 1; }
	[ "$missing" -gt 0 ] || { echo "not caught"; return 1; }
}

published() {
	publish_once
	on b commits --check /dev/kfi/slots 60
}

publish_caught() {
	local said status=0

	publish_once "$1"
	said=$(on b commits --check /dev/kfi/slots 60) || status=$?
	echo "$said"
	[ $status -eq 1 ] && grep -q 'is not there' <<< "$said"
}

case ${MUTANTS:-} in
all) ;;
'') mutants=("${mutants[$(random 0 $((${#mutants[@]} - 1)))]}") ;;
*) read -r -a mutants <<< "$MUTANTS" ;;
esac
for mutant in "${mutants[@]}"; do
	case $mutant in
	word-first)
		proves "what was published is there after a power cut" published
		catches "$mutant" "vm publish" publish_caught "$mutant"
		tail -n 1 "$work/out" | sed 's/^/     /'
		;;
	*)
		catches "$mutant" "vm crash" mutant_caught "$mutant"
		tail -n 1 "$work/cuts" 2> /dev/null | sed 's/^/     /' || true
		;;
	esac
done
