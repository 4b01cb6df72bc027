# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# rig: calm a b:nvdimm=1280M
#
# A region of b is mapped on a: pages are read when they are touched, written
# and committed by msync(), and coherent within a node only.

# shellcheck source=tests/vm/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

map_bytes=$((16 * 1048576))

map() {
	on "$1" mapper /dev/kfi/map "$map_bytes" "${@:2}"
}

# map_serve: what b does after each boot
map_serve() {
	on b kfipmem export tank/map --peer a --key-file /root/key
}

map_set_up() {
	target b --cache-model
	load a
	give_key b a
	kfirig get b /root/key "$work/key"
	on b kfipmem region create tank/map --size 16M
	map_serve
	on a kfipmem attach b/map --as a --key-file /root/key
}

map_stores() {
	map a store 0 first store 5000 second store $((map_bytes - 4)) last \
		load 5000 second msync load 0 first
	map b load 0 first load 5000 second load $((map_bytes - 4)) last
	# Without a sync the last close writes it, and durable it is not.
	map a store 100000 closed
	map b load 100000 closed
	on a mapper -p /dev/kfi/map 8192 store 0 mine load 0 minet load 5000 second msync
	map a load 0 first
	on a mapper -r /dev/kfi/map 8192 load 0 first
	refused 'MAP_SYNC: Operation not supported' on a pmdk sync /dev/kfi/map
}

# map_stat EXPRESSION: of the attachment's counters
map_stat() {
	on a kfipmem stat map --json | jq -c ".endpoints[0] | $1"
}

map_commits_what_changed() {
	local writes commits bytes

	writes=$(map_stat '[.ops[] | select(.op == "write") | .ops] | add')
	bytes=$(map_stat '[.ops[] | select(.op == "write") | .bytes_out] | add')
	commits=$(map_stat '.commits.assisted')
	# Two ranges of pages, in one operation each, and one commit of both.
	map a load 0 first dirty 100 8 dirty 2000 1 msync msync fsync
	echo "writes $writes to $(map_stat '[.ops[] | select(.op == "write") | .ops] | add'), commits $commits to $(map_stat .commits.assisted)"
	[ "$(map_stat '[.ops[] | select(.op == "write") | .ops] | add')" -eq $((writes + 2)) ]
	[ "$(map_stat .commits.assisted)" -eq $((commits + 1)) ]
	bytes=$(($(map_stat '[.ops[] | select(.op == "write") | .bytes_out] | add') - bytes))
	echo "$bytes bytes written"
	[ "$bytes" -ge 36864 ] && [ "$bytes" -lt 40000 ]
}

map_with_the_file() {
	map a store 8192 pages pread 8192 pages pwrite 8194 file load 8192 pafile \
		store 8192 more pread 8192 morele
	# Two files, two mappings, the same pages.
	on a sh -c "exec 3<> /dev/kfi/map
		mapper /dev/kfi/map 65536 store 20000 seen close
		mapper /dev/kfi/map 65536 load 20000 seen"
}

# map_begin STEP...: until a step "say there", after which map_end lets it go on
map_begin() {
	mkfifo "$work/go" "$work/said"
	kfirig exec --timeout 60 a -- mapper /dev/kfi/map "$map_bytes" "$@" \
		< "$work/go" > "$work/said" 2> "$work/err" &
	mapper=$!
	exec 6> "$work/go" 7< "$work/said"
	grep -m 1 -q there <&7
}

# map_end STATUS [TEXT]: how it ends, and what it says
map_end() {
	local status=0

	echo >&6
	wait "$mapper" || status=$?
	exec 6>&- 7<&-
	rm "$work/go" "$work/said"
	cat "$work/err"
	[ $status -eq "$1" ]
	grep -q "${2:-}" "$work/err" || [ -z "${2:-}" ]
}

# The other node's stores are seen in pages that are read anew, and no sooner.
map_two_nodes() {
	map a store 40960 before msync
	map_begin load 40960 before say there load 40960 before
	map b store 40960 after_
	map_end 0
	map a load 40960 after_
}

map_power_cut() {
	local status=0

	map a store 50000 durable msync
	# Written, for another's eyes, and not committed.
	map_begin load 50000 durable store 60000 written pread 60000 written \
		say there store 50000 lost msync
	kfirig cut b
	map_end 1 'Link has been severed'
	kfirig power-on b
	load b
	on b kfipmem pool open /dev/pmem0 --cache-model
	kfirig put b "$work/key" /root/key
	on b chmod 600 /root/key
	map_serve
	map b load 50000 durable
	refused "not 'written'" map b load 60000 written
	# A new file has no part in the loss, but may be told of it once.
	map a load 50000 durable store 70000 x msync || status=$?
	[ $status -le 1 ]
	map a store 70000 again msync load 50000 durable
	map b load 70000 again
}

map_fenced() {
	map_begin store 0 fenced say there msync
	on b kfipmem fence tank/map --epoch 9
	map_end 1 'Stale file handle'
	map b load 0 first
	on a kfipmem detach map --force
	on a kfipmem attach b/map --as a --key-file /root/key
	map a store 0 again msync
	map b load 0 again
}

map_detached() {
	map_begin store 0 late say there load 0 late
	refused 'open' on a kfipmem detach map
	on a kfipmem detach map --force
	map_end 3 SIGBUS
	map b load 0 again
}

proves "a region of b is attached on a, with the cache model" map_set_up
proves "what is stored in a mapping is there after msync, and after the last close" map_stores
proves "msync writes and commits the pages that changed, once" map_commits_what_changed
proves "mappings and the file's reads and writes agree on a node" map_with_the_file
proves "another node's stores are seen in pages that are read anew" map_two_nodes
proves "power cut: what msync acknowledged is there, the rest is not" map_power_cut
proves "a mapping of a fenced writer writes nothing, and says so" map_fenced
proves "a mapping of what was detached by force gets SIGBUS" map_detached
