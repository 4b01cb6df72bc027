# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# rig: calm a b:nvdimm=1280M
#
# What comes in over netlink, ioctl, the command line and the medium.

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
	refused 'not a persistent memory' on b kfipmem pool create /dev/null --name x
	refused 'No such file' on b kfipmem pool create /dev/nothing --name x
	refused 'in use' on b kfipmem pool create /dev/pmem0 --name x
	refused 'in use' on b kfipmem pool create /dev/pmem0 --name x --force
	refused 'exists' on b kfipmem region create tank/data --size 1M
	refused 'free' on b kfipmem region create tank/big --size 1T
	refused 'no pool' on b kfipmem region create nopool/x --size 1M
	refused 'no region' on b kfipmem region remove tank/nothing
	refused 'no region' on b kfipmem export tank/nothing --peer x --insecure-any
	refused 'epoch' on b kfipmem fence tank/data --epoch 0
	json b '.pools | length == 1' kfipmem pool list
}

hostile_medium() {
	on b kfipmem pool close tank
	# A bit of each superblock copy, in turn.
	on b sh -c 'dd if=/dev/pmem0 of=/root/head bs=64k count=1'
	on b sh -c 'printf KFIPMEMX | dd of=/dev/pmem0 conv=notrunc && sync'
	on b sh -c 'kfipmem pool open /dev/pmem0' || true
	on b sh -c 'dd if=/dev/urandom of=/dev/pmem0 bs=1M count=4 conv=notrunc && sync'
	refused 'pool' on b kfipmem pool open /dev/pmem0
	on b sh -c 'dd if=/dev/zero of=/dev/pmem0 bs=1M count=4 conv=notrunc && sync'
	refused 'pool' on b kfipmem pool open /dev/pmem0
	# A file system's superblock is not overwritten without --force.
	on b sh -c 'printf "\123\357" | dd of=/dev/pmem0 bs=1 seek=1080 conv=notrunc && sync'
	refused '--force' on b kfipmem pool create /dev/pmem0 --name tank
	on b kfipmem pool create /dev/pmem0 --name tank --force
	on b kfipmem pool destroy tank
}

proves "a pool and a region" hostile_set_up
proves "hostile netlink messages and ioctls are refused" hostile_netlink
proves "what the kernel refuses, it refuses with the reason" hostile_commands
proves "garbage on the medium is refused, foreign data not overwritten" hostile_medium
