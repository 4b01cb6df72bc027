#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Measure OpenSHMEM and persistent spaces between two machines: this library
# against the raw provider, which is libkfipmem on attached regions.

set -euo pipefail

prog=${0##*/}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=tests/vm/pspace_lib.sh
. "$here/../vm/pspace_lib.sh"

results=$out/bench
space_nodes=(a b)
# That of the program, and what the raw provider writes to durably.
space_names=(bench raw)
space_pool=()	# the NVDIMM as it is
of_job=5	# rounds

usage() {
	cat <<-END
	Usage: $prog [--quick] [--rounds N] [--json FILE]
	       $prog --help

	Boots two machines with an NVDIMM each. A program with one PE on each
	measures put, get, fetch-and-add, streams, barrier, broadcast and sum, and
	what makes puts durable; and in turn with each what of it the raw
	provider has, by libkfipmem on /dev/kfi, from the same machine to the
	other. Which comes first alternates. Printed are medians of the rounds,
	the spread from p10 to p90, and the median of the ratios.

	  --rounds N   rounds (default 20)
	  --quick      4 rounds
	  --json FILE  where the figures go to
	               (default $results/shmem-nodes.json)

	The table, the plot (SVG) and what each round measured go to
	  $results
	END
}

die() {
	printf '%s: %s\n' "$prog" "$*" >&2
	exit 1
}

build() {
	local bin=$out/shmem/bin

	# shellcheck disable=SC2119 # without mutants
	build_all > /dev/null
	make -s --no-print-directory -C "$top" shmem > /dev/null
	gcc -O2 -Wall -Wextra -Werror -o "$results/shmem-report" "$here/shmem_report.c" -lm
	"$bin/oshcc" -O2 -Wall -Wextra -Werror -o "$results/shmem-nodes" \
		-I"$top/tools/libkfipmem" -I"$top/include/uapi" "$here/shmem_nodes.c" \
		"$here/shmem_ops.c" "$here/raw_nodes.c" "$out/libkfipmem/libkfipmem.a" -luring
	LD_LIBRARY_PATH=$out/shmem/lib share_program "$bin/oshrun" "$results/shmem-nodes"
}

# b's regions as a has them: "raw.1" is durable, "dram" is what a job's heap is on
set_up() {
	spaces_rsh
	spaces_make
	on b kfipmem pool create ram:32M --name scratch
	on b kfipmem region create scratch/dram --size 4M
	on b kfipmem export scratch/dram --peer job --key-file /root/key
	on a kfipmem attach b/dram --as job --key-file /root/key
}

in_rig() {
	local round

	work=$(mktemp -d "${TMPDIR:-/tmp}/kfi-bench.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	set_up >&2
	for ((round = 0; round < rounds; round += of_job)); do
		printf 'rounds from %d of %d\n' $((round + 1)) "$rounds" >&2
		spaces_run 580 2 /share/shmem-nodes "$round" \
			$((rounds - round < of_job ? rounds - round : of_job)) dram raw.1
	done > "$results/shmem-nodes.lines"
	check_log a b >&2
}

main() {
	local json=$results/shmem-nodes.json title

	rounds=${rounds-20}
	while [ $# -gt 0 ]; do
		case $1 in
		-h | --help)
			usage
			return
			;;
		--quick) rounds=4 ;;
		--rounds)
			[[ ${2-} =~ ^[1-9][0-9]{0,2}$ && $2 -le 200 ]] ||
				die "--rounds wants a number from 1 to 200"
			rounds=$2
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
	echo "building modules, libshmem, the rig and the nodes' image" >&2
	build
	export rounds
	kfirig run --snapshots "$snapshots" --vmlinuz "$vmlinuz" --image "$image" \
		--qemu-arg -virtfs --qemu-arg \
		"local,path=$share,mount_tag=share,security_model=none,readonly=on" \
		a:nvdimm=128M b:nvdimm=128M -- "$here/$prog" --in-rig
	title="two machines (QEMU $(qemu-system-x86_64 --version |
		sed -n 's/.*version \([0-9.]*\).*/\1/p')), a PE on each, rxe, NVDIMMs (ADR), $rounds rounds"
	"$results/shmem-report" "$title" raw "raw provider" "$results/shmem-nodes.svg" "$json" \
		< "$results/shmem-nodes.lines" | tee "$results/shmem-nodes.txt"
	printf '\n%s\n%s\n' "$results/shmem-nodes.svg" "$json"
}

main "$@"; exit
