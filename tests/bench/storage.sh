#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Durable 4 KiB writes to remote NVDIMMs, by fio in a virtual machine: kfabric's
# block device and replica sets against NVMe-oF, md-raid1 and DRBD on the same
# NVDIMMs, in one run.
#
# Words in single quotes are expanded on the node, and functions are called by
# name:
# shellcheck disable=SC2016,SC2317

set -euo pipefail

prog=${0##*/}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=tests/vm/lib.sh
. "$here/../vm/lib.sh"

begin=${begin:-$EPOCHSECONDS}
image=$out/bench/storage.img
results=$out/bench
targets=(b c d)
region_size=24M
fio_size=$((20 * 1048576))	# every contender has as much
writes_1=${writes_1:-150}	# of one round, at depth 1
writes_16=${writes_16:-400}
writes_wire=40			# on the longer wire
writes_count=200		# while messages and frames are counted
wire_ms=10			# that it is longer, of a round trip

usage() {
	cat <<-END
	Usage: $prog [--quick] [--rounds N] [--mtu BYTES] [--only NAMES] [--json FILE]
	       $prog --help

	Boots four nodes: a client, and three machines with an NVDIMM each. Then
	fio on the client writes 4 KiB at random places, durably, to all of the
	contenders in turn, in rounds: one write under way, and 16. Printed are
	medians of the rounds with the spread from p10 to p90, medians of the
	ratios within a round, and what a write costs in frames and bytes on the
	client's wire, and in messages of kfabric.

	  --rounds N    rounds (default 10)
	  --quick       3 short rounds
	  --mtu BYTES   of the network (default 9000; 1500 is the other usual one)
	  --only NAMES  of the contenders only these, with commas
	  --json FILE   the figures, for programs

	Contenders (all on the same NVDIMM of each target):
	$(contenders | awk -F '|' '{ printf "  %-12s  %s\n", $1, $4 }')

	The table, the plot (SVG) and the figures of each round go to
	  $results
	END
}

die() {
	printf '%s: %s\n' "$prog" "$*" >&2
	exit 1
}

say() {
	printf '[%3d s] %s\n' $((EPOCHSECONDS - begin)) "$*" >&2
}

# name|copies|base|what: in the order of the table. The ratio of a contender is
# to its base, which keeps as many copies.
contenders() {
	cat <<-'END'
	local|0|local|the client's own NVDIMM: what fio and the block layer take
	kfi1|1|kfi1|/dev/kfiblk on one remote region (raw)
	kfi1-set|1|kfi1|/dev/kfiblk on a set of one remote member
	kfi1-native|1|kfi1|/dev/kfi/<region>, no block layer
	nvme-rdma|1|kfi1|NVMe-oF/RDMA
	nvme-tcp|1|kfi1|NVMe-oF/TCP
	kfi2|2|kfi2|/dev/kfiblk on a set of two remote members
	md2|2|kfi2|md-raid1 of two NVMe-oF/RDMA legs, with bitmap
	kfi-mix|2|kfi-mix|/dev/kfiblk on a set of a local and a remote member
	drbd|2|kfi-mix|DRBD 8.4, protocol C: a local and a remote disk
	kfi3|3|kfi3|/dev/kfiblk on a set of three remote members
	kfi3-native|3|kfi3|/dev/kfi/<set>, no block layer
	md3|3|kfi3|md-raid1 of three NVMe-oF/RDMA legs, with bitmap
	END
}

# --- on the nodes ---

address() {
	on "$1" ip -4 -o addr show dev eth0 | awk '{ sub("/.*", "", $4); print $4 }'
}

# Parts without a table on the medium: they are of this boot only. The first is
# kfabric's pool; NVMe-oF's; the legs of md2 and md3; DRBD's.
partition() {
	on "$1" sh -c '
		first=2048 n=1
		for mib in 192 32 32 32 32; do
			addpart /dev/pmem0 $n $first $((mib * 2048)) || exit 1
			first=$((first + mib * 2048)) n=$((n + 1))
		done'
}

pool() {
	load "$1"
	on "$1" sh -c "kfipmem pool create /dev/pmem0p1 --name tank --force &&
		for region in ${*:2}; do
			kfipmem region create tank/\$region --size $region_size || exit 1
		done"
}

export_regions() {
	local node=$1 region

	for region in "${@:2}"; do
		on "$node" kfipmem export "tank/$region" --peer a --key-file /root/key
	done
}

# Debian's nvmet asks the device for its write cache (VWC), and hands FUA on.
nvmet() {
	local ip

	ip=$(address "$1")
	on "$1" sh -c '
		ip=$1
		/sbin/modprobe nvmet_rdma && /sbin/modprobe nvmet_tcp || exit 1
		mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config
		cd /sys/kernel/config/nvmet || exit 1
		port() {
			mkdir ports/$1
			echo ipv4 > ports/$1/addr_adrfam
			echo $ip > ports/$1/addr_traddr
			echo $3 > ports/$1/addr_trsvcid
			echo $2 > ports/$1/addr_trtype
		}
		subsystem() {
			mkdir subsystems/$1
			echo 1 > subsystems/$1/attr_allow_any_host
			mkdir subsystems/$1/namespaces/1
			echo $3 > subsystems/$1/namespaces/1/device_path
			echo 1 > subsystems/$1/namespaces/1/enable
			ln -s /sys/kernel/config/nvmet/subsystems/$1 ports/$2/subsystems/$1
		}
		set -e
		port 1 rdma 4420
		port 2 tcp 4421
		subsystem $(hostname)-rdma 1 /dev/pmem0p2
		subsystem $(hostname)-tcp 2 /dev/pmem0p2
		subsystem $(hostname)-md2 1 /dev/pmem0p3
		subsystem $(hostname)-md3 1 /dev/pmem0p4' sh "$ip"
}

# nvme_connect TRANSPORT NODE PORT PART: prints the device
nvme_connect() {
	local ip

	ip=$(address "$2")
	on a sh -c '
		id=11111111-2222-3333-4444-555555555555
		exec 3<> /dev/nvme-fabrics
		printf %s "nqn=$4,transport=$1,traddr=$2,trsvcid=$3,hostnqn=nqn.2014-08.org.nvmexpress:uuid:$id,hostid=$id" >&3 || exit 1
		read -r said <&3
		number=${said#instance=}
		dev=/dev/nvme${number%%,*}n1
		# The namespace is scanned by a work item; devtmpfs has no event.
		for i in $(seq 100); do
			[ ! -b $dev ] || break
			usleep 50000
		done
		[ -b $dev ] && echo $dev' sh "$1" "$ip" "$3" "$2-$4"
}

# Its default is to lose a peer that does not answer in half a second, which on
# a busy host is a matter of luck.
drbd_node() {
	local node=$1 peer=$2

	on "$node" sh -c '
		mkdir -p /var/lock && /sbin/modprobe drbd usermode_helper=disabled &&
		drbdmeta --force 0 v08 /dev/pmem0p5 internal create-md > /dev/null 2>&1 &&
		drbdsetup-84 new-resource r &&
		drbdsetup-84 new-minor r 0 0 &&
		drbdsetup-84 attach 0 /dev/pmem0p5 /dev/pmem0p5 internal &&
		drbdsetup-84 connect r ipv4:$1:7788 ipv4:$2:7788 --protocol=C \
			--timeout=300 --ping-int=60 --connect-int=60 --ping-timeout=100' \
		sh "$(address "$node")" "$(address "$peer")"
}

wanted() {
	case ,$only, in
	,, | *,"$1",*) return 0 ;;
	esac
	return 1
}

# has NAME DEVICE: it takes part
has() {
	printf '%s %s\n' "$1" "$2" >> "$work/devices"
}

# hasnt NAME WHY
hasnt() {
	say "$1 does not take part: $2"
	printf 'absent contender=%s why=%s\n' "$1" "$2" >> "$work/lines"
}

# tries NAME COMMAND...: prints the device, or it does not take part
tries() {
	local name=$1 device status=0

	wanted "$name" || return 0
	# Not "||": it would have the command go on after an error.
	set +e
	device=$(set -euo pipefail; "${@:2}" 2> "$work/why")
	status=$?
	set -e
	if [ $status -eq 0 ] && [ -n "$device" ]; then
		has "$name" "$device"
	else
		hasnt "$name" "$(tail -n 1 "$work/why" | tr '"' "'")"
	fi
}

# kfi_set NAME OPTION...: start or create it, and a block device on it
kfi_set() {
	on a kfipmem set "$2" "$1" "${@:3}" --as a --key-file /root/key >&2
	on a kfipmem blk add "$1"
}

kfi_native() {
	on a kfipmem attach b/native --as a --key-file /root/key >&2
	echo /dev/kfi/native
}

md() {
	local name=$1 legs=() leg

	for leg in "${@:2}"; do
		legs+=("$(nvme_connect rdma "$leg" 4420 "$name")")
	done
	on a env MDADM_NO_UDEV=1 mdadm --create "/dev/$name" --run --quiet \
		--assume-clean --level=1 --metadata=1.2 --bitmap=internal \
		"--raid-devices=${#legs[@]}" "${legs[@]}" >&2
	echo "/dev/$name"
}

drbd() {
	drbd_node a b >&2
	drbd_node b a >&2
	on a sh -c '
		drbdsetup-84 wait-connect 0 --wfc-timeout=30 --degr-wfc-timeout=30 \
			--outdated-wfc-timeout=30 &&
		drbdsetup-84 new-current-uuid 0 --clear-bitmap=yes &&
		drbdsetup-84 primary 0' >&2
	echo /dev/drbd0
}

set_up_nodes() {
	local node pids=() pid

	(umask 077 && od -An -v -N 32 -tx1 /dev/urandom | tr -d ' \n' > "$work/key")
	for node in a "${targets[@]}"; do
		{
			partition "$node"
			kfirig put "$node" "$work/key" /root/key
			on "$node" chmod 600 /root/key
			if [ "$node" = a ]; then
				pool "$node" mine
			else
				pool "$node" raw set1 set2 set3 mix native
				export_regions "$node" raw set1 set2 set3 mix native
				nvmet "$node"
			fi
		} > "$work/up.$node" 2>&1 &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || {
			cat "$work"/up.* >&2
			die "a node could not be set up"
		}
	done
	on a sh -c 'echo 0 > /sys/module/kernel/parameters/panic 2> /dev/null
		/sbin/modprobe nvme_core multipath=N && /sbin/modprobe nvme_rdma &&
		/sbin/modprobe nvme_tcp && /sbin/modprobe raid1 && /sbin/modprobe libaio 2> /dev/null
		/sbin/modprobe 9pnet_virtio && mkdir -p /share /root/fio &&
		mount -t 9p -o trans=virtio,ro share /share && cp -r /share/fio /share/lib /root/fio/'
}

set_up_contenders() {
	: > "$work/devices"
	tries local echo /dev/pmem0p2
	tries kfi1 kfi_set raw start --raw --member b/raw
	tries kfi1-set kfi_set set1 create --assume-clean --member b/set1
	tries kfi1-native kfi_native
	tries nvme-rdma nvme_connect rdma b 4420 rdma
	tries nvme-tcp nvme_connect tcp b 4421 tcp
	# Two members cannot outvote each other: a witness is asked when one fails.
	tries kfi2 kfi_set set2 create --assume-clean --member b/set2 \
		--member c/set2 --witness d/set2
	tries md2 md md2 b c
	tries kfi-mix kfi_set mix create --assume-clean --member local:tank/mine \
		--member b/mix --witness c/mix
	tries drbd drbd
	tries kfi3 kfi_set set3 create --assume-clean --member b/set3 \
		--member c/set3 --member d/set3
	! wanted kfi3-native || ! wanted kfi3 || has kfi3-native /dev/kfi/set3
	tries md3 md md3 b c d
}

# --- fio ---

# With libaio one durable write is one request of the block layer, with FUA. With
# psync (a program's pwrite()) the kernel sends a flush after it as well.
fio_global() {
	cat <<-END
	[global]
	ioengine=libaio
	direct=1
	sync=dsync
	bs=4k
	size=$fio_size
	thread=1
	allow_file_create=0
	norandommap=1
	randrepeat=0
	lat_percentiles=1
	clat_percentiles=0
	END
}

# fio_job NAME DEVICE KIND: warm visits each MiB
fio_job() {
	printf '[%s:%s]\nstonewall\nfilename=%s\n' "$1" "$3" "$2"
	case $3 in
	warm) printf 'rw=write:1020k\niodepth=1\nnumber_ios=%s\n' "$((fio_size / 1048576))" ;;
	count) printf 'rw=randwrite\niodepth=1\nnumber_ios=%s\n' "$writes_count" ;;
	1) printf 'rw=randwrite\niodepth=1\nnumber_ios=%s\n' "$writes_1" ;;
	near | far) printf 'rw=randwrite\niodepth=1\nnumber_ios=%s\n' "$writes_wire" ;;
	*-sync) printf 'ioengine=psync\nrw=randwrite\nnumber_ios=%s\n' "$writes_wire" ;;
	16) printf 'rw=randwrite\niodepth=16\nnumber_ios=%s\n' "$writes_16" ;;
	esac
}

