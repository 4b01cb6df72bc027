# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# rig: files a:nvdimm=64M b:nvdimm=64M c:nvdimm=64M
#
# File systems on a three-way set, and programs on them: files with fsync(),
# an SQLite database in WAL mode, random operations of every kind (fsx.c). The
# power goes in the middle: of all machines, since what a replica has in its
# caches would cover for a flush that is missing; or of the writer alone.
# Another machine takes over.
#
# Numbers need no quotes:
# shellcheck disable=SC2086

# shellcheck source=tests/vm/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"
# shellcheck source=tests/vm/set_lib.sh
. "${BASH_SOURCE[0]%/*}/set_lib.sh"

set_size=44M
fs_file=16384
fs_fsx_size=262144
fs_fsx_count=2000	# more than there is time for

fs_make() {
	case $1 in
	ext4) on "$2" mke2fs -q -t ext4 -E nodiscard $set_device ;;
	xfs)
		# So small it is for tests only, it says.
		on_shared "$2" mkfs.xfs -q -f -K --unsupported -d agcount=2 $set_device
		;;
	esac
}

fs_mount() {
	on "$2" sh -c "/sbin/modprobe $1; mkdir -p /fs && mount -t $1 $set_device /fs"
}

# The file system says that it is clean, after its log has been gone through.
fs_unmount() {
	on "$2" umount /fs
	case $1 in
	ext4) on_shared "$2" e2fsck -f -n $set_device ;;
	xfs) on_shared "$2" xfs_repair -n $set_device ;;
	esac
}

# What was written without fsync() is durable when the file system is frozen.
fs_freeze() {
	on "$1" dd if=/dev/urandom of=/fs/frozen bs=64k count=4
	on "$1" fsfreeze --freeze /fs
	on "$1" sha256sum /fs/frozen > "$work/fs.frozen"
	on "$1" fsfreeze --unfreeze /fs
}

# It reaches the device, and hits nothing that is in use. A part of it, since
# zeroes cost as much as other bytes; XFS has it done later.
fs_trim() {
	local writes

	writes=$(on "$1" kfipmem set status vol --json | jq '.sets[0].writes')
	on "$1" fstrim -v -o 38M -l 4M /fs
	set_until "$1" ".writes > $writes"
}

fs_is_resized() {
	local size

	size=$(on "$1" blockdev --getsize64 $set_device)
	on "$1" kfipmem blk resize 0
	[ "$(on "$1" blockdev --getsize64 $set_device)" -eq "$size" ]
}

fs_use() {
	share_mount "$2"
	fs_make "$1" "$2"
	fs_mount "$1" "$2"
	fs_freeze "$2"
	fs_trim "$2"
	fs_is_resized "$2"
}

# fs_cut TYPE NODE NEXT DEAD...
fs_cut() {
	local node=$2 next=$3 status=0

	: > "$work/fs.sqlite"
	: > "$work/fs.fsx"
	LIMIT=120 on_shared "$node" sqlitewriter write /fs/db 0 0 \
		> "$work/fs.sqlite" 2> "$work/fs.sqlite.err" &
	on_fsx "$node" -- run /fs/fsx $fs_fsx_size $fs_seed $fs_fsx_count \
		> "$work/fs.fsx" 2> "$work/fs.fsx.err" &
	wait_until 60 test -s "$work/fs.sqlite" -a -s "$work/fs.fsx"
	kfirig exec --no-stdin --timeout 120 \
		--cut "$node@$(printf 'ack %08d' "$(random 5 30)")" "$node" -- \
		filewriter write /fs $fs_file 0 0 > "$work/fs.files" 2> "$work/fs.files.err" ||
		status=$?
	[ $status -eq 125 ] || {
		cat "$work"/fs.*.err
		return 1
	}
	[ $# -eq 3 ] || kfirig cut "${@:4}"
	wait
	check_log a b c
	set_revive "${@:4}"
	set_take_over "$next"
	share_mount "$next"
	fs_mount "$1" "$next"
}

fs_files() {
	on "$1" filewriter check /fs $fs_file > "$work/fs.found"
	all_there "$work/fs.files" "$work/fs.found"
	on "$1" sha256sum /fs/frozen | cmp - "$work/fs.frozen"
}

fs_sqlite() {
	on_shared "$1" sqlitewriter check /fs/db > "$work/fs.found" || {
		cat "$work/fs.found"
		return 1
	}
	all_there "$work/fs.sqlite" "$work/fs.found"
	fails grep wrong "$work/fs.found"
}

fs_fsx() {
	local synced

	cat "$work/fs.fsx.err"
	synced=$(fsx_synced "$work/fs.fsx")
	echo "$((synced + 1)) times synced"
	on_shared "$1" fsx check /fs/fsx $fs_fsx_size $fs_seed $fs_fsx_count "$synced"
}

# fs_proves TYPE WHOSE NODE NEXT DEAD...: DEAD lose their power besides NODE
fs_proves() {
	proves "$1: mkfs, fstrim, fsfreeze, resize" fs_use "$1" "$3"
	proves "$1: power cut of $2, $4 takes over (SEED=$seed)" fs_cut "$1" "$3" "$4" "${@:5}"
	proves "$1: every file with fsync is there, and what was frozen" fs_files "$4"
	proves "$1: every committed transaction of SQLite is there" fs_sqlite "$4"
	proves "$1: what fsx has synced is there" fs_fsx "$4"
	proves "$1: the file system is clean" fs_unmount "$1" "$4"
}

# The check has time for one of them.
fs_types=both
[ -n "${CYCLES:-}" ] || case $(random 0 1) in
0) fs_types=ext4 ;;
1) fs_types=xfs ;;
esac
for ((cycle = 0; cycle < ${CYCLES:-1}; cycle++)); do
	fs_seed=$((seed + cycle))
	proves "a set of three" set_begin a
	case $fs_types in
	xfs) fs_proves xfs "the writer" a b ;;
	*) fs_proves ext4 "all machines" a b b c ;;
	esac
	[ "$fs_types" = both ] || continue
	proves "the first writer is a replica" set_revive a
	fs_proves xfs "the writer" b c
done
