#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Three machines, a file system on a three-way replica set. A replica loses its
# power and comes back; the writer loses its network, another machine takes
# over, and the old writer is fenced, loses its power and returns as a replica.
# Every file whose fsync() had returned is there. ha.sh; SEED=N repeats the
# moments.
#
# Words in single quotes are expanded on the node:
# shellcheck disable=SC2016

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=tests/vm/lib.sh
. "$here/../vm/lib.sh"
# shellcheck source=tests/vm/set_lib.sh
. "$here/../vm/set_lib.sh"

set_size=96M
file=16384	# bytes of each file that is written
mnt=/mnt
picture=${PICTURE:-$out/demo-ha.svg}
timeline=$out/tests/timeline

say() {
	printf '%s\n' "$*"
}

die() {
	printf 'demo: %s\n' "$*" >&2
	exit 1
}

# event TEXT: on the picture, and on the terminal
event() {
	local at

	at=$("$timeline" stamp "$epoch" <<< "event $1")
	printf '%s\n' "$at" >> "$work/events"
	printf '  %6.1f s  %s\n' "${at%% *}" "$1"
}

at_event() {
	awk -v text="$1" 'index($0, text) { print $1; exit }' "$work/events"
}

# writer NODE FIRST: writes files until something ends it; acknowledgements and
# their times are in $work/acks.NODE
writer() {
	{
		kfirig exec --no-stdin --timeout 600 "$1" -- \
			filewriter write $mnt $file "$2" 0 2> "$work/err.$1" || true
	} | "$timeline" stamp "$epoch" >> "$work/acks.$1" &
}

acked_files() {
	cat "$work"/acks.* 2> /dev/null | sed -n 's/^[0-9.]* ack 0*\([0-9][0-9]*\)$/\1/p' | sort -n
}

are_acked() {
	[ "$(acked_files | wc -l)" -ge "$1" ]
}

# until_acks COUNT: until so many more files are acknowledged
until_acks() {
	wait_until 120 are_acked $(($(acked_files | wc -l) + $1)) ||
		die "no file was acknowledged for too long"
}

mount_set() {
	on "$1" kfipmem blk add vol > /dev/null
	on "$1" sh -c "mkdir -p $mnt && mount -t ext4 $set_device $mnt"
}

# check_files NODE: "acknowledged found lost" of the files on its mount
check_files() {
	on "$1" filewriter check $mnt $file | sed -n 's/^\([0-9]*\) ok$/\1/p' |
		sort > "$work/found"
	acked_files | sort > "$work/acked"
	printf '%s %s %s\n' "$(wc -l < "$work/acked")" \
		"$(comm -12 "$work/acked" "$work/found" | wc -l)" \
		"$(comm -23 "$work/acked" "$work/found" | wc -l)"
}

member() {
	on "$1" kfipmem set status vol --json |
		jq -r ".sets[0].members[$(set_index "$2")] | $3"
}

mib() {
	awk -v n="$1" 'BEGIN { printf "%.1f MiB", n / 1048576 }'
}

set_up() {
	local node

	set_key
	for node in "${set_nodes[@]}"; do
		set_serve "$node" create --cache-model="$(random 1 1000000)"
	done
	set_create a
	on a kfipmem blk add vol > /dev/null
	on a mke2fs -q -t ext4 -E nodiscard $set_device
	on a sh -c "mkdir -p $mnt && mount -t ext4 $set_device $mnt"
}

replica_loses_power() {
	local copied total

	until_acks "$(random 20 60)"
	event "replica c loses its power"
	kfirig cut c
	until_acks "$(random 30 60)"
	kfirig power-on c
	event "c is booted again"
	set_serve c open
	set_in_sync a c
	event "c is in sync again"
	copied=$(member a c .resynced)
	total=$(member a c .resync_total)
	resync_c="$(mib "$copied") of $(mib $((${set_size%M} * 1048576)))"
	[ "$copied" -ge "$total" ] || die "the resync of c did not come to its end: $copied of $total bytes"
	until_acks "$(random 20 40)"
}

