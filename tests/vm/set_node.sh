# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# rig: set a:nvdimm=64M b:nvdimm=64M c:nvdimm=64M
#
# Programs on /dev/kfi/<set>: a file of the set's bytes on its writer.

# shellcheck source=tests/vm/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"
# shellcheck source=tests/vm/set_lib.sh
. "${BASH_SOURCE[0]%/*}/set_lib.sh"

set_size=24M

set_node_set_up() {
	local node

	set_key
	for node in "${set_nodes[@]}"; do
		set_serve "$node" create
	done
	head -c 4194304 /dev/urandom > "$work/set_node.in"
	for node in a b; do
		kfirig put "$node" "$work/set_node.in" /root/in
	done
}

# set_node_is NODE JSON: the node that the member on NODE has of its own
set_node_is() {
	json "$1" ".regions[] | select(.name == \"vol\") | .node == $2" \
		kfipmem region list
}

# Whoever means the set must not reach one copy of it.
set_node_names() {
	set_node_is a '"/dev/kfi/vol"'
	# shellcheck disable=SC2046
	refused 'a member, is open' on a sh -c "exec 3< /dev/kfi/vol
		kfipmem set create vol $(set_members a) --assume-clean"
	set_node_is a '"/dev/kfi/vol"'
	on a kfipmem region create tank/other --size 4M
	refused '/dev/kfi/other is a region that is no member' \
		on a kfipmem set start other --raw --member local:tank/vol
	json a '.sets == []' kfipmem set status
	fails on a kfipmem set start vol --raw --member local:tank/none
	set_node_is a '"/dev/kfi/vol"'

	set_create a
	set_node_is a null
	on a test -c /dev/kfi/vol
	refused 'is started here already' set_start a
	on a test -c /dev/kfi/vol
	on a kfipmem set start raw --raw --member local:tank/other
	on a test -c /dev/kfi/raw
	on a /bin/dd if=/root/in of=/dev/kfi/raw bs=64k count=64 oflag=dsync
	on a cmp -n 4194304 /root/in /dev/kfi/raw
	on a cmp -n 4194304 /root/in /dev/kfi/other
	on a kfipmem set stop raw
	fails on a test -e /dev/kfi/raw
}

set_node_dd() {
	local end

	end=$(on a kfipmem set status --json | jq '.sets[0].size - 5000')
	on a /bin/dd if=/root/in of=/dev/kfi/vol bs=64k oflag=dsync
	on a cmp -n 4194304 /root/in /dev/kfi/vol
	json a '.sets[0].writes == 64 and .sets[0].users == 0' kfipmem set status
	# Pieces of no whole page, over several segments, and at the end.
	on a /bin/dd if=/root/in of=/dev/kfi/vol bs=3000001 count=1 seek=5000003 \
		oflag=seek_bytes,dsync
	on a sh -c "/bin/dd if=/dev/kfi/vol bs=3000001 count=1 skip=5000003 iflag=skip_bytes |
		cmp -n 3000001 - /root/in"
	refused 'No space left' on a /bin/dd if=/root/in of=/dev/kfi/vol bs=4096 \
		count=2 seek="$end" oflag=seek_bytes
	refused 'No space left' on a /bin/dd if=/root/in of=/dev/kfi/vol bs=1 \
		count=1 oflag=append conv=notrunc
	on a sh -c "/bin/dd if=/dev/kfi/vol bs=8192 skip=$end iflag=skip_bytes |
		cmp -n 5000 - /root/in"
}

# set_node_fio ENGINE DEPTH BLOCK [OPTION...]
set_node_fio() {
	LIMIT=120 on_shared a fio --name=v --filename=/dev/kfi/vol --size=2m --bs="$3" --rw=randwrite \
		--ioengine="$1" --iodepth="$2" --verify=crc32c "${@:4}" \
		--do_verify=1 --verify_fatal=1 --output-format=json > "$work/fio.json"
	jq -e '.jobs[0].error == 0 and .jobs[0].write.io_bytes > 1000000 and
		.jobs[0].read.io_bytes == .jobs[0].write.io_bytes' "$work/fio.json" > /dev/null || {
		cat "$work/fio.json"
		return 1
	}
}

# A mapping of a set: committed at every member, and open files hold the set.
set_node_mapped() {
	local commits

	commits=$(on a kfipmem set status --json | jq '.sets[0].commits')
	on a mapper /dev/kfi/vol 8388608 store 4095 mapped store 8000000 too msync \
		pread 4095 mapped
	json a ".sets[0].commits == $commits + 1 and .sets[0].users == 0" kfipmem set status
	refused 'is in use here' on a sh -c "exec 3<> /dev/kfi/vol
		mapper /dev/kfi/vol 4096 dirty 0 1 close
		kfipmem set stop vol"
	on a kfipmem set scrub vol --wait --json > "$work/set_node.scrub"
	jq -e '.mismatches == 0 and .scrubbed > 0' "$work/set_node.scrub" > /dev/null || {
		cat "$work/set_node.scrub"
		return 1
	}
}

set_node_stop_refused() {
	refused 'is in use here; remove its block device, close its files' \
		on a sh -c "exec 3< /dev/kfi/vol; kfipmem set stop vol"
	on a test -c /dev/kfi/vol
	json a '.sets[0].users == 0 and .sets[0].state == "active"' kfipmem set status
}

