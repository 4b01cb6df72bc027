# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# rig: network a:nvdimm=64M b:nvdimm=64M c:nvdimm=64M
#
# The kernel learns of bad blocks under a region of b, as it does from the
# firmware. An attached region has them as EIO, in their range alone; a set goes
# on without that member. QEMU's NVDIMM takes no "ndctl inject-error", so the
# list of the block device is written to; the bytes themselves stay readable.
#
# Numbers need no quotes:
# shellcheck disable=SC2086,SC2154

# shellcheck source=tests/vm/lib.sh
. "${BASH_SOURCE[0]%/*}/../vm/lib.sh"
# shellcheck source=tests/vm/set_lib.sh
. "${BASH_SOURCE[0]%/*}/../vm/set_lib.sh"
# shellcheck source=tests/fault/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"
# shellcheck source=tests/fault/loads.sh
. "${BASH_SOURCE[0]%/*}/loads.sh"

media_page=4096
media_at=512		# page of the region, behind the loads' blocks

# media_write DEVICE PAGE [COUNT]: pages of /root/in, durably
media_write() {
	on a /bin/dd if=/root/in "of=$1" bs=$media_page seek="$2" count="${3:-1}" \
		oflag=dsync conv=notrunc status=none
}

# media_find DEVICE: writes pages that are nowhere else, and says where b's
# block device has the first of them
media_find() {
	local marker=$work/marker

	head -c $((4 * media_page)) /dev/urandom > "$marker"
	kfirig put a "$marker" /root/in
	media_write "$1" $media_at 4
	# Not what was cached of the block device before.
	on b sh -c 'echo 1 > /proc/sys/vm/drop_caches; cat /dev/pmem0' > "$work/medium"
	python3 - "$work/medium" "$marker" <<-'END'
	import sys
	medium, marker = (open(name, "rb").read() for name in sys.argv[1:])
	assert medium.count(marker) == 1, "not once on the medium"
	print(medium.index(marker))
	END
}

# media_spoil BYTE: a page of b's block device is bad
media_spoil() {
	on b sh -c "echo '$(($1 / 512)) $((media_page / 512))' > /sys/block/pmem0/badblocks"
	on b cat /sys/block/pmem0/badblocks
}

# media_heal: the list is read anew, when the device is
media_heal() {
	local device

	device=$(on b readlink /sys/block/pmem0/device)
	on b kfipmem unlisten
	on b kfipmem unexport tank/data --peer a
	for peer in a c; do
		on b kfipmem unexport tank/vol --peer $peer
	done
	on b kfipmem pool close tank
	for how in unbind bind; do
		on b sh -c "echo ${device##*/} > /sys/bus/nd/drivers/nd_pmem/$how"
	done
	wait_until 30 on b test -e /dev/pmem0
	[ -z "$(on b cat /sys/block/pmem0/badblocks)" ]
	set_serve b open
	on b kfipmem export tank/data --peer a --key-file /root/key
	on b kfipmem listen || true
}

media_attachment() {
	local at

	load_start data a /dev/kfi/data
	at=$(media_find /dev/kfi/data)
	media_spoil $((at + media_page))
	refused 'Input/output error' media_write /dev/kfi/data $((media_at + 1))
	refused 'Input/output error' media_write /dev/kfi/data $media_at 4
	for page in 0 2 3; do
		media_write /dev/kfi/data $((media_at + page))
	done
	load_reaches data 40
	load_stop data
	[ "$(load_count data error)" -eq 0 ]
	media_heal
	# What was told to be an error is no more.
	on a sh -c ': < /dev/kfi/data'
	wait_until 30 media_write /dev/kfi/data $media_at 4
	on a /bin/dd if=/dev/kfi/data bs=$media_page skip=$media_at count=4 status=none |
		cmp - "$work/marker"
	fault_figure "bad blocks under an attached region" \
		"EIO in their page alone; $(fault_longest data) ms at most, $(load_count data error) other operations failed"
	check_log a b c
}

media_set() {
	local at

	set_until a '[.members[].state] | all(. == "in-sync")' 90
	load_start set a /dev/kfi/vol --plain
	at=$(media_find /dev/kfi/vol)
	media_spoil $((at + media_page))
	media_write /dev/kfi/vol $((media_at + 1))
	set_until a '.members[1].state == "down" and .members[1].errno == 5'
	load_reaches set 40
	load_stop set
	[ "$(load_count set error)" -eq 0 ]
	on a /bin/dd if=/dev/kfi/vol bs=$media_page skip=$((media_at + 1)) count=1 status=none |
		cmp -n $media_page - "$work/marker"
	# A member whose medium failed is left alone until the set starts anew.
	media_heal
	on a kfipmem blk del $set_device
	on a kfipmem set stop vol
	set_take_over a
	set_in_sync a b
	on a kfipmem set scrub vol --wait --json > "$work/scrub"
	jq -e '.mismatches == 0 and .scrubbed > 0' "$work/scrub" > /dev/null
	fault_figure "bad blocks under a member of a set" \
		"the set went on; $(fault_longest set) ms at most, $(load_count set error) operations failed"
	check_log a b c
}

proves "a set of three, and an attached region (SEED=$seed)" loads_set_up
proves "bad blocks under an attached region are EIO in their range alone" media_attachment
proves "a set goes on without the member that has bad blocks" media_set
fault_figures
# A boot forgets what a test that failed has left.
kfirig cut b
kfirig power-on b
