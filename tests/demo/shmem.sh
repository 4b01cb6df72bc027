#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A plate's heat is computed by six PEs on three machines. One machine loses its
# power in the middle; the job goes on from its last epoch, and what it comes to
# at last is compared, bit for bit, with what one PE computes alone.
# shmem.sh [DIRECTORY FOR PICTURES]; SEED=N repeats the moment of the cut.

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=tests/vm/pspace_lib.sh
. "$here/../vm/pspace_lib.sh"

space_nodes=(one two three)
space_names=(heat)
side=96
steps=100
heat=(/share/heat -n "$side" -s "$steps" -e 4 -p 5 -o /root/heat -v)

say() {
	printf '%s\n' "$*"
}

die() {
	printf 'demo: %s\n' "$*" >&2
	exit 1
}

# told FILE: what the program said, without the paths of its machine
told() {
	sed -n 's,^heat: picture /root/,  picture ,p; s/^heat: /  /p; s/^\(PE .*\)/  \1/p' "$1"
}

# pictures FILE: those it has drawn come to the host
pictures() {
	local path

	sed -n 's/^heat: picture //p' "$1" | while IFS= read -r path; do
		kfirig get one "$path" "$pictures/${path##*/}"
	done
}

inside() {
	local said=$work/said job status=0 before=0 verdict=0

	seed_random
	spaces_rsh
	spaces_make > /dev/null
	say
	say "Six PEs on three machines: $steps steps, four of them are an epoch (SEED=$seed)"
	: > "$said"
	spaces_run 300 6 "${heat[@]}" > "$said" 2>&1 &
	job=$!
	# Past a few epochs, and then at any moment
	wait_until 200 grep -q "heat-0000[2-9]\|^PE" "$said"
	sleep "0.$(random 100 999)"
	kfirig cut three
	wait "$job" || status=$?
	told "$said"
	[ "$status" -ne 0 ] || die "the power was cut and the job did not notice"
	pictures "$said"
	before=$(sed -n 's/^heat: picture .*-0*\([0-9][0-9]*\).png$/\1/p' "$said" | tail -n 1)
	say "  machine three has no power; booting it again"
	kfirig power-on three
	spaces_return 2 > /dev/null
	say
	say "The same command again"
	spaces_run 300 6 "${heat[@]}" > "$said" 2>&1 || verdict=1
	told "$said"
	pictures "$said"
	grep -q verified "$said" || verdict=1
	[ "$(begins "$said")" -ge "$before" ] || verdict=1
	check_log one two three || verdict=1

	say
	say "Summary"
	say "  before the cut   $pictures/heat-$(printf %06d "$before").png, step $before"
	say "  after the cut    $pictures/heat-$(printf %06d "$(begins "$said")").png, step $(begins "$said"), the last epoch"
	say "  at the end       $pictures/heat-$(printf %06d "$steps").png, step $steps"
	if [ $verdict -eq 0 ]; then
		say "  All bits of the field are those that one PE computes without a cut."
	else
		say "  FAILED"
	fi
	return $verdict
}

if [ "${1:-}" = --inside ]; then
	pictures=$2
	work=$(mktemp -d "${TMPDIR:-/tmp}/kfi-demo.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	inside
	exit
fi

pictures=${1:-$out/demo}
mkdir -p "$pictures"
pictures=$(realpath -- "$pictures")
rm -f "$pictures"/heat-*.png
say "Building modules, libshmem, the rig and the nodes' image"
# shellcheck disable=SC2119 # without mutants
build_all > /dev/null
spaces_share > /dev/null
say "Booting three machines"
kfirig run --image "$image" --qemu-arg -virtfs --qemu-arg \
	"local,path=$share,mount_tag=share,security_model=none,readonly=on" \
	"one:nvdimm=128M" "two:nvdimm=128M" "three:nvdimm=128M" -- "$0" --inside "$pictures"
