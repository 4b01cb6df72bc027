# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# rig: crash a b
#
# The writer stands still at a step of its own, in the middle of durable writes.
# Meanwhile it is fenced, which does not wait for it. When it goes on nothing of
# it lands any more, and it is told. What was acknowledged is there; attached
# anew it writes again.

# shellcheck source=tests/vm/lib.sh
. "${BASH_SOURCE[0]%/*}/../vm/lib.sh"
# shellcheck source=tests/vm/steps_lib.sh
. "${BASH_SOURCE[0]%/*}/../vm/steps_lib.sh"
# shellcheck source=tests/fault/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

# What the step is, the function that the writer's kernel enters then, and the
# bytes of a write: those of 1024 go in the request.
writer_table='
request about to be posted         | kfr_op_submit      | 8192
request posted, perhaps sent       | rdma_rxe:rxe_requester | 8192
data acknowledged                  | kfr_op_send_done   | 8192
reply received                     | kfr_peer_recv      | 8192
inline: request about to be posted | kfr_op_submit      | 1024
inline: reply received             | kfr_peer_recv      | 1024
'

writer_ms() {
	date +%s%3N
}

writer_going() {
	grep -q "^ack $(printf '%06d' $((first + steps_before + 2)))" "$log.out"
}

# writer_step PIECE SYMBOL COUNT CHUNK
writer_step() {
	local piece=$1 symbol=$2 count=$3 chunk=$4 status=0 begin took
	local log=$work/writer first=$(($1 * steps_piece / $4)) epoch writer present missing

	epoch=$(steps_epoch)
	steps_sums a /root/in > "$log.want"
	: > "$log.out"
	steps_write "$first" "$steps_before" > "$log.before"
	on a sh -c "while chunkwriter write --chunk $chunk --first $((first + steps_before)) \
		--count 18 /dev/kfi/data /root/in; do :; done; exit 1" > "$log.out" 2> "$log.err" &
	writer=$!
	wait_until 30 writer_going
	kfirig cut a --at "$symbol" --count "$count" --freeze --timeout 30

	begin=$(writer_ms)
	on b kfipmem fence tank/data --epoch $((epoch + 1))
	took=$(($(writer_ms) - begin))
	echo "fenced after $took ms"
	[ "$took" -le "$fault_limit" ]
	echo "$took" >> "$work/writer.longest"
	steps_sums b /dev/kfi/data > "$log.fenced"

	kfirig thaw a
	wait "$writer" || status=$?
	cat "$log.err"
	[ $status -eq 1 ]
	grep -qE 'chunk [0-9]+: (Link has been severed|Stale file handle|Key has been revoked)' "$log.err"
	mv "$log.out" "$log.writer"
	refused 'Stale file handle' steps_write_again $((first + 28)) 1
	steps_sums b /dev/kfi/data | diff "$log.fenced" -
	{
		acked "$log.before"
		acked "$log.writer"
	} | sort -u > "$log.acked"
	read -r present missing < <(compare "$log.want" "$log.fenced" "$log.acked")
	echo "$present present, $missing missing"
	[ "$missing" -eq 0 ] && [ "$present" -ge "$steps_before" ]

	on a kfipmem detach data --force
	on a kfipmem attach b/data --as a --key-file /root/key
	steps_write $((first + 28)) 4 > "$log.again"
	check_log a b
}

proves "a region of b is attached on a, with the cache model" steps_set_up
piece=0
while IFS='|' read -r name symbol chunk <&3; do
	proves "the writer stands still, and is fenced: $name" \
		writer_step $piece "$symbol" "$(random 1 3)" "$chunk"
	piece=$((piece + 1))
done 3< <(sed -e '/^$/d' -e 's/ *| */|/g' <<< "$writer_table")
if [ -s "$work/writer.longest" ]; then
	fault_figure "the writer stood still at $(wc -l < "$work/writer.longest") steps, and was fenced" \
		"the fence took $(sort -n "$work/writer.longest" | tail -n 1) ms at most"
fi
fault_figures
