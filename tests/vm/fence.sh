# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# rig: calm a b:nvdimm=1280M
#
# A fenced writer writes no byte after the fence command has returned.

# shellcheck source=tests/vm/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

fence_set_up() {
	target b
	load a
	give_key b a
	on b kfipmem region create tank/data --size 16M
	on b kfipmem export tank/data --peer a --key-file /root/key
	on a kfipmem attach b/data --as a --key-file /root/key
	on a dd if=/dev/urandom of=/root/in bs=64k count=256
}

# fence_while_writing TEXT FENCE-ARGUMENTS...
fence_while_writing() {
	local text=$1 before writer status=0

	shift
	mkfifo "$work/acks"
	kfirig exec --no-stdin --timeout 60 a -- sh -c 'while chunkwriter write /dev/kfi/data /root/in; do :; done; exit 9' \
		> "$work/acks" 2> "$work/err" &
	writer=$!
	exec 5< "$work/acks"
	rm "$work/acks"
	grep -m 1 -q 'ack 000020' <&5
	cat <&5 > /dev/null &
	on b kfipmem fence tank/data "$@"
	before=$(on b sh -c 'sha256sum < /dev/kfi/data')
	wait $writer || status=$?
	exec 5<&-
	cat "$work/err"
	[ $status -eq 9 ]
	grep -q "$text" "$work/err"
	refused "$text" on a /bin/dd if=/dev/zero of=/dev/kfi/data bs=64k count=4 oflag=dsync
	[ "$before" = "$(on b sh -c 'sha256sum < /dev/kfi/data')" ]
}

fence_epoch() {
	fence_while_writing 'Stale file handle' --epoch 7
	json b '.regions[0].epoch == 7' kfipmem region list
	refused 'can only be raised' on b kfipmem fence tank/data --epoch 7
	refused 'can only be raised' on b kfipmem fence tank/data --epoch 3
}

fence_again() {
	on a kfipmem detach data --force
	on a kfipmem attach b/data --as a --key-file /root/key
	json a '.attachments[0].epoch == 7' kfipmem status
	on a chunkwriter write --count 20 /dev/kfi/data /root/in > /dev/null
	on a cmp -n 327680 /root/in /dev/kfi/data
}

fence_peer() {
	fence_while_writing 'Key has been revoked' --peer a
	json b '.exports[0].fenced' kfipmem exports
	on a kfipmem detach data --force
	refused 'fenced' on a kfipmem attach b/data --as a --key-file /root/key
}

proves "a region of b is attached on a" fence_set_up
proves "raising the epoch stops a writer; an epoch cannot fall" fence_epoch
proves "a new attachment has the new epoch and writes" fence_again
proves "fencing a peer stops it, and it cannot come back" fence_peer
