# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# rig: crash a b
#
# The target's power goes at a step of the protocol, in the middle of durable
# writes. What was acknowledged is there afterwards, the writer is told, and a
# new connection takes new writes. STEPS=N of the lines below are tried (4),
# STEPS=all, or those that have STEPS=TEXT in them.
#
# Words in single quotes are expanded on the node:
# shellcheck disable=SC2016

# shellcheck source=tests/vm/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

# How the target is led to the step, what the step is, the function that its
# kernel enters then and for which time, the bytes of a write, and what is found
# of the write on its way, or of the change of the table: the old, the new, or
# either. What the fate of a write is says that the cut was where it should be.
#
# connect  the target has ended the connection, the writer makes a new one
# write    as it is, at a random write (the N of "N th" is added to)
# revoke   the export is removed while the peer writes
# fence    the epoch is raised while the peer writes
# table    a region is made while the peer writes
steps_table='
connect | connection requested               | kfr_listen_event             | 1 | 8192 | old
connect | connection about to be accepted    | rdma_cm:rdma_accept          | 1 | 8192 | old
connect | challenge about to be sent         | kfr_session_answer           | 1 | 8192 | old
connect | challenge answered                 | kfr_auth_proof               | 1 | 8192 | old
connect | proof verified                     | kfr_auth_proof               | 2 | 8192 | old
connect | attach: keys about to be made      | kfr_grant_register           | 1 | 8192 | old
connect | attach: grant about to be sent     | kfr_session_answer           | 3 | 8192 | old
connect | attach: keys about to be sent      | kfr_session_answer           | 4 | 8192 | old
write   | request received                   | kfr_wire_check_request       | 1 | 8192 | old
write   | request decoded                    | kfr_target_request           | 1 | 8192 | old
write   | commit begun                       | kfi_region_persist           | 1 | 8192 | old
write   | before the write-back              | kfi_cache_writeback          | 1 | 8192 | old
write   | written back, not fenced           | kfi_cache_fence              | 1 | 8192 | old
write   | fenced, not replied                | kfr_session_answer           | 1 | 8192 | new
write   | reply about to be posted           | rdma_rxe:rxe_post_send       | 1 | 8192 | new
write   | reply posted, perhaps sent         | rdma_rxe:rxe_requester       | 2 | 8192 | either
write   | inline: before the store           | kfi_region_store_durable     | 1 | 1024 | old
write   | inline: stored, not written back   | kfi_cache_writeback          | 1 | 1024 | old
write   | inline: written back, not fenced   | kfi_cache_fence              | 1 | 1024 | old
write   | inline: fenced, not replied        | kfr_session_answer           | 1 | 1024 | new
revoke  | export about to be removed         | kfi_export_remove            | 1 | 8192 | either
revoke  | notice about to be posted          | kfr_session_notify           | 1 | 8192 | either
revoke  | grant about to be withdrawn        | kfr_grant_withdraw           | 1 | 8192 | either
revoke  | hardware key about to be void      | ib_core:ib_dereg_mr_user     | 1 | 8192 | either
fence   | epoch about to be raised           | kfi_region_raise_epoch       | 1 | 8192 | old
fence   | epoch durable, keys still good     | kfi_export_fence             | 1 | 8192 | new
fence   | epoch durable, grant withdrawn     | kfr_grant_withdraw           | 1 | 8192 | new
table   | nothing stored                     | kfi_media_update             | 1 | 8192 | old
table   | first copy taken back              | header_persist               | 1 | 8192 | old
table   | first copy stored, not committed   | header_persist               | 2 | 8192 | old
table   | first copy committed, not fenced   | header_persist               | 3 | 8192 | either
table   | between the two copies             | kfi_media_update             | 2 | 8192 | new
table   | second copy taken back             | header_persist               | 4 | 8192 | new
table   | second copy stored, not committed  | header_persist               | 5 | 8192 | new
'

# Each step has a piece of the region of its own, written once.
steps_piece=262144
steps_before=10		# writes acknowledged before the step is armed

