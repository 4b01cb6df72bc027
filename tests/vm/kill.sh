# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# rig: set a:nvdimm=64M b:nvdimm=64M c:nvdimm=64M
#
# Kill cycles: a block device on a three-way set is written to, and any of the
# machines loses its power at any moment: the writer, a replica, a replica
# during its resync, the next writer during its takeover, two of them in a row.
# No acknowledged write is lost; of what was in the air each word is found old or
# new and stays so; at the end the members are equal.
#
# Numbers need no quotes:
# shellcheck disable=SC2086

# shellcheck source=tests/vm/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"
# shellcheck source=tests/vm/set_lib.sh
. "${BASH_SOURCE[0]%/*}/set_lib.sh"

kill_chunk=16384
kill_chunks=256
kill_bytes=$((kill_chunk * kill_chunks))
set_size=24M

# $work/kill.want: "CHUNK HASH [HASH]": what each chunk may be. Where two are
# possible, the one that is found once has to stay. $work/kill.old: the bytes
# behind the first one.
kill_begin() {
	set_begin a
	writer=a
	down=
	head -c $kill_bytes /dev/zero > "$work/kill.old"
	sums "$work/kill.old" $kill_chunk > "$work/kill.want"
}

# kill_write FIRST COUNT CUT-AT VICTIM: on the writer; 0 if it came to its end
kill_write() {
	local status=0 cut=()

	head -c $kill_bytes /dev/urandom > "$work/kill.in"
	sums "$work/kill.in" $kill_chunk > "$work/kill.new"
	kfirig put "$writer" "$work/kill.in" /root/in
	[ -z "$4" ] || cut=(--cut "$4@$(printf 'ack %06d' "$3")")
	kfirig exec --no-stdin --timeout 120 "${cut[@]}" "$writer" -- \
		chunkwriter write --chunk $kill_chunk --first "$1" --count "$2" \
		--size $kill_bytes $set_device /root/in \
		> "$work/kill.out" 2> "$work/kill.err" || status=$?
	acked "$work/kill.out" > "$work/kill.acked"
	kill_acknowledge "$1" "$2"
	return $status
}

# kill_copy FROM TO CHUNK [COUNT]
kill_copy() {
	dd if="$1" of="$2" bs=$kill_chunk skip="$3" seek="$3" count="${4:-1}" \
		conv=notrunc status=none
}

# The acknowledged chunks are new; those after them are old or new. That is more
# than one: an acknowledgement may be lost with its machine.
kill_acknowledge() {
	awk -v first="$1" -v count="$2" '
		FILENAME == ARGV[1] { new[$1] = $2; next }
		FILENAME == ARGV[2] { acked[$1] = 1; next }
		{
			if ($1 in acked)
				print $1, new[$1]
			else if ($1 >= first && $1 < first + count)
				print $0, new[$1]
			else
				print
		}' "$work/kill.new" "$work/kill.acked" "$work/kill.want" \
		> "$work/kill.next"
	mv "$work/kill.next" "$work/kill.want"
	# They are acknowledged in their order.
	[ ! -s "$work/kill.acked" ] ||
		kill_copy "$work/kill.in" "$work/kill.old" "$1" "$(wc -l < "$work/kill.acked")"
}

# kill_torn CHUNK: each word of it is that of the old bytes or of the new
kill_torn() {
	local file

	on "$writer" dd if=$set_device bs=$kill_chunk skip="$1" count=1 \
		> "$work/kill.torn" 2> "$work/kill.err" || {
		cat "$work/kill.err"
		return 1
	}
	for file in old in; do
		dd if="$work/kill.$file" bs=$kill_chunk skip="$1" count=1 status=none |
			od -An -v -tx8 -w8 > "$work/kill.$file.words"
	done
	od -An -v -tx8 -w8 "$work/kill.torn" |
		paste - "$work/kill.old.words" "$work/kill.in.words" |
		awk -v chunk="$1" '
			$1 != $2 && $1 != $3 { bad++; at = NR - 1 }
			$1 == $2 { old++ }
			END {
				print "chunk " chunk ": " old + 0 " words of " NR " are old, " bad + 0 " neither old nor new"
				if (bad)
					print "the last of them at byte " at * 8
				exit bad || NR != '$((kill_chunk / 8))'
			}'
	dd if="$work/kill.torn" of="$work/kill.old" bs=$kill_chunk seek="$1" \
		conv=notrunc status=none
}