# fio_run JSON: the jobs on standard input
fio_run() {
	kfirig put a - /root/jobs
	LIMIT=600 on a sh -c 'cd /root && fio/lib/ld-linux-x86-64.so.2 --library-path fio/lib \
		fio/fio --output-format=json jobs' > "$1" || {
		tail -n 20 "$1" >&2
		return 1
	}
	# fio may speak before its JSON.
	sed -n '/^{/,$p' "$1" > "$1.json"
	jq -e '[.jobs[].error] | add == 0' "$1.json" > /dev/null || {
		cat "$1" >&2
		return 1
	}
}

# At depth 1 (all but "16") a latency: the median. At 16 the time from the first to the last
# write, for each.
fio_values() {
	jq -r --argjson round "$1" '.jobs[] | (.jobname / ":") as [$name, $kind] |
		.write as $w |
		select($w.total_ios > 0) |
		"value contender=\($name) kind=\($kind) round=\($round) ns=" +
		if $kind == "16" then "\(($w.runtime * 1e6 / $w.total_ios) | floor)"
		else "\($w.lat_ns.percentile["50.000000"])" end +
		" p99=\($w.lat_ns.percentile["99.000000"])"' "$2"
}

# Writes that the targets have made durable for peers of kfabric: of small ones
# the data are in the message, others are a commit after an RDMA write.
served() {
	local node

	for node in "${targets[@]}"; do
		on "$node" kfipmem stat target --json | jq '[.endpoints[0].ops[] |
			select(.op == "write-commit" or .op == "commit").served] | add // 0'
	done | awk '{ sum += $1 } END { print sum }'
}

