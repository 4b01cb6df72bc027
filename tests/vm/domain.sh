# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# rig: domains a m:domain=mem-ctrl c:domain=cpu v:domain=virtio
#
# Each persistence domain: what the target attests, which method follows, and
# that a durable write is one.

# shellcheck source=tests/vm/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

domain_target() {
	local node=$1 domain=$2

	target "$node"
	json "$node" ".pools[0].domain == \"$domain\"" kfipmem pool list
	on "$node" kfipmem region create "tank/$node" --size 16M
	give_key "$node" a
	on "$node" kfipmem export "tank/$node" --peer a --key-file /root/key
	load a
	on a kfipmem attach "$node/$node" --as a --key-file /root/key
	on a sh -c '[ -e /root/in ] || dd if=/dev/urandom of=/root/in bs=64k count=16'
}

domain_method() {
	local node=$1 domain=$2 method=$3

	json a ".attachments[] | select(.name == \"$node\") |
		.domain == \"$domain\" and .method == \"$method\"" kfipmem status
	on a /bin/dd if=/root/in "of=/dev/kfi/$node" bs=64k oflag=dsync
	on a cmp -n 1048576 /root/in "/dev/kfi/$node"
	[ "$(on "$node" sh -c "head -c 1048576 /dev/kfi/$node | sha256sum")" = \
		"$(on a sh -c 'sha256sum < /root/in')" ]
	json a ".endpoints[0].commits.$method >= 16" kfipmem stat "$node"
}

# Committed, the power cut, and there: of virtio-pmem the flush is QEMU's.
domain_cut() {
	local node=$1

	kfirig cut "$node"
	kfirig power-on "$node"
	load "$node"
	on "$node" kfipmem pool open /dev/pmem0
	[ "$(on "$node" sh -c "head -c 1048576 /dev/kfi/$node | sha256sum")" = \
		"$(on a sh -c 'sha256sum < /root/in')" ]
}

domain_raw() {
	on m kfipmem pool close tank
	on m ndctl destroy-namespace -f namespace0.0
	on m ndctl create-namespace -f -e namespace0.0 -m raw
	refused 'fsdax' on m kfipmem pool create /dev/pmem0 --name raw
}

proves "mem-ctrl: attested" domain_target m mem-ctrl
proves "mem-ctrl: commits are target-assisted, and durable writes read back" domain_method m mem-ctrl assisted
proves "cpu: attested" domain_target c cpu-cache
proves "cpu: the acknowledged write is the commit" domain_method c cpu-cache eadr
proves "virtio: attested" domain_target v async
proves "virtio: commits flush the device" domain_method v async async
proves "cpu: found after a power cut" domain_cut c
proves "virtio: found after a power cut" domain_cut v
proves "mem-ctrl: found after a power cut" domain_cut m
proves "a raw namespace is refused, with the remedy" domain_raw
