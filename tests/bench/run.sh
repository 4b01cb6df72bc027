#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Measure durable remote writes: kfabric against a hand-written verbs loop, at
# native speed in User-Mode Linux and between two virtual machines.

set -euo pipefail

prog=${0##*/}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
top=$(cd "$here/../.." && pwd -P)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kfabric-pmem
build=${OUT:-$(make -s --no-print-directory -C "$top" path)}
out=$build/bench

usage()
{
	cat <<-END
	Usage: $prog [--quick] [--uml|--vm] [--rounds N]
	       $prog --help

	Both paths write durably 8 B to 1 MiB to the same bytes of the same
	region, in turn, in the same boot: latency with one write under way,
	time per write with 32. Printed are medians of the rounds, the spread
	from p10 to p90, and the median of the ratios; what a write takes in
	posts, work requests, round trips, bytes and packets; and what regions
	of 64 MiB, 256 MiB and 1 GiB cost to attach and to write to.

	  --uml       only at native speed, through rxe's loopback
	  --vm        only between two virtual machines
	  --rounds N  rounds (default 300 at native speed, 8 between machines)
	  --quick     60 rounds, and 4 without the writes of 1 MiB

	Tables, plots (SVG) and what was measured in each round go to
	  $out
	END
}

die()
{
	printf '%s: %s\n' "$prog" "$*" >&2
	exit 1
}

# One run's lines in $1.txt: print the table, and keep it and the plot.
report()
{
	local name=$1 title=$2

	"$out/report" "$title" "$out/$name.svg" <"$out/$name.lines" |
		tee "$out/$name.txt"
	printf '\n%s\n\n' "$out/$name.svg"
}

bench_uml()
{
	local tag console

	tag=bench-$$-$SECONDS-$RANDOM
	KFI_UML_MEM=2400M KFI_UML_TIMEOUT=${KFI_UML_TIMEOUT:-600} \
		"$top/tests/kunit/uml.sh" run fast bench \
		"kfi_bench.tag=$tag" "kfi_bench.rounds=$uml_rounds" \
		kfi_bench.pool_mib=1440 kfi_bench.setup_mib=64,256,1024 >&2
	# The kernel prints its command line.
	console=$(grep -lF "kfi_bench.tag=$tag" "$cache"/uml-fast-*/runs/console.* |
		  head -n 1) || die "the console of the run is gone"
	grep -E '(values|count) size=|region_mib=|target domain=|error size=|end errno=' \
		"$console" >"$out/uml.lines" || true
	report uml "User-Mode Linux, rxe loopback, $uml_rounds rounds"
}

# kfi_bench.ko is built beside the modules, outside the checkout.
bench_modules()
{
	local kernel tree ko

	kernel=${KERNEL:-$("$top/tools/deps.sh" kernel)}
	tree=$build/$kernel
	make -s -C "$top" --no-print-directory OUT="$build" KERNEL="$kernel" \
		KFI_MUTANT= modules tools >&2
	mkdir -p "$out/tests"
	rsync -rlc --delete --exclude='*.mod.c' \
		--include='*.[ch]' --include=Kbuild --exclude='*' \
		"$here/" "$out/tests/bench/"
	rm -rf "$out/include"
	ln -s "$tree/include" "$out/include"
	make -s -C "/lib/modules/$kernel/build" M="$out/tests/bench" CONFIG_KFI_BENCH=m \
		KBUILD_EXTRA_SYMBOLS="$tree/Module.symvers" modules >&2
	image=(--kernel "$kernel" --module crc32c_generic
		--modules "$out/tests/bench/kfi_bench.ko")
	for ko in kfabric_pmem/core/kfabric kfabric_pmem/pmem/kfi_pmem \
		  prov_rdma_pmem/kfi_rdma; do
		image+=(--modules "$tree/$ko.ko")
	done
}

# Called by the rig, with both nodes up.
in_rig()
{
	local addr

	kfirig exec a -- /sbin/modprobe kfi_rdma
	kfirig exec b -- /sbin/modprobe kfi_rdma
	kfirig exec b -- /sbin/modprobe kfi_bench role=target \
		device=/dev/pmem0 setup_mib=64,256,1024
	addr=$(kfirig exec b -- ip -4 -o addr show dev eth0 |
	       awk '{ sub("/.*", "", $4); print $4 }')
	kfirig exec --timeout 1500 a -- /sbin/modprobe kfi_bench \
		role=initiator "addr=$addr" "rounds=$vm_rounds" \
		"max_size=$vm_max" setup_mib=64,256,1024 || {
		kfirig dmesg a | tail -n 20 >&2
		return 1
	}
	kfirig exec a -- sh -c 'mount -t debugfs none /sys/kernel/debug 2>/dev/null
		cat /sys/kernel/debug/kfi_bench/results' >"$out/vm.lines"
	kfirig exec a -- rmmod kfi_bench
	kfirig exec b -- rmmod kfi_bench
	kfirig dmesg --check a >&2
	kfirig dmesg --check b >&2
}

bench_vm()
{
	local image

	bench_modules
	PATH=$build/qemu:$PATH
	kfirig image "${image[@]}" -o "$out/bench.img" >&2
	export PATH vm_rounds vm_max
	kfirig run --image "$out/bench.img" a:mem=1G b:mem=1G,nvdimm=1536M \
		-- "$here/$prog" --in-rig
	report vm "two virtual machines (QEMU), rxe, NVDIMM (ADR), $vm_rounds rounds"
}

main()
{
	local uml=1 vm=1

	uml_rounds=300
	vm_rounds=${vm_rounds-8}
	vm_max=${vm_max-1048576}
	while [ $# -gt 0 ]; do
		case $1 in
		-h | --help)
			usage
			return
			;;
		--quick)
			uml_rounds=60
			vm_rounds=4
			vm_max=65536
			;;
		--uml) vm=0 ;;
		--vm) uml=0 ;;
		--rounds)
			[[ ${2-} =~ ^[1-9][0-9]{0,2}$ && $2 -gt 1 ]] ||
				die "--rounds wants a number from 2 to 999"
			uml_rounds=$2
			vm_rounds=$2
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
	[ "$uml$vm" != 00 ] || die "--uml and --vm exclude each other"
	mkdir -p "$out"
	exec 8>"$out/lock"
	flock -n 8 || die "another benchmark is running"
	"${CC:-gcc}" -O2 -Wall -o "$out/report" "$here/report.c" -lm
	[ "$uml" = 0 ] || bench_uml
	[ "$vm" = 0 ] || bench_vm
}

main "$@"; exit
