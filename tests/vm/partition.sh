# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# rig: files a:nvdimm=64M b:nvdimm=64M c:nvdimm=64M
#
# The writer of a three-way set is cut off and alive. It goes on writing, another
# machine takes over; none of its writes that come after is acknowledged, and none
# reaches a member of the majority, not even one that was on its way when the
# network heals. What it acknowledges of those that every member had before the
# other took over, the other has. Then it is a member again.
#
# Numbers need no quotes, words in single quotes are expanded on the node:
# shellcheck disable=SC2016,SC2086

# shellcheck source=tests/vm/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"
# shellcheck source=tests/vm/set_lib.sh
. "${BASH_SOURCE[0]%/*}/set_lib.sh"

set_size=3M
partition_chunk=16384
partition_chunks=64	# the first half is written to before the cut
partition_half=$((partition_chunks / 2))
partition_bytes=$((partition_chunk * partition_chunks))
partition_writers=4
partition_part=$((partition_half / partition_writers))
round=0

# partition_text WHO: bytes that say whose they are, and of which chunk
partition_text() {
	awk -v who="$round-$1" -v n=$((partition_bytes / 32)) \
		-v chunk=$((partition_chunk / 32)) 'BEGIN {
		for (i = 0; i < n; i++)
			printf "%-14s %6d %9d\n", who, i / chunk, i % chunk
	}' > "$work/text.$1"
	sums "$work/text.$1" $partition_chunk > "$work/sums.$1"
}

# partition_round OLD NEW THIRD: OLD is the writer, all are in sync
partition_round() {
	local who

	for who in old isolated new; do
		partition_text $who
	done
	for who in old isolated; do
		kfirig put "$1" "$work/text.$who" /root/$who
	done
	kfirig put "$2" "$work/text.new" /root/new
	rm -f "$work"/acks.* "$work"/err.*
	partition_write "$1" old 0
	wait_until 30 partition_all_write
}

# partition_write NODE WHO FIRST: writers on NODE, each with a part of a half.
# Half of them use the block device, half the set's node; small writes go
# another way, in the request.
partition_write() {
	local i chunk device first

	for ((i = 0; i < partition_writers; i++)); do
		chunk=$partition_chunk
		device=$set_device
		[ $((i % 2)) -eq 0 ] || device=/dev/kfi/vol
		[ $i -ne 3 ] || chunk=512
		first=$((($3 + i * partition_part) * partition_chunk / chunk))
		: > "$work/acks.$2.$i"
		kfirig exec --no-stdin --timeout 120 "$1" -- chunkwriter write \
			--repeat $((round * 1000000)) --chunk $chunk --first $first \
			--count $((partition_part * partition_chunk / chunk)) \
			$device /root/$2 \
			> "$work/acks.$2.$i" 2> "$work/err.$2.$i" &
		echo $! > "$work/pid.$2.$i"
	done
}

partition_all_write() {
	local i

	for ((i = 0; i < partition_writers; i++)); do
		[ "$(wc -l < "$work/acks.old.$i")" -ge 3 ] || return 1
	done
}

partition_acks() {
	cat "$work"/acks.old.* | wc -l
}

# partition_has BYTES: the pass of each write that was acknowledged, or a later one
partition_has() {
	local i chunk

	od -An -v -tu8 -w512 "$1" | awk '{ print $1 }' > "$work/passes"
	for ((i = 0; i < partition_writers; i++)); do
		chunk=$partition_chunk
		[ $i -ne 3 ] || chunk=512
		awk -v end=$(((round + 1) * 1000000)) -v per=$((chunk / 512)) -v writer=$i '
			FILENAME == ARGV[1] { pass[NR - 1] = $1; next }
			$1 == "ack" && NF == 3 && $3 + 0 > acked[$2 + 0] { acked[$2 + 0] = $3 + 0 }
			END {
				for (n in acked) {
					has = pass[n * per] + 0
					if (has >= acked[n] && has < end)
						continue
					print "writer " writer ": pass " acked[n] " of chunk " n " acknowledged, " has " found"
					bad = 1
				}
				exit bad
			}' "$work/passes" "$work/acks.old.$i"
	done
}

# partition_take_over OLD NEW: what NEW finds has to stay, but for what it writes
# itself, which is half of what OLD wrote. OLD writes on, where it did not before.
partition_take_over() {
	local n

	set_take_over "$2"
	partition_acks > "$work/acknowledged"
	partition_write "$1" isolated $partition_half
	on "$2" head -c $partition_bytes /dev/kfi/vol > "$work/found.bytes"
	sums "$work/found.bytes" $partition_chunk > "$work/found"
	for ((n = 0; n < partition_half; n += partition_part)); do
		on "$2" chunkwriter write --chunk $partition_chunk --first $n \
			--count $((partition_part / 2)) $set_device /root/new > /dev/null
	done
	awk -v end=$partition_half -v part=$partition_part '
		FILENAME == ARGV[1] { new[$1] = $2; next }
		$1 < end && $1 % part < part / 2 { $2 = new[$1] }
		{ print }' "$work/sums.new" "$work/found" > "$work/want"
}

