#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The modules under the power-cut microscope: after its own test, nodes that
# commit in each way there is, local and over RDMA, and builds that break the
# promise. The last line is the sum.
# shellcheck disable=SC2016

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=tests/vm/lib.sh
. "$here/../vm/lib.sh"
scope=$out/pmcache

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

# begin NODE [MUTANT]: a pool and a region on it
begin() {
	again "$1"
	if [ -n "${2:-}" ]; then
		load_mutant "$1" "$2"
	else
		load "$1"
	fi
	on "$1" kfipmem pool create /dev/pmem0 --name tank --force
	on "$1" kfipmem region create tank/slots --size 4M
}

# committed NODE [MUTANT]: what it did, and its power is gone
committed() {
	begin "$@"
	on "$1" commits /dev/kfi/slots "$slots"
	kfirig cut "$1"
	"$scope/pmcache" info "$(trace "$1")"
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

images() {
	"$scope/node/check" "$(trace "$1")"
}

# images_lack NODE: status 1, and not an error
images_lack() {
	local status=0

	images "$1" || status=$?
	[ $status -eq 1 ]
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
	give_key b a
	on b kfipmem export tank/slots --peer a --key-file /root/key
	load a
	on a kfipmem attach b/slots --as a --key-file /root/key
	on a commits /dev/kfi/slots "$slots"
	kfirig cut a b
}

inside() {
	local mutant

	proves "commits, publishes and atomics on a node" committed a
	proves "no line is undurable at an acknowledgement" lint a
	proves "and none where locks are fences" lint a --mode=architectural
	proves "no power cut loses what was acknowledged" images a
	costs a
	for mutant in no-writeback no-fence; do
		proves "the same on a build with $mutant" committed a "$mutant"
		case $mutant in
		no-writeback)
			proves "the lint names lines of $mutant" complains a 'is dirty'
			# Without a fence the next lock is one there: no-fence is not seen.
			proves "and where locks are fences" complains a 'is dirty' --mode=architectural
			;;
		no-fence) proves "the lint names lines of $mutant" complains a 'not fenced' ;;
		esac
		proves "power cuts lose what $mutant acknowledged" images_lack a
	done
	proves "commits, publishes and atomics over RDMA" remote
	proves "no line is undurable at a target's acknowledgement" lint b
	for mutant in "${mutants[@]}"; do
		proves "the same on a target with $mutant" remote "$mutant"
		proves "the lint names lines of $mutant" complains b 'lint: operation'
		[ "$mutant" = no-fence ] ||
			proves "and where locks are fences" complains b 'lint: operation' \
				--mode=architectural
	done
	echo "$passed passed, $failed failed"
}

if [ "${1:-}" = --inside ]; then
	work=$(mktemp -d "${TMPDIR:-/tmp}/kfi-microscope.XXXXXX")
	# shellcheck disable=SC2064
	trap "rm -rf '$work'" EXIT
	slots=${SLOTS:-60}
	inside
	[ "$failed" -eq 0 ]
	exit
fi

# --- before ---

log=$(mktemp -d "${TMPDIR:-/tmp}/kfi-microscope.XXXXXX")
trap 'rm -rf "$log"' EXIT

make --no-print-directory -s -C "$top/qemu/pmcache" OUT="$scope" check | tee "$log/own" || true

model=()
for noun in explore cache lint replay survivor trace medium; do
	model+=("$top/qemu/pmcache/$noun.c")
done
mkdir -p "$scope/node"
gcc -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -I"$top/qemu/pmcache" \
	-I"$top/include/uapi" -o "$scope/node/check" "$here/check.c" "${model[@]}"
cc_static "$scope/node/commits" -D_GNU_SOURCE -I"$top/include/uapi" "$here/commits.c"
image_args+=(--bin "$scope/node/commits")
build_all "${mutants[@]}"

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
