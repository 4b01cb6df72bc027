# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# rig: crash a b
#
# The target reboots under an attachment.
#
# Words in single quotes are expanded on the node:
# shellcheck disable=SC2016

# shellcheck source=tests/vm/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

reconnect_set_up() {
	target b --cache-model
	on b kfipmem region create tank/data --size 16M
	give_key b a
	on b kfipmem export tank/data --peer a --key-file /root/key
	load a
	on a kfipmem attach b/data --as a --key-file /root/key
	on a dd if=/dev/urandom of=/root/in bs=64k count=32
	kfirig get b /root/key "$work/key"
	incarnation_of > "$work/incarnation"
}

incarnation_of() {
	on a kfipmem status --json | jq -e -r '.attachments[0].incarnation'
}

# A write that is not committed, whose file stays open over the reboot.
reconnect_pending() {
	local status=0

	on a mkfifo /root/fifo /root/end
	kfirig exec --timeout 60 a -- sh -c '/bin/dd if=/root/fifo of=/dev/kfi/data bs=4k \
		seek=1000 conv=fsync,notrunc 2> /root/fsync.err; echo $? > /root/fsync.status' < /dev/null &
	# Opening a fifo waits for the other side.
	on a sh -c 'exec 3> /root/fifo; head -c 4096 /root/in >&3; : < /root/end' &
	wait_until 30 on a sh -c 'kfipmem stat data | grep -q "^  write$"'

	kfirig exec --no-stdin --timeout 60 --cut b@'ack 000010' a -- \
		chunkwriter write /dev/kfi/data /root/in > /dev/null 2> "$work/err" || status=$?
	cat "$work/err"
	[ $status -eq 1 ]
	grep -qE 'chunk [0-9]+: (Link has been severed|Stale file handle)' "$work/err"
	wait_off
}

wait_off() {
	kfirig status --json | jq -e '.nodes[] | select(.name == "b") | .state == "off"' > /dev/null
}

reconnect_new() {
	kfirig power-on b
	load b
	on b kfipmem pool open /dev/pmem0 --cache-model
	kfirig put b "$work/key" /root/key
	on b chmod 600 /root/key
	on b kfipmem export tank/data --peer a --key-file /root/key
	on a chunkwriter write /dev/kfi/data /root/in > /dev/null
	on a cmp -n 2097152 /root/in /dev/kfi/data
	echo "incarnation: $(cat "$work/incarnation"), now $(incarnation_of)"
	[ "$(incarnation_of)" != "$(cat "$work/incarnation")" ]
	json a '.endpoints[0].reconnects >= 1' kfipmem stat data
}

reconnect_fsync() {
	on a sh -c ': > /root/end'
	wait_until 30 on a test -s /root/fsync.status
	on a cat /root/fsync.err
	[ "$(on a cat /root/fsync.status)" != 0 ]
	on a grep -q 'Stale file handle' /root/fsync.err
}

proves "a region of b is attached on a, with the cache model" reconnect_set_up
proves "a write on its way fails with a clear error when the target's power goes" reconnect_pending
proves "after the target's reboot new writes work, the incarnation is another" reconnect_new
proves "fsync of what was written before the reboot fails with ESTALE" reconnect_fsync
