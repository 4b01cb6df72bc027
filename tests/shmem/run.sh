#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Tests of libshmem on this machine: the programs of this folder by several
# numbers of PEs, then under sanitizers; names.sh, jobs.sh, machines.sh, programs.sh,
# pspace.sh, apps.sh. The last line is the sum.
#
# usage: run.sh [PROGRAM...]; without one, all of it. PES="1 2" other numbers,
# N=5 jobs that are killed of each kind
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
out=${OUT:-$(make -s --no-print-directory -C "$top" path)}
pes=${PES:-1 2 3 4 7}
programs=(rma amo p2p collective reduce active_set team memory order generic cxx old profile threads)
all=yes
[ $# -eq 0 ] || {
	programs=("$@")
	all=
}
log=$(mktemp -d "${TMPDIR:-/tmp}/kfi-shmem.XXXXXX")
machines=
finish() {
	[ -z "$machines" ] || kill -- "-$machines" 2> /dev/null || true
	rm -rf "$log"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP
passed=0
failed=0
unset "${!SHMEM_@}" "${!SMA_@}" "${!SLURM_@}" "${!PMI_@}" "${!OMPI_@}" "${!MV2_@}"

# build FLAVOUR LIBRARY-CFLAGS CFLAGS: the library and the programs, where they
# are older than what they are made of
build() {
	local dir=$out/shmem$1 flags=$2 own=$3 p source compiler std

	mkdir -p "$dir/tests"
	make -s --no-print-directory -C "$top/shmem_demo" OUT="$dir" CFLAGS="-O2 -g $flags${flags:+ -w}" LDFLAGS="$flags"
	for p in "${programs[@]}" jobs; do
		compiler=oshcc source=$here/$p.c std=gnu11
		[ -e "$source" ] || compiler=oshc++ source=$here/$p.cc std=gnu++14
		if [ -x "$dir/tests/$p" ] && [ -z "$(find "$here" "$dir/include" "$dir/bin/oshcc" \
			-name '*.sh' -prune -o -newer "$dir/tests/$p" -type f -print)" ]; then
			continue
		fi
		# shellcheck disable=SC2086
		"$dir/bin/$compiler" -std=$std -Wall -Wextra -Werror $own -g -pthread \
			-o "$dir/tests/$p.new" "$source"
		mv "$dir/tests/$p.new" "$dir/tests/$p"
	done
	ln -sf ../bin/{oshrun,oshcc,oshc++} "$dir/tests/"
}

# count NAME FILE STATUS: the cases of a program
count() {
	local p f

	p=$(grep -c '^PASS' "$2" || true)
	f=$(grep -c '^FAIL' "$2" || true)
	if [ "$3" -ne 0 ] || ! grep -qx END "$2"; then
		f=$((f + 1))
		echo "FAIL $1: status $3, and these are its last words:"
		tail -n 15 "$2" | sed 's/^/    /'
	elif [ "$f" -gt 0 ]; then
		grep -v '^PASS' "$2" | sed "/^FAIL/s/\$/ ($1)/" | head -n 40
	fi
	passed=$((passed + p))
	failed=$((failed + f))
	echo "$1: $p passed, $f failed."
}

# sum NAME FILE: a script that counts by itself; it has to have come to its end
sum() {
	local p=0 f=1

	read -r p f < <(tail -n 1 "$2" |
		sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p') || { p=0 f=1; tail -n 15 "$2"; }
	sed -n '/^FAIL/,/^ok/{/^ok/!p}' "$2" | head -n 40
	passed=$((passed + p))
	failed=$((failed + f))
	echo "$1: $p passed, $f failed."
}

# programs FLAVOUR NAME NUMBERS PROGRAM...
run_programs() {
	local dir=$out/shmem$1/tests name=$2 numbers=$3 p n status

	shift 3
	for p; do
		for n in $numbers; do
			status=0
			"$dir/oshrun" --timeout 120 -np "$n" "$dir/$p" > "$log/out" 2>&1 || status=$?
			count "$name$p, $n PEs" "$log/out" $status
		done
	done
}

build "" "" -O1
run_programs "" "" "$pes" "${programs[@]}"
if [ -n "$all" ]; then
	# It waits for most of its time, with all its children in a group.
	set -m
	"$here/machines.sh" "$out/shmem/tests" > "$log/machines" 2>&1 < /dev/null &
	machines=$!
	set +m
	for script in names jobs programs; do
		status=0
		arguments=("$out/shmem/tests")
		[ $script != programs ] || arguments=()
		"$here/$script.sh" "${arguments[@]}" > "$log/out" 2>&1 || status=$?
		[ $status -ne 0 ] || echo END >> "$log/out"
		count "$script.sh" "$log/out" $status
	done
	for script in pspace apps; do
		parts=()
		[ $script != pspace ] || parts=(routines refusals damage losses kills)
		N=${N:-5} "$here/$script.sh" "$out" "${parts[@]}" > "$log/out" 2>&1 || true
		sum "$script.sh" "$log/out"
	done
	status=0
	wait "$machines" || status=$?
	machines=
	[ $status -ne 0 ] || echo END >> "$log/machines"
	count machines.sh "$log/machines" $status
fi

# Each process has a shadow memory of its own: see Documentation/testing.rst for
# what these can see. Leaks are not looked for: the library keeps what it has.
export ASAN_OPTIONS=detect_leaks=0:detect_stack_use_after_return=1
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
# What is instrumented and optimised takes a minute to compile.
build -asan "-fsanitize=address,undefined -fno-sanitize-recover=undefined" "-O0 -fsanitize=address"
run_programs -asan "ASan+UBSan: " "${PES:-3}" "${programs[@]}"
case " ${programs[*]} " in
*\ threads\ *)
	programs=(threads)
	export TSAN_OPTIONS=halt_on_error=1
	build -tsan "-fsanitize=thread" "-O1 -fsanitize=thread"
	run_programs -tsan "TSan: " "${PES:-1 2}" threads
	;;
esac

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
