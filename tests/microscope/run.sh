#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The modules under the power-cut microscope: after its own test, nodes that
# commit in each way there is, local and over RDMA, that make and remove regions, and
# builds that break the promise. The last line is the sum.
#
# PARTS=NAMES  of own commits regions target (default: all)
# shellcheck disable=SC2016

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=tests/vm/lib.sh
. "$here/../vm/lib.sh"
parts=${PARTS:-own commits regions target}
for part in $parts; do
	case $part in
	own | commits | regions | target) ;;
	*)
		echo "run.sh: there is no part '$part': own commits regions target" >&2
		exit 2
		;;
	esac
done
scope=$out/pmcache
region_mutants=(header-in-place no-zero)
declare -A shows=([header-in-place]="does not open" [no-zero]="bytes of another")
modes=(strict architectural)

# --- inside "kfirig run" ---

# trace NODE: of its present boot
trace() {
	echo "$KFIRIG_DIR/$1/trace.$(kfirig status --json |
		jq -r ".nodes[] | select(.name == \"$1\") | .boots")"
}

# again NODE...: new boots, with what survived
again() {
	kfirig cut "$@" 2> /dev/null || true
	kfirig power-on "$@"
}

# begin NODE [MUTANT]: a pool on it
begin() {
	again "$1"
	if [ -n "${2:-}" ]; then
		load_mutant "$1" "$2"
	else
		load "$1"
	fi
	on "$1" kfipmem pool create /dev/pmem0 --name tank --force
}

# committed NODE [MUTANT]: what it did, and its power is gone
committed() {
	begin "$@"
	on "$1" kfipmem region create tank/slots --size 4M
	on "$1" commits /dev/kfi/slots "$slots"
	kfirig cut "$1"
	"$scope/pmcache" info "$(trace "$1")"
}

# rearranged NODE [MUTANT]: regions come and go, and its power is gone
rearranged() {
	begin "$@"
	on "$1" regions "$steps"
	kfirig cut "$1"
}

# lint NODE [OPTION...]
lint() {
	"$scope/pmcache" lint "${@:2}" "$(trace "$1")"
}

# complains NODE TEXT [OPTION...]: the lint does, and of what it is meant to
complains() {
	local said status=0

	said=$(lint "$1" "${@:3}") || status=$?
	tail -n 1 <<< "$said"
	[ $status -eq 1 ] && grep -q "$2" <<< "$said"
}

# images NODE JUDGE [OPTION...]
images() {
	"$scope/node/$2" "${@:3}" "$(trace "$1")"
}

# images_show TEXT NODE JUDGE [OPTION...]: violations that say so
images_show() {
	local said status=0

	said=$(images "${@:2}") || status=$?
	echo "$said"
	[ $status -eq 1 ] && grep -q "^violation: .*$1" <<< "$said"
}

# For each kind of operation: operations, NT stores, write-backs, fences of each
costs() {
	"$scope/pmcache" operations "$(trace "$1")" | awk '
		BEGIN { split("dsync fsync msync commit publish atomic", name) }
		{
			for (i = 3; i < NF; i += 2)
				sum[$4, $i] += $(i + 1)
			n[$4]++
		}
		END {
			for (k = 0; k < 6; k++)
				printf "     %-8s %3d operations, each %6.1f stores, %6.1f non-temporal, %6.1f write-backs (%.1f of clean lines), %.1f fences (%.1f idle)\n",
					name[k + 1], n[k], sum[k, "stores"] / n[k],
					sum[k, "nt-stores"] / n[k], sum[k, "write-backs"] / n[k],
					sum[k, "clean-write-backs"] / n[k],
					sum[k, "fences"] / n[k], sum[k, "idle-fences"] / n[k]
		}'
}

# remote [MUTANT]: a writes to a region of b's
remote() {
	again a
	begin b "$@"
	on b kfipmem region create tank/slots --size 4M
	give_key b a
	on b kfipmem export tank/slots --peer a --key-file /root/key
	load a
	on a kfipmem attach b/slots --as a --key-file /root/key
	on a commits /dev/kfi/slots "$slots"
	kfirig cut a b
}

# on_commits: of a node's own region
on_commits() {
	local mutant

	proves "commits, publishes and atomics on a node" committed a
	proves "no line is undurable at an acknowledgement" lint a
	proves "and none where locks are fences" lint a --mode=architectural
	proves "no power cut loses what was acknowledged" images a check
	costs a
	for mutant in no-writeback no-fence; do
		proves "the same on a build with $mutant" committed a "$mutant"
		case $mutant in
		no-writeback)
			catches $mutant "microscope lint" complains a 'is dirty'
			# Without a fence the next lock is one there: no-fence is not seen.
			catches $mutant "microscope lint, architectural" \
				complains a 'is dirty' --mode=architectural
			catches $mutant "microscope images, architectural" \
				images_show 'not there' a check --mode=architectural
			;;
		no-fence) catches $mutant "microscope lint" complains a 'not fenced' ;;
		esac
		catches $mutant "microscope images" images_show 'not there' a check
	done
}