# What fsync() has acknowledged is there for the next writer.
set_node_take_over() {
	local commits

	commits=$(on a kfipmem set status --json | jq '.sets[0].commits')
	on a /bin/dd if=/root/in of=/dev/kfi/vol bs=1000003 conv=fsync
	json a ".sets[0].commits > $commits" kfipmem set status
	set_start b
	on b cmp -n 4194304 /root/in /dev/kfi/vol
	set_node_is b null
	refused 'Key has been revoked' on a /bin/dd if=/root/in of=/dev/kfi/vol bs=4k count=1
	refused 'Key has been revoked' on a /bin/dd if=/dev/kfi/vol of=/root/out bs=4k count=1
	refused 'Key has been revoked' on a /bin/dd if=/dev/null of=/dev/kfi/vol conv=fsync
	on a kfipmem set stop vol
	set_node_is a '"/dev/kfi/vol"'
}


set_node_killed() {
	local pid

	set_until b '[.members[].state] | all(. == "in-sync")' 120
	kfirig cut a
	kfirig cut c
	pid=$(on b sh -c "/bin/dd if=/root/in of=/dev/kfi/vol bs=64k count=1 oflag=dsync,nonblock \
		> /dev/null 2>&1 < /dev/null & echo \$!")
	set_until b '.state == "suspended" and .held > 0' 60
	on b test -d "/proc/$pid"
	on b kill "$pid"
	wait_until 10 on b test ! -d "/proc/$pid"
	# The request goes on without its caller, who had 64 KiB to write.
	set_until b '.held > 0 and .users == 1'
	refused 'is in use here' on b kfipmem set stop vol
	kfirig power-on a
	kfirig power-on c
	set_serve a open
	set_serve c open
	set_until b '.state == "active" and .held == 0 and .users == 0' 120
	on b cmp -n 65536 /root/in /dev/kfi/vol
	on b kfipmem set stop vol
	set_node_is b '"/dev/kfi/vol"'
}

set_node_removed_is_shown() {
	json b '.sets[0] | .quorum == 2 and .state == "active" and
		(.members | map(.removed) == [false, false, true]) and
		.members[2].index == 2 and .members[2].state == null' kfipmem set status
	on b kfipmem set status vol > "$work/set_node.status"
	grep -q ' quorum 2 of 2, ' "$work/set_node.status"
	grep -qx '   2  removed' "$work/set_node.status"
}

set_node_remove() {
	local epoch

	set_start b
	set_until b '[.members[].state] | all(. == "in-sync")' 120
	set_removed=c
	refused 'a new set has no member that was removed' set_create a
	on b kfipmem set stop vol
	refused 'were not removed' set_start b
	set_removed=
	set_start b
	set_until b '[.members[].state] | all(. == "in-sync")' 120
	on b kfipmem set remove vol 2
	set_node_removed_is_shown
	refused 'no such member' on b kfipmem set remove vol 2
	on b kfipmem set stop vol

	# Its region may be in another set: nobody looks for it.
	epoch=$(on c kfipmem region list --json | jq '.regions[0].epoch')
	set_removed=c
	set_start b
	set_node_removed_is_shown
	on b cmp -n 65536 /root/in /dev/kfi/vol
	on b /bin/dd if=/root/in of=/dev/kfi/vol bs=64k count=4 oflag=dsync
	json c ".regions[0].epoch == $epoch" kfipmem region list
	json c '.exports | all(.attached == 0)' kfipmem exports
	on b kfipmem set stop vol

	# On the other one the removed member is no part of the sum either.
	on b kfipmem unlisten
	on a sh -c 'echo 3 > /sys/module/kfi_replica/parameters/start_timeout'
	refused '1 of 2 in reach' set_start a
	on b kfipmem listen
	set_start a
	kfirig put a "$work/set_node.in" /root/in
	on a cmp -n 262144 /root/in /dev/kfi/vol
	on a kfipmem set stop vol
}

proves "three nodes, each with a member" set_node_set_up
proves "the set's node takes the name of its member; other names are refused" set_node_names
proves "dd oflag=dsync and cmp, also of odd pieces and at the end" set_node_dd
proves "fio reaches the node of the set" share_mount a
proves "fio psync on a set, verified" set_node_fio psync 1 4k --sync=dsync
proves "fio io_uring on a set, depth 8, verified" set_node_fio io_uring 8 4k --sync=dsync
proves "fio io_uring on a set, odd pieces and fsync, verified" \
	set_node_fio io_uring 8 3000 --size=1500000 --fsync=16
proves "fio mmap on a set, fsync, verified" set_node_fio mmap 1 4k --fsync=16
proves "a mapping of a set, msync, and members that are equal" set_node_mapped
proves "commands of io_uring on a set, and what it has not" on a uring set vol
proves "a set with an open file is not stopped" set_node_stop_refused
proves "after fsync another writer has it; the old one gets EKEYREVOKED" set_node_take_over
proves "a write that is held without a majority is killed" set_node_killed
proves "a member is removed, and a start takes 'removed' in its place" set_node_remove
