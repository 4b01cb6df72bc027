# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# rig: network a:nvdimm=64M b:nvdimm=64M c:nvdimm=64M
#
# The RDMA device of a machine is taken away under load, and comes back: that of
# the target, which is a replica too, and that of the initiator, which is the
# writer. Then the namespace under a pool goes: with its exports, its member of
# the set, all that is under way. It comes back, with every acknowledged byte.

# shellcheck source=tests/vm/lib.sh
. "${BASH_SOURCE[0]%/*}/../vm/lib.sh"
# shellcheck source=tests/vm/set_lib.sh
. "${BASH_SOURCE[0]%/*}/../vm/set_lib.sh"
# shellcheck source=tests/fault/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"
# shellcheck source=tests/fault/loads.sh
. "${BASH_SOURCE[0]%/*}/loads.sh"

device_some_fail() {
	[ "$(load_count data error)" -gt "$1" ] || ! load_runs data
}

# device_rdma NODE: its RDMA device goes, and comes back when that was noticed
device_rdma() {
	local before

	loads_start ""
	before=$(load_count data error)
	on "$1" rdma link delete rxe0
	wait_until 30 device_some_fail "$before"
	on "$1" rdma link add rxe0 type rxe netdev eth0
	loads_stop
	fault_figure "the RDMA device of $1 was removed" "$(loads_figure)"
}

# device_driver bind|unbind: of b's namespace; its device is one of the bus nd.
# Unbound as a whole, as by hand or for a device that is taken out: ndctl refuses
# one that is in use.
device_driver() {
	on b sh -c "echo $device > /sys/bus/nd/drivers/nd_pmem/$1"
}

device_is() {
	on b test "$@" -e /dev/pmem0
}

# device_namespace: that of b; everything that b served is given anew
device_namespace() {
	local before device

	device=$(on b readlink /sys/block/pmem0/device)
	device=${device##*/}
	loads_start ""
	before=$(load_count data error)
	device_driver unbind
	wait_until 30 device_is !
	wait_until 30 device_some_fail "$before"
	# The other members go on.
	load_reaches set 20
	on b kfipmem pool close tank
	device_driver bind
	wait_until 30 device_is
	set_serve b open
	on b kfipmem export tank/data --peer a --key-file /root/key
	loads_stop
	fault_figure "the namespace of b was removed" "$(loads_figure)"
}

proves "a set of three, and an attached region (SEED=$seed)" loads_set_up
proves "the RDMA device of the target goes and comes back" device_rdma b
proves "the RDMA device of the writer goes and comes back" device_rdma a
proves "the namespace of a member goes and comes back" device_namespace
fault_figures
