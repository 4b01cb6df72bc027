# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# rig: calm a b:nvdimm=1280M
#
# Unchanged programs on an attached region.

# shellcheck source=tests/vm/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

io_set_up() {
	target b
	on b kfipmem region create tank/data --size 64M
	give_key b a
	on b kfipmem export tank/data --peer a --key-file /root/key
	load a
	on a kfipmem attach b/data --as a --key-file /root/key
	on a dd if=/dev/urandom of=/root/in bs=64k count=64
}

io_dd() {
	on a /bin/dd if=/root/in of=/dev/kfi/data bs=64k oflag=dsync
	on a cmp -n 4194304 /root/in /dev/kfi/data
	[ "$(on b sh -c 'head -c 4194304 /dev/kfi/data | sha256sum')" = \
		"$(on a sh -c 'sha256sum < /root/in')" ]
	json a '.endpoints[] | select(.name == "data") |
		[.ops[] | select(.op == "write-commit") | .ops] == [64] and
		.commits.assisted == 64' kfipmem stat
}

# One post of one work request, and one reply.
io_cost() {
	local before after

	for want in "64 1 2000" "4096 1 2000"; do
		read -r bytes requests messages <<< "$want"
		before=$(on a kfipmem stat data --json | jq -c '.endpoints[0].ops[] | select(.op == "write-commit")')
		on a /bin/dd if=/root/in of=/dev/kfi/data "bs=$bytes" count=100 oflag=dsync
		after=$(on a kfipmem stat data --json | jq -c '.endpoints[0].ops[] | select(.op == "write-commit")')
		jq -n -e --argjson b "$before" --argjson a "$after" --argjson r "$requests" --argjson m "$messages" \
			'($a.ops - $b.ops) == 100 and ($a.posts - $b.posts) == 100 and
			 ($a.requests - $b.requests) == 100 * $r and
			 ($a.replies - $b.replies) == 100 and
			 ($a.messages - $b.messages) * 10 == $m' > /dev/null || {
			echo "$bytes bytes: not $requests requests, 1 reply: $before $after"
			return 1
		}
	done
	json a '.endpoints[0].peer_memory <= 524288' kfipmem stat data
}

io_fio() {
	LIMIT=120 on_shared a fio --name=v --filename=/dev/kfi/data --size=2m --bs=4k --rw=randwrite \
		--ioengine="$1" --iodepth="$2" --sync=dsync --verify=crc32c \
		--do_verify=1 --verify_fatal=1 --output-format=json > "$work/fio.json"
	jq -e '.jobs[0].error == 0 and .jobs[0].write.io_bytes == 2097152 and
		.jobs[0].read.io_bytes == 2097152' "$work/fio.json" > /dev/null || {
		cat "$work/fio.json"
		return 1
	}
}

proves "a region of b is attached on a" io_set_up
proves "dd oflag=dsync, cmp, the same bytes at the target, all committed" io_dd
proves "64 B and 4 KiB durable: 1 post, 2 messages; idle peer at most 512 KiB" io_cost
proves "fio reaches the node" share_mount a
proves "fio psync, verified" io_fio psync 1
proves "fio io_uring, depth 8, verified" io_fio io_uring 8
