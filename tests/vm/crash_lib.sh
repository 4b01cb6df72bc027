# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The crash tests of a target: a writes to b, which loses its power. Sourced after
# lib.sh.
#
# Variables of those that source this, and for them:
# shellcheck disable=SC2034,SC2154

# crash_pool MUTANT|none: a pool of b, which runs these modules
crash_pool() {
	clean_node a
	clean_node b
	if [ "$1" = none ]; then
		load b
	else
		load_mutant b "$1"
	fi
	load a
	# With a seed the model also evicts lines early, as caches do.
	on b kfipmem pool create /dev/pmem0 --name tank --force \
		"--cache-model=$(random 1 1000000)"
}

# crash_once MUTANT|none: a writes, b loses its power in the middle and boots
# again. Leaves in the variables what was acknowledged, present and missing of
# the committed chunks, and of those that were only written.
crash_chunk=8192
crash_once() {
	local mutant=$1 last pool log=$work/crash status=0
	local chunks=$((4194304 / crash_chunk))

	crash_pool "$mutant"
	on b kfipmem region create tank/committed --size 4M
	on b kfipmem region create tank/written --size 4M
	give_key b a
	for pool in committed written; do
		on b kfipmem export "tank/$pool" --peer a --key-file /root/key
		on a kfipmem attach "b/$pool" --as a --key-file /root/key
	done

	head -c 4194304 /dev/urandom > "$log.in"
	sums "$log.in" "$crash_chunk" > "$log.want"
	kfirig put a "$log.in" /root/in
	on a chunkwriter write --chunk "$crash_chunk" --count 128 --plain \
		/dev/kfi/written /root/in > "$log.written"

	last=$(random 1 $((chunks * 3 / 4)))
	kfirig exec --no-stdin --timeout 60 \
		--cut "b@$(printf 'ack %06d' "$last")" a -- \
		chunkwriter write --chunk "$crash_chunk" \
		/dev/kfi/committed /root/in > "$log.out" 2> "$log.err" || status=$?
	check_log b
	[ $status -eq 1 ] || {
		echo "the writer did not notice: status $status, $(cat "$log.err")"
		return 1
	}
	kfirig power-on b
	load b
	on b kfipmem pool open /dev/pmem0
	for pool in committed written; do
		on b chunkwriter sum --chunk "$crash_chunk" "/dev/kfi/$pool" > "$log.$pool.found"
	done
	acked "$log.out" > "$log.acked"
	acked "$log.written" > "$log.written.acked"
	acknowledged=$(wc -l < "$log.acked")
	read -r present missing < <(compare "$log.want" "$log.committed.found" "$log.acked")
	read -r plain_present plain_lost < <(compare "$log.want" "$log.written.found" "$log.written.acked")
	echo "cut near chunk $last: $acknowledged acknowledged, $present present, $missing missing;" \
		"written only: $plain_present present, $plain_lost lost; the writer: $(cat "$log.err")" |
		tee -a "$work/cuts"
}

# publish_once [MUTANT]: a writes to b and publishes, in each way there is; then b
# loses its power, and boots with the right modules.
publish_once() {
	crash_pool "${1:-none}"
	on b kfipmem region create tank/slots --size 4M
	give_key b a
	on b kfipmem export tank/slots --peer a --key-file /root/key
	on a kfipmem attach b/slots --as a --key-file /root/key
	on a commits /dev/kfi/slots 60
	kfirig cut b
	kfirig power-on b
	load b
	on b kfipmem pool open /dev/pmem0
}
