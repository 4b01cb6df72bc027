# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# rig: calm a b:nvdimm=1280M
#
# What programs do with nodes beyond reading and writing: commands of io_uring
# and atomic operations, on a local region and on an attached one.
#
# Words in single quotes are expanded on the node:
# shellcheck disable=SC2016

# shellcheck source=tests/vm/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

ring_bytes=16M

# ring_pinned: pages of programs on a that something still pins
ring_pinned() {
	on a awk '$1 == "nr_foll_pin_acquired" { n += $2 }
		$1 == "nr_foll_pin_released" { n -= $2 }
		END { print n }' /proc/vmstat
}

ring_unpinned() {
	echo "$(ring_pinned) pages pinned, $(cat "$work/pinned") at first"
	[ "$(ring_pinned)" -eq "$(cat "$work/pinned")" ]
}

ring_set_up() {
	target b
	give_key b a
	on b kfipmem region create tank/ring --size "$ring_bytes"
	on b kfipmem export tank/ring --peer a --key-file /root/key
	load a
	ring_pinned > "$work/pinned"
	on a kfipmem pool create ram:32M --name scratch
	on a kfipmem region create scratch/near --size "$ring_bytes"
	ring_attach
}

ring_attach() {
	on a kfipmem attach b/ring --as a --key-file /root/key
}

# ring_begin NODE STEP: it has many operations in flight when this returns
ring_begin() {
	rm -f "$work/said"
	mkfifo "$work/said"
	kfirig exec --no-stdin --timeout 60 a -- uring "$2" "$1" > "$work/said" 2> "$work/err" &
	flood=$!
	exec 7< "$work/said"
	grep -m 1 -q there <&7
}

# ring_end STATUS [TEXT]: how it ends, and what it says
ring_end() {
	local status=0

	cat <&7 > "$work/rest"
	wait "$flood" || status=$?
	exec 7<&-
	rm "$work/said"
	cat "$work/err" "$work/rest"
	[ $status -eq "$1" ]
	[ -z "${2:-}" ] || grep -q "$2" "$work/rest"
}

ring_read_only() {
	on b uring read-only ring
	on a uring read-only ring
	on b kfipmem region create tank/seen --size 1M
	on b kfipmem export tank/seen --peer a --key-file /root/key --read-only
	refused 'read-only' on a kfipmem attach b/seen --as a --key-file /root/key
	on a kfipmem attach b/seen --as a --key-file /root/key --read-only
	on a uring read-only seen
	refused 'mode' on a uring errors seen
	on a kfipmem detach seen
}

# Two counters on two machines: the CPU's own and the fabric's.
ring_counts() {
	local pid

	on a uring zero ring
	kfirig exec --no-stdin --timeout 60 b -- uring count ring 3000 &
	pid=$!
	on a uring count ring 800
	wait "$pid"
	on b uring counted ring 3800
	on a uring counted ring 3800
}

# Others go on, and nothing is left: the detach is not busy.
ring_killed() {
	ring_begin ring flood
	on a sh -c 'killall -KILL uring'
	ring_end 137
	on a uring zero ring
	on a uring count ring 40
	on b uring counted ring 40
	ring_begin ring flood
	on a sh -c 'killall -KILL uring'
	on a kfipmem detach ring
	ring_end 137
	ring_attach
	on a uring counted ring 40
	wait_until 10 ring_unpinned
}

ring_detached() {
	ring_begin ring until
	refused 'open' on a kfipmem detach ring
	on a kfipmem detach ring --force
	# Of what was on its way, and of what waited for room.
	ring_end 0 'Operation canceled\|No such device'
	ring_attach
	on a uring many ring 300
}

ring_removed() {
	ring_begin near flood
	refused 'in use' on a kfipmem region remove scratch/near
	on a sh -c 'killall -KILL uring'
	ring_end 137
	ring_begin ring until
	on b kfipmem unexport tank/ring --peer a
	ring_end 0
	on b kfipmem export tank/ring --peer a --key-file /root/key
	on a kfipmem detach ring --force
	ring_attach
	on a uring many ring 300
}

# What udev's rules go by, and what a mode does without them.
ring_owned() {
	on a sh -c 'cd /sys/class/kfi/ring && grep -q "^attachment$" kind &&
		grep -q "^ring$" region && grep -q "^0$" read_only &&
		grep -q "^KFI_KIND=attachment$" uevent &&
		grep -q "^KFI_REGION=ring$" uevent &&
		grep -q "^KFI_HOST=" uevent &&
		grep -q "^KFI_UUID=$(cat uuid)$" uevent'
	on b sh -c 'cd /sys/class/kfi/ring && grep -q "^region$" kind &&
		grep -q "^KFI_POOL=tank$" uevent &&
		grep -q "^KFI_UUID=$(cat uuid)$" uevent'
	[ "$(on a cat /sys/class/kfi/ring/uuid)" = "$(on b cat /sys/class/kfi/ring/uuid)" ]
	on a sh -c 'stat -c %a/%u /dev/kfi/ring | grep -q "^600/0$"'
	refused 'mode' on a uring someone ring
	# Owner and mode of the file survive the node.
	on a sh -c "printf '%s\n' '[attach ring]' 'from = b/ring' 'as = a' \
		'key-file = /root/key' '[node ring]' 'mode = 0640' \
		'owner = 65534:7' > /root/conf"
	on a kfipmem up --config /root/conf
	on a uring someone ring
	on a kfipmem detach ring
	on a kfipmem up --config /root/conf
	on a sh -c 'stat -c %a/%u/%g /dev/kfi/ring | grep -q "^640/65534/7$"'
	on a uring someone ring
	on a kfipmem up --check --config /root/conf
	on a chmod 600 /dev/kfi/ring
	refused '' on a kfipmem up --check --config /root/conf
}

ring_cut() {
	ring_begin ring flood
	kfirig cut b
	# It does not wait for a machine that is gone.
	on a sh -c 'killall -KILL uring'
	ring_end 137
	on a kfipmem detach ring --force
	wait_until 10 ring_unpinned
	on a kfipmem region remove scratch/near
	on a kfipmem pool close scratch
	unload a
	kfirig power-on b
}

proves "a region of b is attached on a, and a has one of its own" ring_set_up
proves "every command: an attached region" on a uring ops ring
proves "every command: local regions" on b uring ops ring
proves "atomics of every type and operation: an attached region" on a uring atomics ring
proves "atomics of every type and operation: a local region" on b uring atomics ring
proves "what has to be refused is: an attached region" on a uring errors ring
proves "what has to be refused is: a local region in DRAM" on a uring errors near
proves "a file that is open for reading refuses what writes" ring_read_only
proves "2000 puts and gets, 256 in flight" on a uring many ring 2000
for kind in polled deferred quiet; do
	proves "likewise, on a ring that is $kind" on a uring many ring 600 "$kind"
done
proves "additions on two machines at a time: none is lost" ring_counts
proves "beyond the limit of locked memory data is copied" on a uring limit ring
proves "memory that cannot be pinned: a mapping of a local region" on a uring unmapped ring /dev/kfi/near
proves "a fork with operations in flight" on a uring fork ring
proves "a node has an owner and a mode, and tells udev what it is" ring_owned
proves "killed with operations in flight: nothing is left, others go on" ring_killed
proves "detached by force with operations in flight" ring_detached
proves "regions do not go, and exports do, with operations in flight" ring_removed
proves "power cut at the peer and a kill: the process ends, the modules unload" ring_cut