# Milliseconds of the host's CPUs that the targets have used, devices included
cpu() {
	local node

	for node in "${targets[@]}"; do
		cat /proc/"$(pgrep -f "qemu-system.*$KFIRIG_DIR/$node/")"/task/*/schedstat
	done | awk '{ sum += $1 } END { printf "%.1f\n", sum / 1e6 }'
}

# Of the client fio reads the counters itself, next to the writes: its own start
# takes longer than they do. The frames are all that the client sends and gets,
# also what a contender sends for itself (keep-alives, bitmaps).
count_writes() {
	local name=$1 device=$2 cpu served

	on a rm -f "/root/$name:count.prerun.txt" "/root/$name:count.postrun.txt"
	{
		fio_global
		fio_job "$name" "$device" warm
	} | fio_run "$work/fio"
	served=$(served)
	cpu=$(cpu)
	{
		fio_global
		fio_job "$name" "$device" count
		echo "exec_prerun=/root/counters"
		echo "exec_postrun=/root/counters"
	} | fio_run "$work/fio"
	cpu=$(awk -v before="$cpu" '{ print $1 - before }' <<< "$(cpu)")
	served=$(($(served) - served))
	on a sh -c 'cd /root && paste "$1:count.prerun.txt" "$1:count.postrun.txt"' sh "$name" |
		awk -v name="$name" -v writes="$writes_count" \
			-v cpu="$cpu" -v served="$served" '
			{ took[NR] = $2 - $1 }
			END {
				printf "count contender=%s writes=%d frames_out=%d bytes_out=%d frames_in=%d bytes_in=%d served=%d cpu_client=%.1f cpu_targets=%.1f\n",
					name, writes, took[3], took[4], took[5], took[6],
					served, (took[1] - took[2]) * 1000, cpu
			}' >> "$work/lines"
}

# Seconds since boot, seconds idle; frames and bytes out, and in
counters() {
	printf '%s\n' '#!/bin/sh' "tr ' ' '\\n' < /proc/uptime" \
		'cd /sys/class/net/eth0/statistics && cat tx_packets tx_bytes rx_packets rx_bytes' |
		kfirig put a - /root/counters
	on a chmod +x /root/counters
}

# kfabric's own counters: they are of attachments, so of the native path
count_messages() {
	on a kfipmem stat native --json | jq -r '.endpoints[0].ops[] |
		select(.op == "write-commit") |
		"native messages=\(.milli_messages_per_op / 1000) bytes=\(.bytes_per_op)"' \
		>> "$work/lines"
}

# The contenders of a round: each begins somewhere else, every other backwards.
order() {
	awk -v round="$1" '{ line[NR - 1] = $0 }
		END {
			for (i = 0; i < NR; i++) {
				at = (i + int(round / 2) * 5) % NR
				print line[round % 2 ? NR - 1 - at : at]
			}
		}' "$work/devices"
}

# What is whole, and what changes when it was not for a while: a mirror that has
# lost a leg is fast.
condition() {
	local set device

	on a kfipmem set status --json | jq -r '.sets[] | [.name, .generation,
		([.members[] | select(.witness | not) | .state] | unique | join(","))] |
		join(" ")' > "$work/sets"
	while read -r name device; do
		case $name in
		kfi1 | kfi1-native) continue ;;
		kfi1-set) set=set1 ;;
		kfi-mix) set=mix ;;
		kfi[23]*) set=set${name:3:1} ;;
		md*)
			echo "$name $(on a cat "/sys/block/$name/md/degraded" | sed 's/^0$/whole/')"
			continue
			;;
		drbd)
			on a sh -c 'echo drbd $(drbdsetup-84 get-gi 0) $(drbdsetup-84 cstate 0) \
				$(drbdsetup-84 dstate 0) |
				sed "s:Connected UpToDate/UpToDate:whole:"'
			continue
			;;
		*) continue ;;
		esac
		awk -v name="$name" -v set="$set" '$1 == set {
			print name, $2, $3 == "in-sync" ? "whole" : $3
		}' "$work/sets"
	done < "$work/devices"
}

# The values of this round, without those of contenders that
# have lost a copy meanwhile. One that has not got it back has no more.
keep_whole() {
	local name

	condition > "$work/after"
	diff "$work/condition" "$work/after" | sed -n 's/^> \([^ ]*\) .*/\1/p' > "$work/lost"
	grep -v whole "$work/after" | cut -d ' ' -f 1 >> "$work/lost" || true
	sort -u "$work/lost" | while read -r name; do
		say "not counted, $name has lost a copy: $(grep "^$name " "$work/after")"
		sed -i "/ contender=$name /d" "$work/values"
		echo "lost contender=$name" >> "$work/lines"
	done
	mv "$work/after" "$work/condition"
}

