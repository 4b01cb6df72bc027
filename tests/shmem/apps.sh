#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The demo programs: each is killed at N random moments, one of its PEs or all,
# and goes on each time from where it was; at last it verifies what it has. The
# last line is "N passed, M failed".
#
# usage: apps.sh [build directory]
#
# N=N     kills of each program (default 20)
# SEED=N  repeats a run's random moments

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
top=$(cd "$here/../.." && pwd -P)
out=${1:-$(make -s --no-print-directory -C "$top" path)}/shmem
N=${N:-20}
SEED=${SEED:-$((RANDOM * 32768 + RANDOM))}
RANDOM=$((SEED % 32768))
base=${TMPDIR:-/tmp}
[ ! -w /dev/shm ] || base=/dev/shm
work=$(mktemp -d "$base/kfi-apps.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
export SHMEM_PMEM_DIR=$work/spaces SHMEM_SYMMETRIC_SIZE=1M
oshrun=$out/bin/oshrun
passed=0
failed=0

# kill_some PID: oshrun, or one of the PEs that it has started
kill_some() {
	local pes=() victim=$1

	read -r -a pes 2> /dev/null < "/proc/$1/task/$1/children" || true
	if [ $((RANDOM % 2)) -eq 0 ] && [ ${#pes[@]} -gt 0 ]; then
		victim=${pes[RANDOM % ${#pes[@]}]}
	fi
	kill -9 "$victim" 2> /dev/null || true
}

# has_begun PID FILE: waits until the program says so, or has ended
has_begun() {
	grep -m 1 -q ' begins at ' < <(exec tail -n +1 -s 0.02 -f --pid="$1" "$2" 2> /dev/null) || true
}

# begins FILE: the number that a run began at, nothing when it did not come to it
begins() {
	sed -n 's/.* begins at [a-z]* \([0-9]*\).*/\1/p' "$1"
}

# killed PROGRAM [OPTION...]: as often as N says, and then to its end
killed() {
	local kills=0 status job at last=0 resumed=0 again=()
	local said=$work/said program=$1

	shift
	while [ "$kills" -lt "$N" ]; do
		"$oshrun" -np 3 "$out/apps/$program" "$@" "${again[@]}" > "$said" 2>&1 &
		job=$!
		again=()
		# A random moment: from the start on, or when it has begun its work
		[ $((RANDOM % 3)) -eq 0 ] || has_begun "$job" "$said"
		sleep "0.$(printf %03d $((10 + RANDOM % 200)))"
		kill_some "$job"
		status=0
		wait "$job" 2> /dev/null || status=$?
		at=$(begins "$said")
		if [ -n "$at" ] && [ "$at" -lt "$last" ]; then
			echo "$program went back from $last to $at"
			return 1
		fi
		[ -z "$at" ] || last=$at
		[ "${at:-0}" -eq 0 ] || resumed=$((resumed + 1))
		case $status in
		137) kills=$((kills + 1)) ;;
		0)	# It was through before; what it said at its end counts.
			grep -q verified "$said" || return 1
			again=(-r)
			last=0
			;;
		*)
			echo "$program: status $status"
			cat "$said"
			return 1
			;;
		esac
	done
	"$oshrun" -t 120 -np 3 "$out/apps/$program" "$@" > "$said" 2>&1 || status=$?
	cat "$said"
	grep -q verified "$said" || return 1
	echo "$program: killed $kills times, $resumed runs went on from what was kept"
	[ "$resumed" -gt 0 ]
}

# test_app PROGRAM [OPTION...]
test_app() {
	if killed "$@" > "$work/log" 2>&1; then
		passed=$((passed + 1))
		echo "ok   $(tail -n 1 "$work/log")"
	else
		failed=$((failed + 1))
		echo "FAIL $1"
		tail -n 30 "$work/log" | sed 's/^/     /'
	fi
}

# A picture is a PNG whose chunks and data are whole.
test_picture() {
	local file

	"$oshrun" -np 3 "$out/apps/heat" -r -n 64 -s 40 -o "$work/heat" > "$work/log" 2>&1
	for file in "$work"/heat-000000.png "$work"/heat-000040.png; do
		python3 - "$file" <<-'END' || return 1
		import struct, sys, zlib
		data, at, rows = open(sys.argv[1], 'rb').read(), 8, b''
		assert data[:8] == b'\x89PNG\r\n\x1a\n'
		while at < len(data):
		    size, kind = struct.unpack('>I4s', data[at:at + 8])
		    crc, = struct.unpack('>I', data[at + 8 + size:at + 12 + size])
		    assert crc == zlib.crc32(data[at + 4:at + 8 + size])
		    if kind == b'IDAT':
		        rows += data[at + 8:at + 8 + size]
		    at += 12 + size
		assert kind == b'IEND' and len(zlib.decompress(rows)) == 64 * (64 * 3 + 1)
		END
	done
	! cmp -s "$work/heat-000000.png" "$work/heat-000040.png"
}

echo "apps.sh: seed $SEED"
make -s --no-print-directory -C "$top" shmem > /dev/null
test_app heat -v -n 128 -s 10000 -e 20
test_app phash -s 400000 -k 300000
test_app isort -k 30000 -n 80
test_app gups -u 4000000 -c 20000
if test_picture; then
	passed=$((passed + 1))
	echo "ok   pictures"
else
	failed=$((failed + 1))
	echo "FAIL pictures"
	tail -n 30 "$work/log" | sed 's/^/     /'
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
