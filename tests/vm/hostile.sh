# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# rig: calm a b:nvdimm=1280M
#
# What comes in over netlink, ioctl, the command line and the medium.

# shellcheck source=tests/vm/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

hostile_set_up() {
	target b
	on b kfipmem region create tank/data --size 16M
}

hostile_netlink() {
	local said

	said=$(on b nl_hostile /dev/kfi/data) || { echo "$said" | grep -iv '^ok' || true; return 1; }
	echo "$said" | tail -n 1
}

hostile_commands() {
	refused 'not a block device' on b kfipmem pool create /dev/null --name x
	refused 'cannot open' on b kfipmem pool create /dev/nothing --name x
	refused 'in use' on b kfipmem pool create /dev/pmem0 --name x
	refused 'in use' on b kfipmem pool create /dev/pmem0 --name x --force
	refused 'has a region data already' on b kfipmem region create tank/data --size 1M
	refused 'is full' on b kfipmem region create tank/big --size 1T
	refused 'no pool nopool is open' on b kfipmem region create nopool/x --size 1M
	refused 'no region nothing' on b kfipmem region remove tank/nothing
	refused 'no region nothing' on b kfipmem export tank/nothing --peer x --insecure-any
	refused 'can only be raised' on b kfipmem fence tank/data --epoch 1
	refused 'no epoch is as high' on b kfipmem fence tank/data --epoch 18446744073709551615
	refused 'remove them first' on b kfipmem pool destroy tank
	json b '.pools | length == 1' kfipmem pool list
}

# put_pmem OFFSET: of standard input
put_pmem() {
	kfirig exec b -- sh -c "dd of=/dev/pmem0 bs=1 seek=$1 conv=notrunc 2> /dev/null && sync"
}

hostile_medium() {
	on b kfipmem pool close tank
	# One damaged copy of the superblock: the other one serves.
	printf 'damaged!' | put_pmem 64
	on b kfipmem pool open /dev/pmem0
	json b '.regions | map(.name) == ["data"]' kfipmem region list
	on b kfipmem pool close tank
	on b sh -c 'dd if=/dev/urandom of=/dev/pmem0 bs=1M count=4 conv=notrunc 2> /dev/null && sync'
	refused 'has no pool but data' on b kfipmem pool open /dev/pmem0
	on b sh -c 'dd if=/dev/zero of=/dev/pmem0 bs=1M count=4 conv=notrunc 2> /dev/null && sync'
	refused 'is empty' on b kfipmem pool open /dev/pmem0
	# The magic of ext4.
	printf '\123\357' | put_pmem 1080
	refused 'holds ext2/3/4; create with force' on b kfipmem pool create /dev/pmem0 --name tank
	on b kfipmem pool create /dev/pmem0 --name tank --force
	on b kfipmem pool destroy tank
}

proves "a pool and a region" hostile_set_up
proves "hostile netlink messages and ioctls are refused" hostile_netlink
proves "what the kernel refuses, it refuses with the reason" hostile_commands
proves "garbage on the medium is refused, foreign data not overwritten" hostile_medium
