# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# rig: crash a b
#
# Persistent spaces in a region: the demo programs lose their power at random
# moments and go on. Under the cache model ranges are committed by ioctl, and
# what was not committed is lost; without it libpmem2 flushes the caches.

# shellcheck source=tests/vm/pspace_lib.sh
. "${BASH_SOURCE[0]%/*}/pspace_lib.sh"

# pspace_run COMMAND...: on b, where $SHMEM_PMEM_DIR names regions
pspace_run() {
	on b env LD_LIBRARY_PATH=/share/lib SHMEM_PMEM_DIR=/dev/kfi SHMEM_SYMMETRIC_SIZE=1M \
		/share/oshrun -np 2 "$@"
}

# pspace_up [OPTION OF THE POOL]: what b does after each boot
pspace_up() {
	share_mount b
	load b
	on b kfipmem pool open /dev/pmem0 "$@"
}

pspace_make() {
	local program

	share_mount b
	# It may be open from the round before.
	on b sh -c '! [ -d /sys/module/kfi_user ] || kfipmem pool close tank' || true
	target b "$@"
	for program in heat phash isort gups; do
		on b kfipmem region create "tank/$program" --size 32M
		# What another test has left is no space.
		on b dd if=/dev/zero of="/dev/kfi/$program" bs=1M count=32
	done
}

# pspace_cut POOL-OPTION PROGRAM [OPTION...]: the power goes while it runs, CUTS
# times; then it runs to its end and verifies.
pspace_cut() {
	local pool=$1 program=$2 said=$work/pspace status at last=0 job again=() amid=0 missed=0

	shift 2
	while [ "$amid" -lt "${CUTS:-1}" ]; do
		: > "$said"
		pspace_run "/share/$program" "$@" "${again[@]}" > "$said" 2>&1 &
		job=$!
		wait_until 120 spaces_begun "$said" "$job"
		spaces_moment
		kfirig cut b
		status=0
		wait "$job" || status=$?
		at=$(begins "$said")
		echo "cut $((amid + 1)): began at $at, status $status"
		grep -q 'power loss' "$said" && { cat "$said"; return 1; }
		[ "${at:--1}" -ge "$last" ] || { cat "$said"; return 1; }
		last=$at
		again=()
		if [ "$status" -eq 0 ]; then
			grep -q verified "$said"
			again=(-r)
			last=0
			spaces_too_late
			missed=$((missed + 1))
			[ "$missed" -lt $((5 + ${CUTS:-1})) ]
		else
			amid=$((amid + 1))
		fi
		kfirig power-on b
		# shellcheck disable=SC2086
		pspace_up $pool
	done
	LIMIT=240 pspace_run "/share/$program" "$@" "${again[@]}" > "$said" 2>&1 || { cat "$said"; return 1; }
	cat "$said"
	grep -q verified "$said"
	echo "$amid cuts while it ran"
}

# pspace_cuts POOL-OPTION PROGRAM: with what it takes to be under way for a while
pspace_cuts() {
	# Without system calls it is through with the fewer keys before the power goes.
	local keys=45000 with=${1:+, cache model}

	[ -z "$1" ] || keys=8000
	case $2 in
	heat) proves "heat: power cuts$with" pspace_cut "$1" heat -v -n 64 -s 4000 -e 10 ;;
	phash) proves "hash table: power cuts$with" pspace_cut "$1" phash -s 65536 -k $keys ;;
	isort) proves "integer sort: power cuts$with" pspace_cut "$1" isort -k 4000 -n 60 ;;
	gups) proves "random updates: power cuts$with" pspace_cut "$1" gups -w 4096 -u 2500000 -c 4000 ;;
	esac
}

spaces_share
for pspace_method in --cache-model ''; do
	proves "regions for spaces${pspace_method:+, cache model}" pspace_make $pspace_method
	pspace_programs=(heat phash isort gups)
	# One of epochs, or of ranges: the last two have no ways of their own.
	[ "${CUTS:-1}" -gt 2 ] || pspace_programs=("${pspace_programs[$(random 0 1)]}")
	for pspace_program in "${pspace_programs[@]}"; do
		pspace_cuts "$pspace_method" "$pspace_program"
	done
done
