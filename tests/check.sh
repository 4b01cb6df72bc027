#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# All tests: check.sh [PART...] of compile vm user model kunit shmem cluster rig
# microscope mutants crash-mutants space-mutants fuzz native. Without one: all but
# cluster, which runs Pacemaker, rig and microscope, which test themselves, mutants,
# crash-mutants and native, which build kernels, space-mutants, and fuzz, which user
# runs. The last line is the sum.
#
# CAUGHT=1  before it, a table of all mutants and what has caught each

set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
parts=("$@")
[ $# -gt 0 ] || parts=(compile vm user model kunit shmem)
log=$(mktemp -d "${TMPDIR:-/tmp}/kfi-check.XXXXXX")
declare -A beside

# finish: what runs beside is a process group each, with all its children
finish() {
	local pid

	for pid in "${beside[@]}"; do
		kill -- "-$pid" 2> /dev/null || true
	done
	wait
	rm -rf "$log"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

# needs PART: the groups of packages
needs() {
	case $1 in
	kunit | mutants | crash-mutants | native) echo kunit ;;
	user | fuzz) echo build test ;;
	shmem | space-mutants) echo build shmem ;;
	compile) echo build ;;
	model) echo model ;;
	vm | cluster | microscope) echo build rig test kunit ;;
	rig) echo build rig ;;
	*)
		echo "check: there is no part '$1': compile vm user model kunit shmem cluster rig microscope mutants crash-mutants space-mutants fuzz native" >&2
		return 2
		;;
	esac
}

run() {
	# shellcheck disable=SC2086
	case $1 in
	# Beside the others it has a part of the processors.
	kunit) KFI_UML_TIMEOUT=${KFI_UML_TIMEOUT:-900} "$top/tests/kunit/uml.sh" run debug ;;
	user) "$top/tests/user/run.sh" ;;
	shmem) "$top/tests/shmem/run.sh" ;;
	compile) make --no-print-directory -s -C "$top" compile ;;
	model) "$top/tests/model/run.sh" ;;
	vm) "$top/tests/vm/run.sh" ${TESTS:-} ;;
	cluster) "$top/tests/vm/run.sh" pacemaker ;;
	mutants) "$top/tests/kunit/mutants.sh" ;;
	crash-mutants) "$top/tests/crash/mutants.sh" ;;
	space-mutants) "$top/tests/shmem/pspace.sh" "$(make -s --no-print-directory -C "$top" path)" mutants ;;
	fuzz) "$top/tests/fuzz/run.sh" ;;
	native) KFI_UML_TIMEOUT=${KFI_UML_TIMEOUT:-900} "$top/tests/kunit/uml.sh" run native ;;
	rig) make --no-print-directory -s -C "$top/qemu" check ;;
	microscope) "$top/tests/microscope/run.sh" ;;
	esac
}

groups=
for part in "${parts[@]}"; do
	groups+=" $(needs "$part")"
done
# shellcheck disable=SC2086
"$top/tools/deps.sh" install $groups

# Machines wait for most of their time: these run beside the VM tests, one after the
# other and behind them, and are told of when their turn comes. The programs of
# shmem wait for each other in loops: machines beside them would stand still.
case " ${parts[*]} " in
*\ vm\ *)
	before=
	for part in "${parts[@]}"; do
		case $part in
		user | model | kunit)
			set -m
			{
				[ -z "$before" ] || tail -s 0.2 --pid="$before" -f /dev/null
				renice -n 5 -p $BASHPID > /dev/null
				run "$part"
			} > "$log/$part.beside" 2>&1 < /dev/null &
			set +m
			before=$!
			beside[$part]=$!
			echo "$part runs beside the others"
			;;
		esac
	done
	;;
esac

# shellcheck source=tests/sum.sh
. "$top/tests/sum.sh"
summary=()
for part in "${parts[@]}"; do
	begin=$SECONDS
	status=0
	echo "== $part"
	if [ -n "${beside[$part]:-}" ]; then
		tail -n +1 -s 0.2 -f --pid="${beside[$part]}" "$log/$part.beside" |
			tee "$log/$part"
		wait "${beside[$part]}" || status=$?
		unset "beside[$part]"
	else
		run "$part" 2>&1 | tee "$log/$part" || status=$?
	fi
	add $status "$log/$part"
	summary+=("$(printf '%-13s %4d passed %4d failed %5d s' "$part" "$part_passed" "$part_failed" $((SECONDS - begin)))")
done

echo
printf '%s\n' "${summary[@]}" "all of it $((SECONDS / 60)) min $((SECONDS % 60)) s"
rm -f "$log"/*.beside
failures "$log"/*
if [ -n "${CAUGHT:-}" ]; then
	echo
	"$top/tests/caught.sh" "$log"/* || failed=$((failed + 1))
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
