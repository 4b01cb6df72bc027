#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# usage: programs.sh [BIN-DIRECTORY [NAME...]]
#
# Builds the programs of programs/ and runs them on 4 PEs. Each stands for a habit
# of programs written for other libraries. Comments in them say what is not usual:
# "flags:" of the compiler, the exit "status:", the "lines:" that are printed, how
# many "seconds:" it may take.

here=$(cd "$(dirname "$0")" && pwd)
if [ $# -gt 0 ]; then
	bin=$1
	shift
else
	make -s --no-print-directory -C "$here/../.." shmem >/dev/null || exit 1
	bin=$(make -s --no-print-directory -C "$here/../.." path)/shmem/bin
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

said() {
	sed -n "s,^[/* ]*$1: *\(.*[^*/ ]\).*,\1,p" "$2"
}

# Gives what was wrong.
try() {
	case $1 in
	*.cc) compiler=oshc++ ;;
	*) compiler=oshcc ;;
	esac
	# shellcheck disable=SC2046 # several flags
	"$bin/$compiler" -O2 $(said flags "$1") -o "$work/program" "$1" >"$work/log" 2>&1 || {
		echo "is not built: $(head -n 1 "$work/log")"
		return
	}
	want=$(said status "$1") lines=$(said lines "$1") seconds=$(said seconds "$1")
	"$bin/oshrun" --timeout "${seconds:-20}" -np 4 "$work/program" >"$work/out" 2>"$work/err"
	status=$?
	if [ "$status" -ne "${want:-0}" ]; then
		echo "status $status, not ${want:-0}: $(tail -n 1 "$work/err")"
	elif [ -n "$lines" ] && [ "$(wc -l <"$work/out")" -ne "$lines" ]; then
		echo "$(wc -l <"$work/out") lines are printed, not $lines"
	fi
}

for program in "$here"/programs/*.c "$here"/programs/*.cc; do
	name=$(basename "$program")
	case " $* " in
	"  " | *" ${name%.*} "*) ;;
	*) continue ;;
	esac
	wrong=$(try "$program")
	if [ -z "$wrong" ]; then
		echo "PASS program $name"
		passed=$((passed + 1))
	else
		echo "FAIL program $name: $wrong"
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