# one_round ROUND KIND...
one_round() {
	local name device kind

	{
		fio_global
		order "$1" | while read -r name device; do
			for kind in warm "${@:2}"; do
				fio_job "$name" "$device" "$kind"
			done
		done
	} | fio_run "$work/fio"
	fio_values "$1" "$work/fio.json" > "$work/values"
	keep_whole
}

# The values of a round on a line, in milliseconds
progress() {
	awk -F '[ =]' -v kind="$1" '$5 == kind {
		printf " %s %.2f", $3, $9 / 1e6
	}' "$work/values"
}

measure() {
	local round

	say "warming up"
	condition > "$work/condition"
	one_round 0 1 16
	for ((round = 0; round < rounds; round++)); do
		one_round "$round" 1 16
		cat "$work/values" >> "$work/lines"
		say "round $((round + 1)) of $rounds, ms at depth 1:$(progress 1)"
	done
}

count() {
	local name device

	counters
	while read -r name device <&4; do
		say "counting: $name"
		count_writes "$name" "$device"
	done 4< "$work/devices"
	! grep -q '^kfi1-native ' "$work/devices" || count_messages
}

longer_wire() {
	local node

	for node in "${targets[@]}"; do
		kfirig netem "$node" "$@"
	done
}

# echo_ms: the median of some pings
echo_ms() {
	on a ping -c 15 -i 0.1 "${targets[0]}" |
		sed -n 's/.*time=\([0-9.]*\) ms.*/\1/p' | sort -n |
		awk '{ ms[NR] = $1 } END { print ms[int((NR + 1) / 2)] }'
}