# All chunks, as the writer reads them. They were written one after another: of
# those that may be either, new ones come first, then one that may be torn.
kill_verify() {
	local chunk

	on "$writer" chunkwriter sum --chunk $kill_chunk --size $kill_bytes \
		$set_device > "$work/kill.found"
	: > "$work/kill.changed"
	rm -f "$work/kill.mixed"
	awk -v changed="$work/kill.changed" -v mixed="$work/kill.mixed" '
		FILENAME == ARGV[1] { got[$1] = $2; next }
		{
			print $1, got[$1]
			if (got[$1] == $2) {
				ended = ended || NF == 3
			} else if (NF == 3 && !ended) {
				ended = got[$1] != $3
				print $1 > (ended ? mixed : changed)
			} else {
				print "chunk " $1 " is " got[$1] ", not " $2 > "/dev/stderr"
				bad = 1
			}
		}
		END { exit bad }' "$work/kill.found" "$work/kill.want" \
		> "$work/kill.next"
	mv "$work/kill.next" "$work/kill.want"
	while read -r chunk; do
		kill_copy "$work/kill.in" "$work/kill.old" "$chunk"
	done < "$work/kill.changed"
	[ ! -e "$work/kill.mixed" ] || kill_torn "$(cat "$work/kill.mixed")"
}

kill_revive() {
	[ -n "$down" ] || return 0
	set_revive "$down"
	down=
}

# A machine that has raised the epoch dies before it has decided.
kill_in_takeover() {
	local symbols=(kfs_decide kfs_update_record kfs_record_write)

	kfirig cut "$1" --arm --at "kfi_replica:${symbols[$(random 0 2)]}"
	fails set_start "$1"
	kfirig cut "$1" --wait --timeout 60
	set_revive "$1"
}

# Another machine takes over from the writer, which has no power any more.
kill_take_over() {
	local next candidates=()

	for next in "${set_nodes[@]}"; do
		[ "$next" = "$writer" ] || candidates+=("$next")
	done
	writer=${candidates[$(random 0 1)]}
	if [ "$(random 0 3)" -eq 0 ]; then
		echo "and $writer while it takes over"
		kill_in_takeover "$writer"
	fi
	# The others may all be behind: then only the old writer's return helps.
	if ! set_start "$writer" 2> "$work/kill.start"; then
		kill_revive
		set_start "$writer"
	fi
	on "$writer" kfipmem blk add vol > /dev/null
}

kill_cycle() {
	local victim first count at status=0

	victim=${set_nodes[$(random 0 2)]}
	first=$(random 0 $((kill_chunks - 100)))
	count=$(random 20 90)
	at=$((first + $(random 0 $((count - 1)))))
	echo "cycle $cycle: writer $writer, victim $victim at chunk $at of $first+$count, down ${down:-none}"
	kill_revive
	# Else it dies during the resync.
	[ "$(random 0 1)" -eq 0 ] || set_until "$writer" \
		'[.members[].state] | all(. == "in-sync")' 120
	kill_write "$first" "$count" "$at" "$victim" || status=$?
	down=$victim
	if [ "$victim" = "$writer" ]; then
		# It may have come to its end first: its last words were awaited.
		[ $status -ne 0 ] || [ "$(wc -l < "$work/kill.acked")" -eq "$count" ] || {
			echo "the writer ended before its time"
			return 1
		}
		kill_take_over
	elif [ $status -ne 0 ]; then
		echo "the writer failed: $(cat "$work/kill.err")"
		return 1
	fi
	kill_verify
	check_log a b c
}

kill_heal() {
	kill_revive
	set_until "$writer" '[.members[].state] | all(. == "in-sync")' 180
	kill_verify
	on "$writer" kfipmem set scrub vol --wait --json > "$work/kill.scrub"
	jq -e '.mismatches == 0 and .scrubbed > 0' "$work/kill.scrub" > /dev/null || {
		cat "$work/kill.scrub"
		return 1
	}
}

# State goes from one cycle to the next, so they are one proof.
kill_cycles() {
	kill_begin
	for ((cycle = 1; cycle <= ${KILLS:-2}; cycle++)); do
		kill_cycle
	done
	kill_heal
}

proves "${KILLS:-2} kills: no acknowledged write lost, members equal (SEED=$seed)" kill_cycles