# on_regions: of a pool's table, and of what is where a region was
on_regions() {
	local mutant mode

	proves "regions made and removed on a node" rearranged a
	for mode in "${modes[@]}"; do
		proves "each power cut leaves the old table or the new one, $mode" \
			images a regions_check --mode="$mode"
		sed 's/^/     /' "$work/out"
	done
	for mutant in "${region_mutants[@]}"; do
		proves "the same on a build with $mutant" rearranged a "$mutant"
		for mode in "${modes[@]}"; do
			catches "$mutant" "microscope regions, $mode" \
				images_show "${shows[$mutant]}" a regions_check --mode="$mode"
		done
	done
}

# on_target: of a region that another node writes to
on_target() {
	local mutant mode

	proves "commits, publishes and atomics over RDMA" remote
	proves "no line is undurable at a target's acknowledgement" lint b
	for mode in "${modes[@]}"; do
		proves "no power cut of a target leaves a word without its data, $mode" \
			images b check --target --mode="$mode"
		sed 's/^/     /' "$work/out"
	done
	for mutant in "${mutants[@]}"; do
		proves "the same on a target with $mutant" remote "$mutant"
		catches "$mutant" "microscope target's lint" complains b 'lint: operation'
		[ "$mutant" = no-fence ] ||
			catches "$mutant" "microscope target's lint, architectural" \
				complains b 'lint: operation' --mode=architectural
	done
	for mode in "${modes[@]}"; do
		catches word-first "microscope target's images, $mode" \
			images_show 'without its data' b check --target --mode="$mode"
	done
}

inside() {
	local part

	for part in $parts; do
		[ "$part" = own ] || "on_$part"
	done
	echo "$passed passed, $failed failed"
}

if [ "${1:-}" = --inside ]; then
	work=$(mktemp -d "${TMPDIR:-/tmp}/kfi-microscope.XXXXXX")
	# shellcheck disable=SC2064
	trap "rm -rf '$work'" EXIT
	slots=${SLOTS:-60}
	steps=${REGION_STEPS:-60}
	inside
	[ "$failed" -eq 0 ]
	exit
fi

# --- before ---

log=$(mktemp -d "${TMPDIR:-/tmp}/kfi-microscope.XXXXXX")
trap 'rm -rf "$log"' EXIT

make --no-print-directory -s -C "$top/qemu/pmcache" OUT="$scope"
case " $parts " in
*' own '*)
	make --no-print-directory -s -C "$top/qemu/pmcache" OUT="$scope" check |
		tee "$log/own" || true
	;;
*) echo "0 passed, 0 failed" > "$log/own" ;;
esac

model=("$here/cuts.c")
for noun in explore cache lint replay survivor trace medium; do
	model+=("$top/qemu/pmcache/$noun.c")
done
mkdir -p "$scope/node"
compile=(gcc -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -I"$top/include/uapi")
judge=("${compile[@]}" -I"$top/qemu/pmcache")
"${judge[@]}" -o "$scope/node/check" "$here/check.c" "${model[@]}"
# The kernel's decoder, with what it needs in its place.
read -r -a decoder < <(make --no-print-directory -s -C "$top/tests/fuzz" OUT="$out/fuzz" decoder-media)
"${compile[@]}" -r -Wno-unused-parameter -Wno-sign-compare -I"$here" \
	-o "$scope/node/pool.o" "$here/pool.c" "${decoder[@]}"
"${judge[@]}" -o "$scope/node/regions_check" "$here/regions_check.c" "$scope/node/pool.o" "${model[@]}"
cc_static "$scope/node/regions" -D_GNU_SOURCE -I"$top/include/uapi" "$here/regions.c"
image_args+=(--bin "$scope/node/regions")
build_all "${mutants[@]}" "${region_mutants[@]}"

KFIRIG_QEMU=$("$top/tools/qemu10.sh")
export KFIRIG_QEMU
kfirig run --snapshots "$snapshots" --accel tcg --image "$image" --plugin \
	"$scope/pmcache.so,nvdimm=%d/nvdimm0,survivor=%d/nvdimm0.survivor,trace=%d/trace.%b,report=%d/report.%b" \
	a:nvdimm=64M b:nvdimm=64M -- "$here/run.sh" --inside | tee "$log/nodes" || true

sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$log/own" > "$log/sums"
[ -s "$log/sums" ] || echo "0 1" > "$log/sums"
tail -n 1 "$log/sums" > "$log/sum"
sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$log/nodes" |
	grep . >> "$log/sum" || echo "0 1" >> "$log/sum"
awk '{ p += $1; f += $2 } END { print p " passed, " f " failed"; exit f > 0 }' "$log/sum"
