# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# rig: calm a b:nvdimm=1280M
#
# Regions that need many hardware keys, and what their size costs.

# shellcheck source=tests/vm/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

regions_many_keys() {
	clean_node b
	load b mr_limit=1048576
	on b kfipmem pool create /dev/pmem0 --name tank --force
	on b kfipmem region create tank/many --size 64M
	give_key b a
	on b kfipmem export tank/many --peer a --key-file /root/key
	load a
	on a kfipmem attach b/many --as a --key-file /root/key
	on a dd if=/dev/urandom of=/root/in bs=64k count=32
	# 96 KiB blocks: each third lies across the border of two keys.
	on a /bin/dd if=/root/in of=/dev/kfi/many bs=96k oflag=dsync
	on a cmp -n 2097152 /root/in /dev/kfi/many
	[ "$(on b sh -c 'head -c 2097152 /dev/kfi/many | sha256sum')" = "$(on a sh -c 'sha256sum < /root/in')" ]
	# The last bytes of the region.
	on a /bin/dd if=/root/in of=/dev/kfi/many bs=64k count=1 seek=1023 oflag=dsync
	[ "$(on b sh -c 'tail -c 65536 /dev/kfi/many | sha256sum')" = "$(on a sh -c 'head -c 65536 /root/in | sha256sum')" ]
}

regions_cost_of() {
	on a sh -c "time kfipmem attach b/$1 --as a --key-file /root/key" 2>&1 | sed -n 's/^real.*m *//p'
	on a /bin/dd if=/root/in of="/dev/kfi/$1" bs=4k count=100 oflag=dsync 2> /dev/null
	on a kfipmem stat "$1" --json | jq -c '.endpoints[0].ops[] | select(.op == "write-commit") |
		{posts, requests, replies, bytes_out, bytes_in}'
}

regions_cost() {
	on a kfipmem detach many
	on b kfipmem unexport tank/many --peer a
	on b kfipmem region remove tank/many
	on b kfipmem pool destroy tank
	on b kfipmem unlisten
	unload b
	load b
	on b kfipmem pool create /dev/pmem0 --name tank --force
	on b kfipmem region create tank/small --size 64M
	on b kfipmem region create tank/large --size 1G
	for region in small large; do
		on b kfipmem export "tank/$region" --peer a --key-file /root/key
		regions_cost_of "$region" > "$work/$region"
	done
	printf '64 MiB: %s, 1 GiB: %s\n' "$(head -n 1 "$work/small")" "$(head -n 1 "$work/large")" > "$work/cost"
	cat "$work/small" "$work/large"
	[ "$(sed -n 2p "$work/small")" = "$(sed -n 2p "$work/large")" ]
}

proves "a region of 64 hardware keys: writes across their borders, to the last byte" regions_many_keys
proves "a commit in 1 GiB costs the same messages and bytes as in 64 MiB" regions_cost
sed 's/^/     time of the attach: /' "$work/cost" 2> /dev/null || true
