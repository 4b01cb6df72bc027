# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What the fault tests share: loads that run while something fails, and what is
# asked of each of them. Sourced after tests/vm/lib.sh.
#
# A load keeps the books of what was acknowledged (load.c): it fails when an
# acknowledged byte is lost, or when an operation takes longer than its limit.
#
# Variables of those that source this, words expanded on the node:
# shellcheck disable=SC2034,SC2154,SC2016

# Every operation ends within this time, whatever fails: ms.
fault_limit=${fault_limit:-$((25000 * patience))}

# load_start NAME NODE DEVICE [OPTION...]: until load_stop. In the function that
# starts it: a test's own shell waits for it.
load_start() {
	local name=$1 node=$2 device=$3 fd

	share_mount "$node"
	rm -f "$work/load.$name".*
	mkfifo "$work/load.$name.in"
	: > "$work/load.$name.out"
	kfirig exec --timeout 300 "$node" -- /share/faultload --seed "$seed" \
		--limit "$fault_limit" "${@:4}" "$device" \
		< "$work/load.$name.in" > "$work/load.$name.out" 2>&1 &
	echo $! > "$work/load.$name.pid"
	# Its input ends when this is closed.
	exec {fd}> "$work/load.$name.in"
	echo "$fd" > "$work/load.$name.fd"
	load_reaches "$name" 20
}

# load_count NAME [WORD]: its operations that succeeded, or those that failed
load_count() {
	grep -c "^${2:-ok} " "$work/load.$1.out" || true
}

load_runs() {
	kill -0 "$(cat "$work/load.$1.pid")" 2> /dev/null
}

load_has() {
	[ "$(load_count "$1")" -ge "$2" ] || ! load_runs "$1"
}

# load_reaches NAME MORE [SECONDS]: until so many more operations succeeded
load_reaches() {
	local want=$(($(load_count "$1") + $2))

	wait_until "${3:-60}" load_has "$1" "$want" || true
	[ "$(load_count "$1")" -ge "$want" ] || {
		tail -n 8 "$work/load.$1.out"
		echo "load $1: not $2 more operations"
		return 1
	}
}

# load_stop NAME: it reads all that it wrote, and found nothing wrong
load_stop() {
	local fd status=0

	fd=$(cat "$work/load.$1.fd")
	exec {fd}>&-
	wait "$(cat "$work/load.$1.pid")" || status=$?
	grep -E '^(violation|stuck|late|faultload:)' "$work/load.$1.out" || true
	load_figures "$1"
	[ $status -eq 0 ] || {
		echo "load $1 ended with status $status"
		return 1
	}
}

# load_figures NAME: its last line, and what its failed operations were told
load_figures() {
	sed -n "s/^operations /$1: operations /p" "$work/load.$1.out"
	sed -n 's/^error \([a-z]*\) [0-9]* [0-9]* \(.*\)/\2/p' "$work/load.$1.out" |
		sort | uniq -c | sed "s/^ */$1: failed /"
}

# fault_longest NAME...: milliseconds of the longest operation of the loads
fault_longest() {
	local name

	for name; do
		sed -n 's/^operations .* longest \([0-9]*\) ms .*/\1/p' "$work/load.$name.out"
	done | sort -n | tail -n 1
}

# fault_figure NAME TEXT: a figure of the report
fault_figure() {
	printf '%s: %s\n' "$1" "$2" >> "$work/figures"
}

# fault_figures: print them, when all tests of a file have been
fault_figures() {
	[ ! -s "$work/figures" ] || sed 's/^/figure /' "$work/figures"
	rm -f "$work/figures"
}
