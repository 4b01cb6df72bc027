#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Shows that the microscope sees what a power cut loses: a guest of a few lines
# that persists in each way there is, and its mutants.
# Usage: OUT=DIR QEMU=PROGRAM GUESTS="correct ..." selftest.sh (make check)

set -u
work=$(mktemp -d "${TMPDIR:-/tmp}/pmcache-selftest.XXXXXX")
passed=0 failed=0
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cd "$work" || exit

# proves NAME COMMAND...: the command succeeds
proves() {
	local name=$1

	shift
	if "$@" > out 2>&1; then
		passed=$((passed + 1))
		echo "ok   $name"
	else
		failed=$((failed + 1))
		echo "FAIL $name"
		sed 's/^/     /' out
	fi
}

# units PROGRAM
units() {
	local p f

	"$OUT/$1" | tee out
	read -r p f < <(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' out)
	passed=$((passed + ${p:-0}))
	failed=$((failed + ${f:-1}))
}

blank() {
	rm -f nvdimm survivor
	truncate -s 2M nvdimm
}

# boot GUEST OPTIONS...: QEMU's exit status, 1 is the guest's own end
boot() {
	local guest=$1 IFS=,

	shift
	# An image of QEMU that has crashed is of no use.
	(ulimit -c 0
	exec timeout 60 "$QEMU" -pidfile qemu.pid -nodefaults -no-user-config -no-reboot -display none \
		-machine q35,nvdimm=on -accel tcg,thread=single \
		-icount shift=0,sleep=off -cpu max -m 64M,slots=1,maxmem=4G \
		-object memory-backend-file,id=m,share=on,mem-path=nvdimm,size=2M \
		-device nvdimm,id=n,memdev=m -kernel "$OUT/guest/$guest" \
		-device isa-debug-exit,iobase=0xf4,iosize=4 -plugin \
		"$OUT/pmcache.so,nvdimm=nvdimm,survivor=survivor,trace=trace,report=report,directmap=0${*:+,$*}") \
		> qemu.out 2>&1
}

# status_is WANTED COMMAND...
status_is() {
	local wanted=$1 got=0

	shift
	"$@" || got=$?
	[ "$got" = "$wanted" ] || { echo "exit status $got, not $wanted: $*"; cat qemu.out; return 1; }
}

# runs GUEST OPTIONS...: from a blank NVDIMM to the guest's end
runs() {
	blank
	status_is 1 boot "$@"
	# Every byte on the NVDIMM is one that an instruction was seen to write.
	grep -q 'unseen-bytes 0 unexplained-lines 0' report || { cat report; return 1; }
}

loses_nothing() {
	runs "$@" && "$OUT/guest/check" trace && "$OUT/pmcache" lint trace
}

# A mutant: images that lack something, and a lint that says where
loses() {
	runs "$1" && status_is 1 "$OUT/guest/check" trace &&
		status_is 1 "$OUT/pmcache" lint trace &&
		status_is 1 "$OUT/guest/check" trace architectural
}

# The online lint and the one of the trace are the same.
same_lint() {
	cmp <(grep '^lint: op' report) <("$OUT/pmcache" lint trace | grep '^lint: op')
}

locked() {
	runs locked-fences && status_is 1 "$OUT/guest/check" trace &&
		"$OUT/guest/check" trace architectural &&
		"$OUT/pmcache" --mode architectural lint trace
}

repeats() {
	runs correct && mv trace first && runs correct && cmp first trace
}

# What the plugin leaves at a crash is what the trace of a whole run says.
# same_image POINT CHOICE OPTION...
same_image() {
	local point=$1 choice=$2

	shift 2
	runs correct "$@" && mv trace whole && mv trace.base whole.base && blank &&
		status_is 137 boot correct "crash=point:$point" "keep=$choice" "$@" &&
		rm -f image && "$OUT/pmcache" image whole "$point" "$choice" image &&
		cmp image survivor
}

survivor_is_durable() {
	runs no-write-back-COUNT && rm -f image &&
		"$OUT/pmcache" image trace "$("$OUT/pmcache" points trace | wc -l)" none image &&
		cmp image survivor && ! cmp -s nvdimm survivor
}

# The second power-on begins with what survived, and so with less.
power_back() {
	blank
	# The fence after the fifth record's number, which is in the first page
	status_is 137 boot correct crash=fence:10 keep=none || return 1
	! cmp -s -n 4096 nvdimm survivor || return 1
	cp survivor before
	status_is 137 boot correct crash=store:1 keep=none && cmp trace.base before &&
		cmp -n 4096 nvdimm before
}

# crashes WHERE: and the end says so
crashes() {
	blank
	status_is 137 boot correct "crash=$1" && grep -q '^end: crash' report
}

# A run is cut from outside, at any moment: the trace that is there is whole.
killed() {
	blank
	rm -f trace qemu.pid
	boot correct &
	until [ -e trace ] && "$OUT/pmcache" info trace 2> /dev/null |
		grep -q 'records [1-9]'; do
		kill -0 $! 2> /dev/null || break
	done
	kill -KILL "$(cat qemu.pid)" 2> /dev/null
	wait $!
	"$OUT/pmcache" info trace || return 1
	# It may have come to its end, or not: nothing is lost.
	"$OUT/guest/check" trace
	[ $? -ne 1 ]
}

# refuses TEXT OPTION...: QEMU does not start, and says why
refuses() {
	local text=$1

	shift
	blank
	boot correct "$@"
	if [ $? -ne 1 ] || ! grep -q "$text" qemu.out; then
		cat qemu.out
		return 1
	fi
}

damaged() {
	runs correct || return 1
	printf '\377' | dd of=trace bs=1 seek=$((4096 + 24 * 9)) conv=notrunc 2> /dev/null
	status_is 1 "$OUT/pmcache" info trace 2> err && grep -q 'damaged: record 9' err &&
		head -c 5000 trace > short && cp trace.base short.base &&
		status_is 1 "$OUT/pmcache" info short 2> err && grep -q 'short is damaged' err &&
		status_is 1 "$OUT/pmcache" info /dev/null 2> err && grep -q 'is not a trace' err
}

# misused TEXT WORD...: the program says what is wrong with its arguments, and ends with 2
misused() {
	local text=$1

	shift
	status_is 2 "$OUT/pmcache" "$@" 2> err && grep -q -e "$text" err
}

units decode_test
units cache_test
units lint_test
for guest in $GUESTS; do
	case $guest in
	correct) proves "a correct program loses nothing" loses_nothing correct ;;
	locked-fences) proves "a lock is a fence in the architectural mode only" locked ;;
	*)
		proves "loses: $guest" loses "$guest"
		proves "lint online as offline: $guest" same_lint
		;;
	esac
