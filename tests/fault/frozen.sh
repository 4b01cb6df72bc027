# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# rig: crash a b
#
# The target stands still at a step of the protocol, in the middle of durable
# writes, and goes on after its peer has given it up. The writer is told in time,
# and so is who comes while the target stands. What was acknowledged is there
# afterwards, late requests do no harm, and a new connection takes new writes.
# STEPS as for tests/vm/steps.sh; all of them by default.
#
# That the target loses its power at these steps is in tests/vm/steps.sh.

# shellcheck source=tests/vm/lib.sh
. "${BASH_SOURCE[0]%/*}/../vm/lib.sh"
# shellcheck source=tests/vm/steps_lib.sh
. "${BASH_SOURCE[0]%/*}/../vm/steps_lib.sh"
# shellcheck source=tests/fault/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

frozen_severed='chunk [0-9]+: Link has been severed'

frozen_ms() {
	date +%s%3N
}

# frozen_lead WAY: the target's part, where it is not the writes. But for that of
# a connection it ends after the thaw.
frozen_lead() {
	case $1 in
	connect) on b sh -c 'kfipmem unlisten && kfipmem listen' ;;
	revoke) on b kfipmem unexport tank/data --peer a ;;
	fence) on b kfipmem fence tank/data --epoch $((epoch + 1)) ;;
	table) on b kfipmem region create "tank/extra$piece" --size 64K ;;
	esac
}

# frozen_writing: the writer is under way
frozen_writing() {
	grep -q "^ack $(printf '%06d' $((first + steps_before + 2)))" "$log.out" ||
		! kill -0 "$writer" 2> /dev/null
}

# frozen_told FILE BEGIN: who wrote to a node that stands still was told in time
frozen_told() {
	local took=$(($(frozen_ms) - $2))

	cat "$1"
	grep -qE "$frozen_severed" "$1"
	echo "told after $took ms"
	[ $took -le "$fault_limit" ] || return 1
	[ $took -le "$longest" ] || longest=$took
}

# frozen_heal WAY: the administrator's part
frozen_heal() {
	case $1 in
	revoke) on b kfipmem export tank/data --peer a --key-file /root/key ;;
	fence)
		on a kfipmem detach data --force
		on a kfipmem attach b/data --as a --key-file /root/key
		;;
	esac
}

# frozen_step PIECE WAY SYMBOL COUNT CHUNK
frozen_step() {
	local piece=$1 way=$2 symbol=$3 count=$4 chunk=$5 longest=0 status=0
	local log=$work/frozen first=$(($1 * steps_piece / $5)) epoch writer begin
	local leader='' incarnation present missing

	epoch=$(steps_epoch)
	incarnation=$(steps_incarnation)
	steps_sums a /root/in > "$log.want"
	: > "$log.out"
	steps_write "$first" "$steps_before" > "$log.before"

	kfirig cut b --at "$symbol" --count "$count" --freeze --arm
	# Nobody connects before the writer does.
	[ "$way" != connect ] || frozen_lead connect
	on a sh -c "while chunkwriter write --chunk $chunk --first $((first + steps_before)) \
		--count 18 /dev/kfi/data /root/in; do :; done; exit 1" > "$log.out" 2> "$log.err" &
	writer=$!
	case $way in
	revoke | fence | table)
		wait_until 30 frozen_writing
		frozen_lead "$way" > "$log.lead" 2>&1 &
		leader=$!
		;;
	esac
	kfirig cut b --wait --timeout 30
	begin=$(frozen_ms)
	wait "$writer" || status=$?
	[ $status -eq 1 ]
	frozen_told "$log.err" "$begin"
	mv "$log.out" "$log.writer"
	# And who comes now.
	begin=$(frozen_ms)
	fails steps_write $((first + 28)) 1 > /dev/null 2> "$log.err"
	frozen_told "$log.err" "$begin"

	kfirig thaw b
	[ -z "$leader" ] || wait "$leader" || {
		cat "$log.lead"
		return 1
	}
	frozen_heal "$way"
	steps_write_again $((first + 28)) 4
	acked "$log.out" > "$log.again"
	[ "$(wc -l < "$log.again")" -eq 4 ]
	frozen_found
	[ "$(steps_incarnation)" = "$incarnation" ]
	check_log a b
	echo "$longest" >> "$work/frozen.longest"
}

# frozen_found: whatever was acknowledged
frozen_found() {
	steps_sums b /dev/kfi/data > "$log.found"
	{
		acked "$log.before"
		acked "$log.writer"
		cat "$log.again"
	} | sort -u > "$log.acked"
	read -r present missing < <(compare "$log.want" "$log.found" "$log.acked")
	echo "$present present, $missing missing"
	[ "$missing" -eq 0 ] && [ "$present" -ge "$steps_before" ]
}

# A step that failed leaves b in any state; the next one is not to blame.
frozen_recover() {
	kfirig cut b || true
	kfirig power-on b
	load b
	on b kfipmem pool open /dev/pmem0 --cache-model
	kfirig put b "$work/key" /root/key
	on b sh -c 'chmod 600 /root/key && kfipmem export tank/data --peer a --key-file /root/key'
	on a kfipmem detach data --force
	on a kfipmem attach b/data --as a --key-file /root/key
}

STEPS=${STEPS:-all}
proves "a region of b is attached on a, with the cache model" steps_set_up
piece=0
while IFS='|' read -r way name symbol count chunk _ <&3; do
	before=$failed
	proves "the target stands still: $name ($way, ${symbol#*:}, $count)" \
		frozen_step $piece "$way" "$symbol" "$count" "$chunk"
	[ "$failed" -eq "$before" ] || frozen_recover > /dev/null 2>&1 || true
	piece=$((piece + 1))
done 3< <(steps_choose)
if [ -s "$work/frozen.longest" ]; then
	fault_figure "the target stood still at $(wc -l < "$work/frozen.longest") steps" \
		"longest operation $(sort -n "$work/frozen.longest" | tail -n 1) ms"
fi
fault_figures