# Each round with the wire as it is, and with a longer one: the difference is
# round trips, what is the same is work. netem is late where the host is busy, so
# that a ping has to say how much longer it is.
measure_wire() {
	local round near_ms

	echo "wire ms=$wire_ms" >> "$work/lines"
	for ((round = 0; round < (rounds + 1) / 2; round++)); do
		near_ms=$(echo_ms)
		one_round "$round" near near-sync
		grep kind=near "$work/values" >> "$work/lines" || true
		longer_wire delay "${wire_ms}ms"
		echo "echo round=$round ms=$(echo_ms) near=$near_ms" >> "$work/lines"
		one_round "$round" far far-sync
		longer_wire off
		grep kind=far "$work/values" >> "$work/lines" || true
		say "longer wire, round $((round + 1)) of $(((rounds + 1) / 2)), ms:$(progress far)"
	done
}

in_rig() {
	local node

	work=$(mktemp -d "${TMPDIR:-/tmp}/kfi-bench.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	contenders | awk -F '|' '{
		printf "contender name=%s copies=%s base=%s what=%s\n", $1, $2, $3, $4
	}' > "$work/lines"
	say "the nodes are up"
	set_up_nodes
	set_up_contenders
	measure
	count
	measure_wire
	# rxe's own warnings are no reason to throw the figures away.
	for node in a "${targets[@]}"; do
		check_log "$node" >&2 || echo "complaint node=$node" >> "$work/lines"
	done
	echo end >> "$work/lines"
	cp "$work/lines" "$results/storage.lines"
}

