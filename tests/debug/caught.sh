# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# rig: mistakes a:nvdimm=0
# by name only
#
# The debugging kernel, and the tests with it, see each mistake that there is to be
# seen.

# shellcheck source=tests/vm/lib.sh
. "${BASH_SOURCE[0]%/*}/../vm/lib.sh"

caught_is() {
	local mistake=$1 report=$2 said

	on a /sbin/modprobe kfi_mistakes
	check_log a
	on a sh -c "echo $mistake > /sys/module/kfi_mistakes/parameters/make"
	if [ "$mistake" = leak ]; then
		said=$(fails no_leaks a)
		grep -q "unreferenced object .*(size $report)" <<< "$said"
		report='new suspected memory leaks'
	fi
	said=$(fails check_log a)
	grep -q "$report" <<< "$said" || {
		echo "not '$report': $said"
		return 1
	}
}

# A kernel that has complained does not do it again, or not everything.
caught_boot() {
	kfirig cut a
	kfirig power-on a
	check_log a
}

caught() {
	proves "$1: is reported" caught_is "$1" "$2"
	proves "$1: a new boot knows nothing of it" caught_boot
}

caught sleep 'BUG: sleeping function called from invalid context'
case $KFI_DEBUG in
kasan)
	caught use-after-free 'BUG: KASAN: slab-use-after-free in mistake_use_after_free'
	caught order 'WARNING: possible circular locking dependency'
	caught shift 'UBSAN: shift-out-of-bounds'
	caught leak 192
	;;
kcsan) caught race 'BUG: KCSAN: data-race in mistake_racer' ;;
esac