# steps_choose: the lines to run; of each way about as many
steps_choose() {
	local want=${STEPS:-4} lines line way

	mapfile -t lines < <(sed -e '/^$/d' -e 's/ *| */|/g' -e 's/ *$//' <<< "$steps_table")
	case $want in
	all) printf '%s\n' "${lines[@]}" ;;
	*[!0-9]*) printf '%s\n' "${lines[@]}" | grep -F -e "$want" ;;
	*)
		for way in connect write 'revoke|fence' table; do
			for line in "${lines[@]}"; do
				[[ ! $line =~ ^($way)\| ]] || echo "$(random 0 999999) $line"
			done | sort -n | sed 's/^[0-9]* //' | awk '{ print NR "\t" $0 }'
		done | sort -s -n -k 1,1 | head -n "$want" | cut -f 2-
		;;
	esac
}

steps_set_up() {
	target b --cache-model
	on b kfipmem region create tank/data --size 16M
	give_key b a
	kfirig get b /root/key "$work/key"
	on b kfipmem export tank/data --peer a --key-file /root/key
	load a
	on a kfipmem attach b/data --as a --key-file /root/key
	on a dd if=/dev/urandom of=/root/in bs=64k count=256
}

steps_incarnation() {
	on a kfipmem status --json | jq -e -r '.attachments[0].incarnation'
}

steps_epoch() {
	on b kfipmem region list --json | jq -e '.regions[] | select(.name == "data") | .epoch'
}

# steps_sums NODE PATH: of the piece of this step
steps_sums() {
	on "$1" chunkwriter sum --chunk "$chunk" --first "$first" \
		--count $((steps_piece / chunk)) "$2"
}

# steps_write FIRST COUNT: in the step's piece; says what was acknowledged
steps_write() {
	on a chunkwriter write --chunk "$chunk" --first "$1" --count "$2" \
		/dev/kfi/data /root/in
}

# steps_write_again FIRST COUNT: the same, to a target that is back. It may be
# back before a has given up the connection that it was making at the cut: what is
# written until then is told that the link is severed, and not acknowledged.
steps_write_again() {
	local end=$((SECONDS + 10)) said

	until said=$(steps_write "$@" 2>&1 > "$log.out"); do
		if [[ $said != *'Link has been severed'* ]] || [ -s "$log.out" ] ||
			[ $SECONDS -ge $end ]; then
			echo "$said" >&2
			return 1
		fi
	done
}

# The boot after the cut: b is a target again, with whatever its medium has.
steps_boot() {
	kfirig power-on b
	load b
	on b kfipmem pool open /dev/pmem0 --cache-model
	kfirig put b "$work/key" /root/key
	on b sh -c 'chmod 600 /root/key && kfipmem export tank/data --peer a --key-file /root/key'
}

# steps_lead WAY: what makes the target come to the step, but for the writes
steps_lead() {
	local status=0

	case $1 in
	connect) on b sh -c 'kfipmem unlisten && kfipmem listen' ;;
	write) return 0 ;;
	*)
		# In the middle of writes: the writer is under way by now.
		while ! grep -q "^ack $(printf '%06d' $((first + steps_before + 2)))" "$log.out"; do
			kill -0 "$writer"
		done
		case $1 in
		revoke) on b kfipmem unexport tank/data --peer a ;;
		fence) on b kfipmem fence tank/data --epoch $((epoch + 1)) ;;
		table) on b kfipmem region create "tank/extra$piece" --size 64K ;;
		esac || status=$?
		[ $status -eq 125 ] || {
			echo "it came to its end, with status $status"
			return 1
		}
		;;
	esac
}

# steps_fate: what b has of the write that was on its way: old or new
steps_fate() {
	local n=$((first + $(wc -l < "$log.acked"))) want found

	want=$(awk -v n="$n" '$1 == n { print $2 }' "$log.want")
	found=$(awk -v n="$n" '$1 == n { print $2 }' "$log.found")
	if [ "$want" = "$found" ]; then
		echo new
	else
		echo old
	fi
}

