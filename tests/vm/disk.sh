# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# rig: files a:nvdimm=64M b:nvdimm=64M c:nvdimm=64M
#
# The block device of a three-way set without a file system: random operations
# of every kind (fsx.c), discard among them, and fio with its verification, while
# a replica or all machines lose their power.
#
# Numbers need no quotes:
# shellcheck disable=SC2086

# shellcheck source=tests/vm/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"
# shellcheck source=tests/vm/set_lib.sh
. "${BASH_SOURCE[0]%/*}/set_lib.sh"

set_size=24M
disk_fsx_size=524288
disk_fsx_count=2000	# more than there is time for
disk_zone=65536		# of fio, written by a job
disk_zones=12

disk_begin() {
	set_begin a
	share_mount a
}

# disk_blackout NEXT: all power is gone; NEXT and one other come back
disk_blackout() {
	kfirig cut a b c > /dev/null 2>&1 || true
	check_log a b c
	set_revive "$1" c
	set_take_over "$1"
	share_mount "$1"
}

disk_fsx() {
	local status=0 synced

	on_fsx a --cut "a@$(printf 'sync %06d' "$(random 20 60)")" -- \
		run $set_device $disk_fsx_size $disk_seed $disk_fsx_count \
		> "$work/disk.fsx" || status=$?
	[ $status -eq 125 ]
	disk_blackout b
	synced=$(fsx_synced "$work/disk.fsx")
	echo "$((synced + 1)) times synced"
	on_shared b fsx check $set_device $disk_fsx_size $disk_seed $disk_fsx_count "$synced"
}

# disk_job RUN ZONE: fio's, which writes a zone and verifies it. A run writes
# other bytes than the one before.
disk_job() {
	cat <<-END
		[zone$2]
		offset=$(($2 * disk_zone))
		randseed=$((disk_seed + $1 * 1000 + $2))
	END
}

disk_jobs_begin() {
	cat <<-END
		[global]
		filename=$set_device
		ioengine=io_uring
		iodepth=4
		direct=1
		sync=dsync
		rw=randwrite
		bs=4k
		size=$disk_zone
		verify=crc32c
		do_verify=1
		verify_fatal=1
		stonewall
	END
}

# disk_fio NODE RUN VICTIM: one job after the other; "ack N." is said of each
# when it is done, and so durable. The cut comes after any of them.
disk_fio() {
	local zone

	{
		disk_jobs_begin
		for ((zone = 0; zone < disk_zones; zone++)); do
			disk_job "$2" $zone
			echo "exec_postrun=echo ack $zone. >&2 && true"
		done
	} | kfirig put "$1" - /root/jobs
	kfirig exec --no-stdin --timeout 120 \
		--cut "$3@ack $(random 1 $((disk_zones - 6)))." "$1" -- \
		sh -c "cd /root && $(shared fio jobs) 2>&1" > "$work/disk.fio"
}

# disk_verify NODE LAST: up to LAST there has to be what the second run wrote.
# Behind the zone that was being written, what the first did; the next one may
# have been begun before the power was gone.
disk_verify() {
	local zone zones=0

	{
		disk_jobs_begin
		echo verify_only=1
		for ((zone = 0; zone < disk_zones; zone++)); do
			if [ $zone -le "$2" ]; then
				disk_job 2 $zone
			elif [ $zone -gt $(($2 + 3)) ]; then
				disk_job 1 $zone
			else
				continue
			fi
			zones=$((zones + 1))
		done
		echo "$zones" > "$work/disk.zones"
	} | kfirig put "$1" - /root/jobs
	on_shared "$1" fio --output-format=json /root/jobs > "$work/disk.verified" || {
		cat "$work/disk.verified"
		return 1
	}
	jq -e ".jobs | length == $(cat "$work/disk.zones") and
		all(.error == 0 and .read.io_bytes == $disk_zone)" \
		"$work/disk.verified" > /dev/null
}

disk_fio_replica() {
	set_revive a
	set_in_sync b a
	disk_fio b 1 c || {
		cat "$work/disk.fio"
		return 1
	}
	[ "$(grep -c '^ack' "$work/disk.fio")" -eq $disk_zones ]
	set_until b '.members[2].state != "in-sync" and .state == "active"'
}

# A replica is on its way back meanwhile.
disk_fio_blackout() {
	local status=0 last

	set_revive c
	disk_fio b 2 b || status=$?
	[ $status -eq 125 ]
	disk_blackout a
	last=$(sed -n 's/^ack \([0-9]*\)\.$/\1/p' "$work/disk.fio" | tail -n 1)
	echo "zone $last was the last"
	disk_verify a "$last"
}

for ((cycle = 0; cycle < ${CYCLES:-1}; cycle++)); do
	disk_seed=$((seed + cycle))
	proves "a set of three" disk_begin
	proves "fsx on the device, power cut of all: what it has synced is there (SEED=$seed)" disk_fsx
	proves "fio on the device, power cut of a replica: it goes on, verified" disk_fio_replica
	proves "fio on the device, power cut of all: verified where it was acknowledged" disk_fio_blackout
done
