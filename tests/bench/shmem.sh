#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Measure OpenSHMEM on one machine: this library against Open MPI's OSHMEM.

set -euo pipefail

prog=${0##*/}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
top=$(cd "$here/../.." && pwd -P)
build=${OUT:-$(make -s --no-print-directory -C "$top" path)}
out=$build/bench
bin=$build/shmem/bin
rounds=15
batches=15
json=$out/shmem.json

usage()
{
	cat <<-END
	Usage: $prog [--quick] [--rounds N] [--json FILE]
	       $prog --help

	One program, built by the compiler wrappers of both libraries, measures
	put, get, atomics, streams, barrier, broadcast and sum with two PEs. A
	round runs both; which comes first alternates. Printed are medians of
	the rounds, the spread from p10 to p90, and the median of the ratios.

	  --rounds N   rounds (default $rounds)
	  --quick      5 rounds of fewer batches
	  --json FILE  where the figures go to (default $json)

	The table, the plot (SVG) and what each round measured go to
	  $out
	END
}

die()
{
	printf '%s: %s\n' "$prog" "$*" >&2
	exit 1
}

ours()
{
	"$bin/oshrun" --timeout 120 -np 2 "$out/shmem-ours" "$batches"
}

# Some versions end with a signal in shmem_finalize(), after the last line.
openmpi()
{
	local root=()

	[ "$(id -u)" -ne 0 ] || root=(--allow-run-as-root)
	timeout 120 "$their_bin/oshrun" "${root[@]}" --oversubscribe -np 2 \
		"$out/shmem-openmpi" "$batches" 2>"$out/shmem-openmpi.log" || true
}

# Its names are those of any OpenSHMEM: not what the path has first, but Debian's.
find_openmpi()
{
	local dir

	for dir in ${OPENMPI:+"$OPENMPI/bin"} /usr/bin; do
		if [ -x "$dir/oshcc" ] && "$dir/oshcc" --showme:version 2>&1 | grep -q 'Open SHMEM'; then
			their_bin=$dir
			their_version=$("$dir/oshcc" --showme:version 2>&1 |
				sed 's/.*Open SHMEM \([^ ]*\).*/\1/')
			return
		fi
	done
	die "there is no Open MPI with OSHMEM: tools/deps.sh install bench-shmem, or OPENMPI=PREFIX"
}

round_of()
{
	local path order=(ours openmpi)

	[ $(($1 % 2)) -eq 0 ] || order=(openmpi ours)
	for path in "${order[@]}"; do
		echo "run path=$path round=$1"
		case $path in
		ours) ours ;;
		*) openmpi ;;
		esac
	done
}

main()
{
	local round title

	while [ $# -gt 0 ]; do
		case $1 in
		-h | --help)
			usage
			return
			;;
		--quick) rounds=5 batches=5 ;;
		--rounds | --json)
			[ $# -gt 1 ] || die "$1 wants a value"
			case $1 in
			--rounds)
				[[ $2 =~ ^[1-9][0-9]{0,2}$ && $2 -le 200 ]] ||
					die "--rounds wants a number from 1 to 200"
				rounds=$2
				;;
			--json) json=$2 ;;
			esac
			shift
			;;
		*)
			usage >&2
			return 2
			;;
		esac
		shift
	done
	mkdir -p "$out"
	exec 8>"$out/lock"
	flock -n 8 || die "another benchmark is running"
	find_openmpi
	make -s --no-print-directory -C "$top" OUT="$build" shmem >&2
	"${CC:-gcc}" -O2 -Wall -o "$out/shmem-report" "$here/shmem_report.c" -lm
	"$bin/oshcc" -O2 -Wall -o "$out/shmem-ours" "$here/shmem.c" "$here/shmem_ops.c"
	"$their_bin/oshcc" -O2 -Wall -o "$out/shmem-openmpi" "$here/shmem.c" "$here/shmem_ops.c"
	for ((round = 0; round < rounds; round++)); do
		printf '\rround %d of %d ' $((round + 1)) "$rounds" >&2
		round_of "$round"
	done >"$out/shmem.lines"
	printf '\n' >&2
	title="one machine, 2 PEs, Open MPI $their_version, $rounds rounds"
	"$out/shmem-report" "$title" openmpi "Open MPI" "$out/shmem.svg" "$json" \
		put:8 put:4096 get:8 get:4096 <"$out/shmem.lines" | tee "$out/shmem.txt"
	printf '\n%s\n%s\n' "$out/shmem.svg" "$json"
}

main "$@"; exit
