# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# rig: crash a b
#
# A PMDK program on a local region.

# shellcheck source=tests/vm/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

pmdk_store() {
	target b
	on b kfipmem region create tank/data --size 16M
	head -c 3000000 /dev/urandom > "$work/in"
	kfirig put b "$work/in" /root/in
	local status=0
	kfirig exec --no-stdin --timeout 60 --cut b@persisted b -- \
		pmdk store /dev/kfi/data /root/in || status=$?
	[ $status -eq 125 ]
	kfirig power-on b
	load b
	on b kfipmem pool open /dev/pmem0
	kfirig put b "$work/in" /root/in
	on b pmdk check /dev/kfi/data /root/in
}

# With the cache model a mapping is of DRAM: MAP_SYNC would be a lie.
pmdk_cache_model() {
	on b kfipmem pool close tank
	on b kfipmem pool open /dev/pmem0 --cache-model
	refused 'not supported' on b pmdk sync /dev/kfi/data
}

proves "libpmem2 on a MAP_SYNC mapping: persisted, power cut, found" pmdk_store
proves "MAP_SYNC is refused under the cache model" pmdk_cache_model
