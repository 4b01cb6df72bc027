#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Persistent symmetric spaces: what the routines do, what they refuse, damaged
# media, power losses on a modelled medium, and jobs that are killed. The last
# line is "N passed, M failed".
#
# usage: pspace.sh [BUILD-DIRECTORY [PART...]]; a PART is routines, refusals, damage,
# losses, mutants or kills, without one it is all of them
#
# SAMPLES=N  random images for each event of the model (default 2)
# N=N        jobs that are killed (default 20)
# SEED=N     repeats a run with random moments

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
top=$(cd "$here/../.." && pwd -P)
out=${1:-$(make -s --no-print-directory -C "$top" path)}/shmem
parts=("${@:2}")
[ $# -gt 1 ] || parts=(routines refusals damage losses mutants kills)
N=${N:-20}
export SEED=${SEED:-$((RANDOM * 32768 + RANDOM))} SAMPLES=${SAMPLES:-2}
base=${TMPDIR:-/tmp}
# Media of a test need not be written to a disk.
[ ! -w /dev/shm ] || base=/dev/shm
work=$(mktemp -d "$base/kfi-pspace.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
passed=0
failed=0
oshrun=$out/bin/oshrun
export SHMEM_PMEM_DIR=$work/spaces SHMEM_SYMMETRIC_SIZE=1M

# result NAME STATUS [FILE]: a failure shows what was said
result() {
	if [ "$2" -eq 0 ]; then
		passed=$((passed + 1))
		echo "ok   $1"
	else
		failed=$((failed + 1))
		echo "FAIL $1"
		[ -z "${3:-}" ] || tail -n 30 "$3" | sed 's/^/     /'
	fi
}

# check NAME COMMAND...: it has to end with 0
check() {
	local name=$1 status=0

	shift
	"$@" > "$work/said" 2>&1 || status=$?
	result "$name" "$status" "$work/said"
}

# said NAME TEXT COMMAND...: it has to say TEXT
said() {
	local name=$1 text=$2 status=0

	shift 2
	"$@" > "$work/said" 2>&1 || true
	grep -qF -- "$text" "$work/said" || status=$?
	result "$name" "$status" "$work/said"
}

# model DIRECTORY [SED] [FILE]: the library with the cache model, and with FILE
# changed by SED
model() {
	local dir=$1 edit=${2:-} file=${3:-} object objects=() lib=$top/shmem_demo/lib
	local flags=(-std=gnu11 -O2 -g -fPIC -fvisibility=hidden -pthread -fwrapv
		-I"$lib" -I"$lib/include" -I"$top/include/uapi")

	mkdir -p "$dir"
	for object in "$out"/obj/*.o; do
		case ${object##*/} in
		flush.o | "${file%.c}.o") ;;
		*) objects+=("$object") ;;
		esac
	done
	cc "${flags[@]}" -c -o "$dir/flush.o" "$here/pspace_model.c"
	if [ -n "$file" ]; then
		sed "$edit" "$lib/$file" > "$dir/$file"
		if cmp -s "$dir/$file" "$lib/$file"; then
			echo "pspace.sh: '$edit' changes nothing in $file" >&2
			return 1
		fi
		cc "${flags[@]}" -c -o "$dir/$file.o" "$dir/$file"
		objects+=("$dir/$file.o")
	fi
	cc -shared -pthread -Wl,-soname,libshmem.so.1 -o "$dir/libshmem.so.1" \
		"${objects[@]}" "$dir/flush.o" -ldl
}

# traced LIBRARY LOG MODE: the workload, or an open, under the model
traced() {
	LD_LIBRARY_PATH=$1 KFI_MODEL_LOG=$2 "$oshrun" -t 60 -np 2 "$work/pspace_crash" "$3"
}

# replayed LOG: "kept" is the last line when nothing was lost
replayed() {
	rm -rf "$SHMEM_PMEM_DIR"
	mkdir -p "$SHMEM_PMEM_DIR"
	"$oshrun" -t 300 -np 2 "$work/pspace_crash" check "$1" | tee "$work/replayed"
	[ "$(tail -n 1 "$work/replayed")" = kept ]
}

# crash LIBRARY: the workload, and all that its power losses leave
crash() {
	rm -rf "$SHMEM_PMEM_DIR" "$work"/log*
	traced "$1" "$work/log" run && replayed "$work/log"
}