# partition_fenced OLD: its writers end; acknowledged was nothing that the other
# has not found, at most what each had under way, and nothing that came after.
partition_fenced() {
	local file status

	for file in "$work"/pid.*; do
		status=0
		wait "$(cat "$file")" || status=$?
		file=$work/err.${file#*/pid.}
		cat "$file"
		[ $status -eq 1 ]
		grep -q 'Key has been revoked\|Invalid exchange\|Input/output' "$file"
	done
	set_until "$1" '.state == "fenced"'
	echo "acknowledged: $(cat "$work/acknowledged") when the other had the set, $(partition_acks) in the end"
	partition_has "$work/found.bytes"
	[ "$(partition_acks)" -le $(($(cat "$work/acknowledged") + partition_writers)) ]
	fails grep -H ack "$work"/acks.isolated.*
}

# partition_members NODE...: has what the set has to have, byte for byte
partition_members() {
	local node

	for node; do
		on "$node" head -c $partition_bytes /dev/kfi/vol > "$work/bytes.$node"
		sums "$work/bytes.$node" $partition_chunk | diff - "$work/want"
		fails grep -a -m 3 "$round-isolated" "$work/bytes.$node"
	done
}

# partition_rejoin OLD NEW THIRD: OLD is a member again, without a reboot
partition_rejoin() {
	partition_members "$2" "$3"
	set_in_sync "$2" "$1"
	on "$1" kfipmem blk del $set_device --force
	on "$1" kfipmem set stop vol
	partition_members "$1" "$2" "$3"
	on "$2" kfipmem set scrub vol --wait --json > "$work/scrub"
	jq -e '.mismatches == 0 and .scrubbed > 0' "$work/scrub" > /dev/null
	check_log a b c
}

# The cable is cut. What the transport sends again is refused when it is back; in
# every other cycle it has been given up by then.
partition_cut() {
	round=1
	partition_round "$@"
	kfirig link "$1" down
	partition_take_over "$@"
	[ $((cycle % 2)) -eq 0 ] || set_until "$1" '.held > 0'
	kfirig link "$1" up
	partition_fenced "$1"
	partition_rejoin "$@"
}

# partition_gate NODE: the packets of its connections (BTH opcodes 0 to 31) get a
# queue of their own, which is open. Not the datagrams that make connections. To be
# done while the node sends nothing: what is sent while queues are replaced is
# dropped with an error, and soft-RoCE gives the queue pair up for that, the one
# of the datagrams for good.
partition_gate() {
	on "$1" sh -c '/sbin/modprobe -a sch_prio cls_u32 &&
		/sbin/tc qdisc add dev eth0 root handle 1: prio bands 4 &&
		/sbin/tc qdisc add dev eth0 parent 1:4 handle 4: netem limit 100000 &&
		/sbin/tc filter add dev eth0 parent 1: protocol ip u32 match ip protocol 17 0xff \
			match u16 4791 0xffff at 22 match u8 0 0xe0 at 28 flowid 1:4'
}

# partition_hold NODE: they are on their way until partition_release
partition_hold() {
	on "$1" tc qdisc change dev eth0 parent 1:4 handle 4: netem limit 100000 slot 1000s
}

partition_release() {
	on "$1" tc qdisc change dev eth0 parent 1:4 handle 4: netem limit 100000 slot 1us
}

# partition_held NODE: how many
partition_held() {
	on "$1" tc -s qdisc show dev eth0 |
		sed -n '/netem/,$s/.* backlog [^ ]* \([0-9]*\)p .*/\1/p'
}

# The data of two writes, at least.
partition_holds() {
	[ "$(partition_held "$1")" -ge 16 ]
}

partition_holds_none() {
	[ "$(partition_held "$1")" -eq 0 ]
}

# Writes that OLD has sent are on their way for as long as the takeover takes,
# and arrive when the network heals.
partition_delay() {
	round=2
	partition_round "$@"
	partition_hold "$1"
	wait_until 30 partition_holds "$1"
	kfirig link "$1" down
	partition_take_over "$@"
	kfirig link "$1" up
	echo "$(partition_held "$1") packets are on their way"
	partition_holds "$1"
	partition_release "$1"
	wait_until 30 partition_holds_none "$1"
	partition_fenced "$1"
	partition_rejoin "$@"
	on "$2" kfipmem blk del $set_device
	on "$2" kfipmem set stop vol
	on "$1" tc qdisc del dev eth0 root
}

partition_begin() {
	clean_node b
	partition_gate b
	set_begin a
}

for ((cycle = 0; cycle < ${CYCLES:-1}; cycle++)); do
	proves "a set of three" partition_begin
	proves "the writer is cut off, another takes over: fenced, nothing lands, rejoins" partition_cut a b c
	proves "its packets are late, another takes over: fenced, nothing lands, rejoins" partition_delay b c a
done