build() {
	local program module

	for module in nvmet_rdma nvmet_tcp nvme_rdma nvme_tcp raid1 drbd; do
		image_args+=(--module "$module")
	done
	for program in /sbin/mdadm /sbin/drbdmeta /lib/drbd/drbdsetup-84 /usr/bin/addpart; do
		image_args+=(--bin "$program")
	done
	mkdir -p "$results"
	build_all > /dev/null
	share_program fio
	gcc -std=gnu11 -O2 -Wall -Wextra -Werror -o "$results/storage_report" \
		"$here/storage_report.c" -lm
}

main() {
	# shellcheck disable=SC2054 # the commas are of the rig
	local json=$results/storage.json title node nodes=(a:mem=1G,nvdimm=384M)

	rounds=${rounds-10}
	only=${only-}
	mtu=${mtu-9000}
	while [ $# -gt 0 ]; do
		case $1 in
		-h | --help)
			usage
			return
			;;
		--quick)
			rounds=3
			writes_1=60
			writes_16=160
			;;
		--rounds)
			[[ ${2-} =~ ^[1-9][0-9]{0,2}$ ]] || die "--rounds wants a number up to 999"
			rounds=$2
			shift
			;;
		--mtu)
			[[ ${2-} =~ ^[1-9][0-9]{3}$ ]] || die "--mtu wants a number from 1000 to 9999"
			mtu=$2
			shift
			;;
		--only)
			[ -n "${2-}" ] || die "--only wants names, with commas"
			only=$2
			shift
			;;
		--json)
			[ -n "${2-}" ] || die "--json wants a file"
			json=$(realpath -m -- "$2")
			shift
			;;
		--in-rig)
			in_rig
			return
			;;
		*)
			usage >&2
			return 2
			;;
		esac
		shift
	done
	mkdir -p "$results"
	exec 8> "$results/lock"
	flock -n 8 || die "another benchmark is running"
	say "building modules, tools and the nodes' image"
	build
	for node in "${targets[@]}"; do
		nodes+=("$node:nvdimm=384M")
	done
	say "booting ${#nodes[@]} nodes"
	export begin rounds only mtu writes_1 writes_16
	kfirig run --image "$image" --mtu "$mtu" --qemu-arg -virtfs --qemu-arg \
		"local,path=$share,mount_tag=share,security_model=none,readonly=on" \
		"${nodes[@]}" -- "$here/$prog" --in-rig
	title="$(uname -m), QEMU $(qemu-system-x86_64 --version | sed -n 's/.*version \([0-9.]*\).*/\1/p'), kernel $kernel, rxe, NVDIMMs (ADR), MTU $mtu, $rounds rounds"
	"$results/storage_report" "$title" "$results/storage.svg" "$json" \
		< "$results/storage.lines" | tee "$results/storage.txt"
	printf '\n%s\n%s\n' "$results/storage.svg" "$json"
}

main "$@"; exit
