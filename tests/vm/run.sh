#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Runs the VM tests: run.sh [--from FOLDER] [NAME...], a NAME is that of a file
# here, or in FOLDER. A file says in its "# rig: NAME NODES" line which nodes it wants; files with the
# same line share one boot; one that says "by name only" is left out when no
# NAME is given. VM_JOBS rigs run at a time: three, or two where the memory is
# small. A node that gets its power is restored as it was after its first boot,
# of this run or of one before (--snapshots).
#
# MICROSCOPE=1: under the power-cut microscope. A node whose power is cut then has
# what its caches had not written back lost, and every acknowledgement is looked
# at: a line that is not durable fails the run. Nodes with other domains than
# ADR are left out, and mutants, whose lines are not durable by intention: it has
# its own (tests/microscope).

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=tests/vm/lib.sh
. "$here/lib.sh"
# shellcheck source=tests/debug/lib.sh
. "$top/tests/debug/lib.sh"

# run_rig FILE...: inside "kfirig run"
run_rig() {
	local file node

	# shellcheck disable=SC2064
	trap "rm -rf '$work'" EXIT
	for file; do
		for node in $nodes; do
			clean_node "${node%%:*}"
		done
		# shellcheck disable=SC1090
		. "$file"
		for node in $nodes; do
			[ "${KFI_DEBUG:-}" != kasan ] ||
				proves "${file##*/}: nothing leaks on ${node%%:*}" \
					no_leaks "${node%%:*}"
			proves "${file##*/}: the kernel of ${node%%:*} does not complain" \
				check_log "${node%%:*}"
		done
	done
	echo "$passed passed, $failed failed"
}

if [ "${1:-}" = --inside ]; then
	work=$(mktemp -d "${TMPDIR:-/tmp}/kfi-vm.XXXXXX")
	nodes=$2
	seed_random
	echo "seed $seed (SEED=$seed repeats the random moments)"
	run_rig "${@:3}"
	exit
fi

from=$here
if [ "${1:-}" = --from ]; then
	from=$(cd "$2" && pwd -P)
	shift 2
fi
files=()
if [ $# -eq 0 ]; then
	for file in "$from"/*.sh; do
		! grep -q '^# rig: ' "$file" || grep -q '^# by name only' "$file" ||
			files+=("$file")
	done
else
	for name; do
		{ [[ $name != */* ]] && grep -qs '^# rig: ' "$from/$name.sh"; } || {
			echo "run.sh: there is no test $name in ${from#"$top/"}" >&2
			exit 2
		}
		files+=("$from/$name.sh")
	done
fi

# Nothing is acknowledged that is not durable, but by these.
if [ -n "${MICROSCOPE:-}" ]; then
	for i in "${!files[@]}"; do
		case ${files[i]} in
		"$here/mutants.sh")
			echo "run.sh: mutants are not for MICROSCOPE=1: make check ONLY=microscope has its own" >&2
			unset "files[i]"
			;;
		esac
	done
	[ ${#files[@]} -gt 0 ] || exit 2
fi

declare -A rigs
domains=
for file in "${files[@]}"; do
	rig=$(sed -n 's/^# rig: //p' "$file" | head -n 1)
	rigs[$rig]+="$file "
	[ "${rig%% *}" != domains ] || domains=$rig
done

begin=$SECONDS
case " ${files[*]} " in
*/mutants.sh\ *) build_all "${mutants[@]}" ;;
*) build_all ;;
esac
share_all
case " ${files[*]} " in
*/pacemaker.sh\ *) share_cluster ;;
esac
case " ${files[*]} " in
*/shmem.sh\ *) share_shmem ;;
esac
[ "$from" != "$top/tests/fault" ] || share_fault
echo "built in $((SECONDS - begin)) s"

scope=()
if [ -n "${MICROSCOPE:-}" ]; then
	[ -z "$domains" ] || unset "rigs[$domains]"
	make --no-print-directory -s -C "$top/qemu/pmcache" OUT="$out/pmcache"
	KFIRIG_QEMU=$("$top/tools/qemu10.sh")
	# Each store costs a call: 1 GiB of zeros takes minutes.
	export KFIRIG_QEMU KFIRIG_PATIENCE=${KFIRIG_PATIENCE:-10}
	patience=$KFIRIG_PATIENCE
fi

logs=$(mktemp -d "${TMPDIR:-/tmp}/kfi-vm.XXXXXX")
finish() {
	local pid

	# kfirig run takes its nodes along.
	for pid in $(jobs -p); do
		kill "$pid" 2> /dev/null || true
	done
	wait
	rm -rf "$logs"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

# Three rigs have up to 6 GiB, the KUnit kernel and the model 2 GiB beside them.
jobs=${VM_JOBS:-$(awk '/^MemAvailable:/ { print $2 < 8 * 1024 * 1024 ? 2 : 3 }' /proc/meminfo)}

# The longest first.
mapfile -t order < <(printf '%s\n' "${!rigs[@]}" |
	awk '{ print index("set crash files calm domains", $1), $0 }' | sort -n |
	cut -d ' ' -f 2-)
for rig in "${order[@]}"; do
	name=${rig%% *}
	spec=$(debug_spec "${rig#* }")
	while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do
		wait -n || true
	done
	if [ -n "${MICROSCOPE:-}" ]; then
		mkdir -p "$logs/scope"
		scope=(--accel tcg --plugin "$out/pmcache/pmcache.so,nvdimm=%d/nvdimm0,survivor=%d/nvdimm0.survivor,report=$logs/scope/$name.%n.%b.report,counts=$logs/scope/$name.%n.%b.counts")
	fi
	# shellcheck disable=SC2086
	(
		status=0
		# Names without white space, by the checkout's own files.
		kfirig run "${scope[@]}" "${debug_options[@]}" --snapshots "$snapshots" --vmlinuz "$vmlinuz" --image "$image" --qemu-arg -virtfs --qemu-arg \
			"local,path=$share,mount_tag=share,security_model=none,readonly=on" \
			$spec -- \
			"$here/run.sh" --inside "$spec" ${rigs[$rig]} || status=$?
		[ $status -eq 0 ] || echo "rig $name ended with status $status"
	) > >(tee "$logs/$name" | sed -u "s/^/$name: /") 2>&1 &
done
wait

if [ -n "${MICROSCOPE:-}" ]; then
	lint=$("$out/pmcache/pmcache" counts "$logs"/scope/*.counts | tail -n 1) || true
	echo "$lint"
	case $lint in
	'lint: 0 '* | '') echo "FAIL nothing was acknowledged" && failed=$((failed + 1)) ;;
	*' 0 lines dirty, 0 written'*) passed=$((passed + 1)) ;;
	*)
		echo "FAIL lines that are not durable at an acknowledgement"
		grep -h '^lint: op' "$logs"/scope/*.report | head -n 20 | sed 's/^/     /'
		failed=$((failed + 1))
		;;
	esac
fi

for rig in "${order[@]}"; do
	counts=$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$logs/${rig%% *}" | tail -n 1)
	if [ -z "$counts" ] || grep -q '^rig .* ended with status' "$logs/${rig%% *}"; then
		echo "FAIL rig ${rig%% *} did not come to its end"
		failed=$((failed + 1))
	fi
	read -r p f <<< "${counts:-0 0}"
	passed=$((passed + p))
	failed=$((failed + f))
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