# steps_cut PIECE EXTRA WAY SYMBOL COUNT CHUNK FATE
steps_cut() {
	local piece=$1 extra=$2 way=$3 symbol=$4 count=$5 chunk=$6 fate=$7
	local log=$work/step first=$(($1 * steps_piece / $6)) status=0
	local epoch incarnation writer acked present missing is

	epoch=$(steps_epoch)
	incarnation=$(steps_incarnation)
	steps_sums a /root/in > "$log.want"
	: > "$log.out"
	steps_write "$first" "$steps_before" > "$log.before"
	[ "$way" != write ] || count=$((count + extra))

	kfirig cut b --at "$symbol" --count "$count" --arm
	[ "$way" != connect ] || steps_lead connect
	# The same again where the step does not depend on the writes.
	on a sh -c "while chunkwriter write --chunk $chunk --first $((first + steps_before)) \
		--count 18 /dev/kfi/data /root/in; do :; done; exit 1" > "$log.out" 2> "$log.err" &
	writer=$!
	[ "$way" = connect ] || steps_lead "$way"
	kfirig cut b --wait --timeout 30
	check_log b
	# It is told, while the target boots.
	steps_boot
	wait "$writer" || status=$?
	echo "the writer: status $status, $(cat "$log.err")"
	[ $status -eq 1 ]
	grep -qE 'chunk [0-9]+: (Link has been severed|Stale file handle|Key has been revoked)' "$log.err"

	# What was acknowledged is there.
	acked "$log.before" > "$log.acked"
	acked "$log.out" | sort -u >> "$log.acked"
	acked=$(wc -l < "$log.acked")
	steps_sums b /dev/kfi/data > "$log.found"
	read -r present missing < <(compare "$log.want" "$log.found" "$log.acked")
	echo "at $symbol, $count: $acked acknowledged, $present present, $missing missing"
	[ "$missing" -eq 0 ]
	[ "$acked" -ge "$steps_before" ]
	cat "$log.acked" >> "$work/acked.$chunk"

	# And the cut was at this step.
	case $way in
	connect | write)
		is=$(steps_fate)
		if [ "$fate" != either ] && [ "$way" = write ]; then
			[ "$acked" -eq $((steps_before + count - 1)) ]
		fi
		;;
	fence)
		is=old
		[ "$(steps_epoch)" = "$epoch" ] || is=new
		;;
	table)
		is=old
		! on b kfipmem region list --json |
			jq -e ".regions[] | select(.name == \"extra$piece\")" > /dev/null || is=new
		;;
	*) is=$fate ;;
	esac
	echo "found the $is, expected: $fate"
	[ "$fate" = either ] || [ "$is" = "$fate" ]

	# New writes over a new connection, to another incarnation.
	if [ "$way" = fence ] && [ "$is" = new ]; then
		refused 'Stale file handle' steps_write_again $((first + 28)) 4
		on a kfipmem detach data --force
		on a kfipmem attach b/data --as a --key-file /root/key
	fi
	steps_write_again $((first + 28)) 4
	acked "$log.out" > "$log.acked"
	[ "$(wc -l < "$log.acked")" -eq 4 ]
	cat "$log.acked" >> "$work/acked.$chunk"
	[ "$(steps_incarnation)" != "$incarnation" ]
}

# A step that failed leaves b in any state; the next one is not to blame.
steps_recover() {
	kfirig cut b || true
	steps_boot
	on a kfipmem detach data --force
	on a kfipmem attach b/data --as a --key-file /root/key
}

# After all cuts: whatever was acknowledged before any of them.
steps_all_there() {
	local file chunk present missing

	for file in "$work"/acked.*; do
		chunk=${file##*.}
		on a chunkwriter sum --chunk "$chunk" --size $((piece * steps_piece)) \
			/root/in > "$work/want"
		on b chunkwriter sum --chunk "$chunk" --size $((piece * steps_piece)) \
			/dev/kfi/data > "$work/found"
		read -r present missing < <(compare "$work/want" "$work/found" "$file")
		echo "$chunk: $present present, $missing missing"
		[ "$missing" -eq 0 ] && [ "$present" -gt 0 ]
	done
}

proves "a region of b is attached on a, with the cache model" steps_set_up
piece=0
while IFS='|' read -r way name symbol count chunk fate <&3; do
	before=$failed
	proves "power cut at a step: $name ($way, ${symbol#*:}, $count)" \
		steps_cut $piece "$(random 0 3)" "$way" "$symbol" "$count" "$chunk" "$fate"
	[ "$failed" -eq "$before" ] || steps_recover > /dev/null 2>&1 || true
	piece=$((piece + 1))
done 3< <(steps_choose)
proves "whatever was acknowledged before any of these cuts is there" steps_all_there