# An open that is cut in its turn.
nested() {
	local image status=0

	for image in "$NESTED"/*/; do
		[ -e "$image/crash.0.pspace" ] || continue
		rm -rf "$SHMEM_PMEM_DIR" "$work"/log*
		cp -r "$image" "$SHMEM_PMEM_DIR"
		traced "$work/model" "$work/log" open || return 1
		IS_NESTED=1 replayed "$work/log" || status=1
	done
	return "$status"
}

lost() {
	! "$@"
}

# loses NAME LIBRARY: a space loses something with it, which tests/caught.sh reads
loses() {
	local before=$failed how=caught

	check "mutant: $1" lost crash "$2"
	[ "$failed" -eq "$before" ] || how="not caught"
	echo "mutant space $1: $how by power losses of spaces"
}

# mutant NAME FILE SED
mutant() {
	model "$work/mutant" "$3" "$2"
	loses "$1" "$work/mutant"
}

# The routines, each with several numbers of PEs.
routines() {
	local npes part

	for npes in 1 2 3 4 7; do
		for part in new again names memory persist rollback keep unlink other twice; do
			check "$part, $npes PEs" "$oshrun" -t 60 -np "$npes" "$basic" "$part"
		done
	done
	check "a program without oshrun" "$basic" new
	check "and again" "$basic" again
	check "its space is gone" "$basic" unlink
}

# What is refused, with which words
refusals() {
	"$oshrun" -np 2 "$basic" new > /dev/null
	said "another number of PEs" "was made for 2 PEs and this job has 3: run it with oshrun -np 2" \
		"$oshrun" -np 3 "$basic" open
	said "another size" "was made with 262144 bytes for each PE and not 524288" \
		"$oshrun" -np 2 "$basic" size
	said "a part that is missing" "part 1 is missing: restore it" bash -c \
		"mv '$SHMEM_PMEM_DIR/basic.1.pspace' '$work/aside'; '$oshrun' -np 2 '$basic' open"
	said "the first part is missing" "part 0 is missing, and part 1 is there" bash -c \
		"mv '$work/aside' '$SHMEM_PMEM_DIR/basic.1.pspace'
		mv '$SHMEM_PMEM_DIR/basic.0.pspace' '$work/aside'; '$oshrun' -np 2 '$basic' new"
	said "a part of another space" "part 1 is of another space" bash -c \
		"cp '$work/aside' '$SHMEM_PMEM_DIR/basic.0.pspace'
		mv '$SHMEM_PMEM_DIR/basic.1.pspace' '$work/other'; mv '$work/aside' '$SHMEM_PMEM_DIR/basic.1.pspace'
		'$oshrun' -np 2 '$basic' open"
	said "a part that is short" "shorter than its superblock says" bash -c \
		"mv '$work/other' '$SHMEM_PMEM_DIR/basic.1.pspace'; truncate -s 100000 '$SHMEM_PMEM_DIR/basic.1.pspace'
		'$oshrun' -np 2 '$basic' open"
	check "a damaged space can be removed" "$oshrun" -np 2 "$basic" unlink
	said "there is none" "there is no space 'basic'" "$oshrun" -np 2 "$basic" open
	said "the name" "is no name of a space" "$oshrun" -np 1 "$basic" badname
	said "a directory that cannot be" "SHMEM_PMEM_DIR may name another" \
		env SHMEM_PMEM_DIR=/proc/none "$oshrun" -np 1 "$basic" new
	said "PEs differ" "PEs 0 and 1 differ in what they ask for" "$oshrun" -np 2 "$basic" differ
	said "another job has it" "is open in another job" "$oshrun" -np 1 "$basic" busy
}

# Damaged media
damage() {
	check "decoders, random damage" "$work/pspace_fuzz" decode "$SEED" 200000
	check "spaces, random damage" "$work/pspace_fuzz" open "$SEED" 400

	rm -rf "$SHMEM_PMEM_DIR"
	check "parts from another boot, another time, half of a rollback" "$work/pspace_fuzz" states
}

# Power losses
losses() {
	export NESTED=$work/nested
	mkdir -p "$NESTED"/{0,1,2,3,4,5,6,7}
	model "$work/model"
	check "power losses: all PEs have one epoch, objects and names are whole" crash "$work/model"
	tail -n 2 "$work/said" | head -n 1
	check "power losses while an open recovers" nested
	unset NESTED
}

# Each of these loses something.
mutants() {
	[ -e "$work/model/libshmem.so.1" ] || model "$work/model"
	export SAMPLES=1
	KFI_MODEL_MUTANT=drain loses "has no fence" "$work/model"
	KFI_MODEL_MUTANT=flush loses "leaves one flush of five out" "$work/model"

	# Some show only where a few words are torn in one way: more samples.
	SAMPLES=6
	mutant "decides before all are prepared" pcommit.c \
		's/rc = shi_agree(prepare(space, next));/for (volatile long i = shi.me * 30000000L; i; i--) ; rc = prepare(space, next);/'
	mutant "does not flush working pages" pcommit.c 's/rc = shi_flush(own, space->base + from \* PM_PAGE, (to - from) \* PM_PAGE);/;/'
	mutant "leaves before all have applied" pcommit.c \
		's/rc = shi_agree(apply(space, next));/for (volatile long i = shi.me * 30000000L; i; i--) ; rc = apply(space, next);/'
	mutant "does not journal" palloc.c 's/rc = shi_durable(shi_own(space), j, sizeof(\*j));/rc = 0;/'
	mutant "signals before the data is durable" persist.c 's/if (persist_range(dest, len, pe))/if (0)/'
	mutant "writes a superblock without an order" pcommit.c 's/memset(nameless.magic, 0, sizeof(magic));//'
}

# Jobs that are killed
kills() {
	check "killed $N times" "$here/pspace_kill.sh" "$oshrun" "$work/pspace_kill" "$N"
	tail -n 1 "$work/said"
}

echo "pspace.sh: seed $SEED"
make -s --no-print-directory -C "$top" shmem > /dev/null
for program in basic crash fuzz kill; do
	extra=()
	[ "$program" != crash ] || extra=("$here/pspace_replay.c")
	[ "$program" != fuzz ] || extra=(-I"$top/shmem_demo/lib" "$top/shmem_demo/lib/pmedia.c")
	"$out/bin/oshcc" -std=gnu11 -Wall -Wextra -Werror -O2 -g -o "$work/pspace_$program" \
		"$here/pspace_$program.c" "${extra[@]}"
done
basic=$work/pspace_basic

for part in "${parts[@]}"; do
	case $part in
	routines | refusals | damage | losses | mutants | kills) "$part" ;;
	*)
		echo "pspace.sh: there is no part '$part'" >&2
		exit 2
		;;
	esac
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