done
for seed in 1 2 3; do
	proves "nothing lost with evictions, seed $seed" loses_nothing correct evict=3 seed=$seed
done
proves "nothing lost in the architectural mode" loses_nothing correct mode=architectural
proves "a run repeats to the byte" repeats
proves "what survives is what is durable" survivor_is_durable
for case in "1 none" "17 all" "30 m:2" "64 s:5" "101 s:6"; do
	# shellcheck disable=SC2086
	proves "the plugin and the trace agree: $case" same_image $case
done
proves "and with evictions" same_image 77 s:9 evict=4
proves "after a crash the medium has what survived" power_back
for where in point:5 fence:5 store:100 marker:7; do
	proves "crash at $where" crashes "$where"
done
proves "a trace that was cut is whole" killed
proves "a damaged trace is refused" damaged
proves "an unknown option is refused" refuses "'colour=red' is no option" colour=red
for value in crash=often crash=point:0 crash=point:-1 evict=-3 seed= mode=lax keep=m: address=4097; do
	proves "a wrong value is refused: $value" refuses "'$value' is no option" "$value"
done
proves "an NVDIMM that is not there is refused" refuses 'away: No such file' nvdimm=away
proves "an unknown command is named" misused "colour: no such command" colour trace
proves "so is one that lacks a file" misused "image: 4 words" image trace 1
proves "and a number that is none" misused "'-1' is not a number" points --from=-1 trace
proves "and an unknown mode" misused "mode=lax" lint --mode=lax trace
proves "a wrong direct map is refused" refuses 'direct map is not where' directmap=0x1000

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
