# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# rig: calm a b:nvdimm=1280M
#
# Modules in use stay, and go without a trace when everything is closed.

# shellcheck source=tests/vm/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

unload_set_up() {
	target b
	load a
	give_key b a
	on b kfipmem region create tank/data --size 16M
	on b kfipmem export tank/data --peer a --key-file /root/key
	on a kfipmem attach b/data --as a --key-file /root/key
}

unload_refused() {
	local node module

	for node in a b; do
		# With its node open as well.
		for module in kfi_user kfi_blk kfi_replica kfi_rdma kfi_pmem kfabric; do
			refused 'Resource temporarily unavailable' \
				on "$node" sh -c "exec 3< /dev/kfi/data; rmmod $module"
		done
	done
	refused 'is open; close it' on a sh -c 'exec 3< /dev/kfi/data; kfipmem detach data'
	refused 'unexport first' on b kfipmem region remove tank/data
	refused 'unexport first' on b kfipmem pool close tank
	on a /bin/dd if=/dev/zero of=/dev/kfi/data bs=64k count=4 oflag=dsync
}

# An open file of an attachment that is taken away gets ENODEV.
unload_force() {
	refused 'No such device' on a sh -c 'exec 3<> /dev/kfi/data
		kfipmem detach data --force && /bin/dd bs=1 count=1 of=/dev/null <&3'
}

unload_clean() {
	local node

	on b kfipmem unexport tank/data --peer a
	on b kfipmem unlisten
	on b kfipmem pool close tank
	for node in a b; do
		unload "$node"
		fails on "$node" grep -E '^(kfi_|kfabric)' /proc/modules
		fails on "$node" ls -d /dev/kfi/data 2> /dev/null
	done
	# The device is free again, and the pool is where it was.
	load b
	on b kfipmem pool open /dev/pmem0
	json b '.regions[0].name == "data"' kfipmem region list
	on b kfipmem region remove tank/data
	on b kfipmem pool destroy tank
}

proves "a pool, a region, an export, a listener and an attachment" unload_set_up
proves "modules in use cannot be unloaded, objects in use not removed" unload_refused
proves "detach --force: the open file gets ENODEV" unload_force
proves "when all is closed every module goes; the pool is found again" unload_clean
