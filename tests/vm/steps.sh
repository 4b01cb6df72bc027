# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# rig: crash a b
#
# The target's power goes at a step of the protocol, in the middle of durable
# writes. What was acknowledged is there afterwards, the writer is told, and a
# new connection takes new writes. STEPS=N of the lines of steps_lib.sh are tried (2),
# STEPS=all, or those that have STEPS=TEXT in them.
#
# Words in single quotes are expanded on the node:
# shellcheck disable=SC2016

# shellcheck source=tests/vm/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"
# shellcheck source=tests/vm/steps_lib.sh
. "${BASH_SOURCE[0]%/*}/steps_lib.sh"

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