writer_is_cut_off() {
	local next

	event "writer a loses its network"
	kfirig link a down
	set_start b
	takeover=$(on b kfipmem set status vol --json | jq .sets[0].takeover_ms)
	event "b takes over, epoch $(on b kfipmem set status vol --json | jq .sets[0].epoch)"
	mount_set b
	read -r acks_1 found_1 lost_1 < <(check_files b)
	# Above anything that a may have written and never had acknowledged.
	next=$(($(acked_files | tail -n 1) + 1000))
	writer b "$next"
	event "b has the file system, and writes"
	until_acks "$(random 20 40)"
	kfirig link a up
	event "a has its network again"
}

# What a had on its way, and whatever it writes now, is refused.
old_writer_is_fenced() {
	wait "$writer_a" || true
	late_lands=yes
	late=$(on a sh -c "dd if=/dev/zero of=$set_device bs=4k count=1 oflag=direct 2>&1") ||
		late_lands=no
	fenced=$(on a kfipmem set status vol --json | jq -r .sets[0].state)
	event "a is $fenced: its late write is refused"
	kfirig cut a
	event "a loses its power"
	kfirig power-on a
	set_serve a open
	set_in_sync b a
	event "a is a replica, in sync"
	resync_a="$(mib "$(member b a .resynced)") of $(mib $((${set_size%M} * 1048576)))"
	until_acks "$(random 20 40)"
}

inside() {
	local verdict=0 acks found lost scrub writer_a
	local resync_a resync_c takeover late late_lands fenced acks_1 found_1 lost_1

	seed_random
	epoch=$("$timeline" now)
	: > "$work/events"
	say "ext4 on a replica set of three machines (SEED=$seed)"
	set_up
	epoch=$("$timeline" now)
	writer a 0
	writer_a=$!
	event "a writes files, each with fsync"
	replica_loses_power
	writer_is_cut_off
	old_writer_is_fenced
	on b killall -INT filewriter
	wait
	event "the writer is stopped"

	on b sh -c "umount $mnt && mount -t ext4 $set_device $mnt"
	read -r acks found lost < <(check_files b)
	on b umount $mnt
	scrub=$(on b kfipmem set scrub vol --wait --json |
		jq -r '"\(.mismatches // .sets[0].mismatches)"')
	check_log a b c || verdict=1
	cat "$work"/acks.* "$work/events" |
		"$timeline" plot "ext4 on a three-way set: files of $((file / 1024)) KiB, each with fsync" $file "$picture"

	[ "$acks" -gt 0 ] && [ "$lost" -eq 0 ] && [ "$lost_1" -eq 0 ] || verdict=1
	[ "$scrub" = 0 ] || verdict=1
	[ "$fenced" = fenced ] || verdict=1
	[ "$late_lands" = no ] || verdict=1
	cat "$work"/acks.* > "$work/all"
	say
	say "Summary"
	say "  files          $acks acknowledged by fsync, $found present and equal, $lost lost"
	say "  at takeover    $acks_1 acknowledged, $found_1 present and equal, $lost_1 lost"
	say "  members        byte-identical: $([ "$scrub" = 0 ] && echo yes || echo "no, $scrub extents differ")"
	say "  without I/O    $(pause "replica c loses" "c is booted") s when the replica was lost, $(pause "writer a loses" "a has its network") s at the takeover (takeover itself $takeover ms)"
	say "  resync         c: $resync_c; a: $resync_a"
	say "  old writer     $fenced; its late write: $(head -n 1 <<< "${late:-no error}" | sed 's/^dd: //')"
	say "  timeline       $picture"
	if [ $verdict -eq 0 ]; then
		say "  Nothing that was acknowledged is lost, and there was one writer at a time."
	else
		say "  FAILED"
	fi
	return $verdict
}

# pause FROM TO: the longest time without an acknowledgement between two events
pause() {
	local from to

	from=$(at_event "$1")
	to=$(at_event "$2")
	awk -v from="$from" -v to="$to" '$1 <= to + 1' "$work/all" |
		"$timeline" gap "$from"
}

if [ "${1:-}" = --inside ]; then
	work=$(mktemp -d "${TMPDIR:-/tmp}/kfi-demo.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	inside
	exit
fi

say "Building modules, kfipmem, the rig and the nodes' image"
build_all > /dev/null
gcc -std=gnu11 -O2 -Wall -Wextra -Werror -o "$timeline" "$here/timeline.c" -lm
say "Booting three machines"
kfirig run --snapshots "$snapshots" --image "$image" {a,b,c}:nvdimm=$((${set_size%M} + 32))M,mem=1G \
	-- "$0" --inside
