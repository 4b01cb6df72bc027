#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Shows that the rig does what its manual says: boots two nodes, a few times.
# Usage: KFIRIG=PROGRAM GDB_TEST=PROGRAM selftest.sh (make check)
# shellcheck disable=SC2016,SC2094

set -u
kfirig=${KFIRIG:-kfirig}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/kfirig-selftest.XXXXXX")
export KFIRIG_DIR=$work/rig
passed=0 failed=0

finish() {
	"$kfirig" down 2> /dev/null
	rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

# check NAME COMMAND...: the command succeeds
check() {
	local name=$1

	shift
	if "$@" > "$work/out" 2>&1; then
		passed=$((passed + 1))
		echo "ok   $name"
	else
		failed=$((failed + 1))
		echo "FAIL $name"
		sed 's/^/     /' "$work/out"
	fi
}

# status_is WANTED COMMAND...: the command's exit status
status_is() {
	local wanted=$1 got=0

	shift
	"$@" || got=$?
	[ "$got" = "$wanted" ] || { echo "exit status $got, not $wanted: $*"; return 1; }
}

# Supervisors have the image in their command line, QEMU has the folder.
no_processes() {
	! pgrep -a -f "$work/"
}

# The supervisor holds this lock until it ends.
killed() {
	local pid

	"$kfirig" run -i "$work/image" --rig "$work/rig4" d:nvdimm=0 -- \
		bash -c 'echo started; exec sleep 1000' > "$work/pipe" &
	pid=$!
	grep -m 1 -q started < "$work/pipe" || return 1
	kill -KILL "$pid"
	wait "$pid"
	flock "$work/rig4/rig.lock" true
	no_processes
}

image() {
	"$kfirig" image --module ext4 --bin sha256sum \
		--file "$here/wire.h:/etc/selftest" -o "$work/image"
}

streams() {
	"$kfirig" exec a -- sh -c 'echo out; echo err >&2' \
		> "$work/stdout" 2> "$work/stderr" &&
		[ "$(cat "$work/stdout")" = out ] &&
		[ "$(cat "$work/stderr")" = err ]
}

input() {
	head -c 2000000 /dev/urandom > "$work/in"
	"$kfirig" exec b -- sh -c 'cat; cat /dev/null >&2' < "$work/in" |
		cmp - "$work/in"
}

concurrent() {
	local i pids=()

	for i in 1 2 3 4 5 6 7 8; do
		status_is "$i" "$kfirig" exec -n a -- sh -c "sleep 0.5; exit $i" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || return 1
	done
}

# A command whose output nobody reads must not delay another one.
slow_reader() {
	local got=0 fd pid

	exec {fd}< <("$kfirig" exec -n a -- sh -c 'cat /dev/zero' 2> /dev/null)
	pid=$!
	head -c 1000000 <&$fd > /dev/null
	"$kfirig" exec -n -t 20 a true || got=$?
	kill $pid
	exec {fd}<&-
	return $got
}

round_trip() {
	local sum

	head -c 5000000 /dev/urandom > "$work/file"
	chmod 751 "$work/file"
	"$kfirig" put a "$work/file" /root/file || return 1
	sum=$("$kfirig" exec a sha256sum /root/file)
	[ "${sum%% *}" = "$(sha256sum < "$work/file" | cut -d ' ' -f 1)" ] || return 1
	"$kfirig" get a /root/file "$work/copy" || return 1
	cmp "$work/file" "$work/copy" && [ "$(stat -c %a "$work/copy")" = 751 ]
}

reach() {
	"$kfirig" exec a -- ping -c 1 -W "${1:-20}" b
}

unreachable() {
	! reach 1
}

pattern() {
	"$kfirig" exec a -- sh -c \
		'dd if=/root/file of=/dev/pmem0 bs=64k count=16 oflag=direct 2>&1'
}

pattern_stays() {
	"$kfirig" exec a -- dd if=/dev/pmem0 bs=64k count=16 2> /dev/null |
		cmp - <(head -c 1048576 "$work/file")
}

cut_in_flight() {
	status_is 125 "$kfirig" exec --cut 'a@line 3' a -- \
		sh -c 'i=0; while :; do echo line $i; i=$((i + 1)); sleep 0.1; done' \
		> "$work/lines" 2> "$work/err" &&
		grep -q 'lost power' "$work/err" && grep -q 'line 3' "$work/lines" &&
		! grep -q 'line 9' "$work/lines"
}

# says TEXT STATUS COMMAND...: what it says has the text
says() {
	local text=$1 said got=0

	said=$("${@:3}" 2>&1) || got=$?
	if [ "$got" != "$2" ] || [[ $said != *"$text"* ]]; then
		echo "exit status $got, not $2, or no '$text': $said"
		return 1
	fi
}

# The kernel enters cmdline_proc_show once for each time the file is read.
read_it() {
	"$kfirig" exec -n "$1" cat /proc/cmdline
}

armed() {
	"$kfirig" status --json | grep -q "\"name\":\"$1\".*\"armed\":\"$2\""
}

second_time() {
	"$kfirig" cut a --at vmlinux:cmdline_proc_show --count 2 --arm &&
		armed a vmlinux:cmdline_proc_show && read_it a &&
		status_is 125 read_it a && "$kfirig" cut a --wait &&
		says 'its power was cut at vmlinux:cmdline_proc_show' 0 "$kfirig" status
}

not_reached() {
	says 'reached cmdline_proc_show 0 of 1 times' 124 \
		"$kfirig" cut a --at cmdline_proc_show --timeout 0.2 && read_it a
}

disarmed() {
	"$kfirig" cut a --at cmdline_proc_show --arm &&
		"$kfirig" cut a --disarm && read_it a &&
		says 'is not armed' 255 "$kfirig" cut a --wait
}

# It stands still with its clock, and goes on where it was.
frozen() {
	"$kfirig" cut a --at cmdline_proc_show --freeze --arm || return 1
	read_it a > "$work/frozen" &
	"$kfirig" cut a --wait --timeout 10 &&
		status_is 124 timeout 2 "$kfirig" exec -n a true &&
		[ ! -s "$work/frozen" ] && "$kfirig" thaw a &&
		wait $! && [ -s "$work/frozen" ] &&
		says 'does not stand still' 255 "$kfirig" thaw a &&
		"$kfirig" exec -n a true
}

# Who waits and goes away takes the stop along.
waiter_gone() {
	"$kfirig" cut a --at cmdline_proc_show --arm || return 1
	status_is 124 timeout 2 "$kfirig" cut a --wait
	read_it a
}

panic() {
	status_is 125 "$kfirig" exec b -- sh -c 'echo c > /proc/sysrq-trigger; sleep 60' &&
		"$kfirig" status --json |
			grep -q '"name":"b","state":"dead".*"why":"its kernel panicked"' &&
		status_is 1 "$kfirig" dmesg --check b
}

# SIGINT as a script's parent sends it, while a command runs on a node.
interrupt() {
	local pid got=0

	setsid env KFIRIG="$kfirig" "$kfirig" run -i "$work/image" \
		--rig "$work/rig2" c:nvdimm=0 -- \
		bash -c 'echo started; "$KFIRIG" exec c sleep 1000' > "$work/pipe" &
	pid=$!
	grep -m 1 -q started < "$work/pipe" || return 1
	kill -INT "$pid"
	wait "$pid" || got=$?
	[ "$got" = 130 ] || { echo "exit status $got, not 130"; return 1; }
	no_processes
}

domains() {
	"$kfirig" run -i "$work/image" --rig "$work/rig3" \
		cpu:domain=cpu virtio:domain=virtio,nvdimm=64M,cpus=2 -- bash -c '
		set -e
		'"$kfirig"' exec cpu grep -q cpu_cache /sys/bus/nd/devices/region0/persistence_domain
		'"$kfirig"' exec virtio -- sh -c "ls /sys/bus/virtio/drivers/virtio_pmem | grep virtio && test -b /dev/pmem0"
		test "$('"$kfirig"' exec virtio nproc)" = 2
		# Two CPUs at a time enter it: each time counts once.
		'"$kfirig"' cut virtio --at cmdline_proc_show --count 21 --arm
		'"$kfirig"' exec virtio -- sh -c "
			ten() { for i in 0 1 2 3 4 5 6 7 8 9; do cat /proc/cmdline; done; }
			ten & ten & wait"
		! '"$kfirig"' exec virtio cat /proc/cmdline
		'"$kfirig"' cut virtio --wait --timeout 5
		exit 7'
	[ $? = 7 ]
}

# --- a rig with --fast-boot: f is saved, v cannot be ---

# QEMU, but for one that is to restore while there is the file.
stubborn_qemu() {
	cat > "$work/qemu" <<- EOF
		#!/bin/bash
		if [ -e "$work/no-restore" ]; then
			for word; do
				[ "\$word" != -incoming ] || { echo "not today" >&2; exit 1; }
			done
		fi
		exec "$(command -v "${KFIRIG_QEMU:-qemu-system-x86_64}")" "\$@"
	EOF
	chmod +x "$work/qemu"
}

# A command that waits for the first boot is not part of the snapshot.
fast_up() {
	local pid

	KFIRIG_QEMU=$work/qemu "$kfirig" up --fast-boot --accel tcg -i "$work/image" \
		f v:domain=virtio,nvdimm=64M 2> "$work/err" &
	pid=$!
	while [ ! -S "$KFIRIG_DIR/rig.sock" ]; do
		sleep 0.1
	done
	"$kfirig" exec f touch /root/early || return 1
	wait "$pid" && is f '"restored":false,"snapshot":true' &&
		is v '"restored":false,"snapshot":false' &&
		grep -q 'node v: it has no snapshot: .* virtio-pmem' "$work/err"
}

# is NODE TEXT: its part of the status has it
is() {
	"$kfirig" status --json | grep -o "{\"name\":\"$1\"[^}]*}" | grep -q -F -e "$2"
}

# again [OPTION]: f loses its power and gets it back
again() {
	"$kfirig" cut f && "$kfirig" power-on "$@" f
}

restored() {
	again && is f '"restored":true,"snapshot":true'
}

fast_pattern() {
	"$kfirig" exec f -- dd of=/dev/pmem0 bs=64k iflag=fullblock oflag=direct \
		< <(head -c 1048576 "$work/file") &&
		"$kfirig" exec f -- sh -c 'dd if=/dev/pmem0 of=/dev/null bs=64k count=16
			touch /root/late; /sbin/modprobe ext4'
}

fast_pattern_stays() {
	"$kfirig" exec f -- dd if=/dev/pmem0 bs=64k count=16 2> /dev/null |
		cmp - <(head -c 1048576 "$work/file")
}

as_after_boot() {
	"$kfirig" exec f -- sh -c '[ ! -e /root/early ] && [ ! -e /root/late ] &&
		! grep -q "^ext4 " /proc/modules'
}

# What the kernel draws first, and what it draws once per boot. Many, since what
# was drawn in between moves the others.
draw() {
	"$kfirig" exec f -- sh -c 'for i in $(seq 200); do
			read -r uuid < /proc/sys/kernel/random/uuid; echo "$uuid"
		done; cat /proc/sys/kernel/random/boot_id'
}

all_random() {
	restored && draw > "$work/draws" && restored && draw >> "$work/draws" &&
		again && draw >> "$work/draws" || return 1
	[ "$(sort -u "$work/draws" | wc -l)" = 603 ] ||
		{ sort "$work/draws" | uniq -c | sort -n | tail -n 3; return 1; }
}

clock_is_right() {
	local there off

	sleep 3
	restored || return 1
	there=$("$kfirig" exec f date +%s)
	off=$(($(date +%s) - there))
	[ "${off#-}" -le 2 ] || { echo "off by $off s"; return 1; }
}

fast_reach() {
	"$kfirig" exec f ping -c 1 -W 20 v && "$kfirig" exec v ping -c 1 -W 20 f
}

link_stays_down() {
	"$kfirig" link f down && restored && ! "$kfirig" exec f ping -c 1 -W 1 v &&
		"$kfirig" link f up
}

restored_stop() {
	"$kfirig" cut f --at vmlinux:cmdline_proc_show --count 2 --arm && read_it f &&
		status_is 125 read_it f && "$kfirig" cut f --wait && "$kfirig" power-on f
}

# Its log is that of a boot: the first one, and then its own.
restored_log() {
	local boot=$KFIRIG_DIR/f/console.boot

	"$kfirig" exec f -- sh -c 'echo "<3>said at last" > /dev/kmsg'
	"$kfirig" dmesg --check f && "$kfirig" dmesg f > "$work/log" &&
		grep -q 'Linux version' "$work/log" && "$kfirig" cut f &&
		[ -s "$boot" ] && cmp -n "$(stat -c %s "$boot")" "$boot" "${boot%boot}log" &&
		"$kfirig" dmesg f > "$work/log" && grep -q 'said at last' "$work/log" &&
		"$kfirig" power-on f && "$kfirig" dmesg f > "$work/log" &&
		! grep -q 'said at last' "$work/log"
}

in_use_while_restored() {
	"$kfirig" cut f && {
		"$kfirig" power-on f &
		until is f '"state":"booting"' || is f '"state":"ready"'; do :; done
		[ "$("$kfirig" exec f echo here)" = here ] && wait $!
	}
}

booted() {
	again --boot && is f '"restored":false,"snapshot":true' && fast_pattern_stays
}

other_namespace() {
	"$kfirig" exec f -- sh -c 'ndctl destroy-namespace -f namespace0.0 &&
		ndctl create-namespace -f -e namespace0.0 -m fsdax -M mem' &&
		says 'booted, not restored: its namespaces are others' 0 again &&
		is f '"restored":false,"snapshot":true' && restored
}

restore_fails() {
	touch "$work/no-restore"
	says 'node f: booted, not restored: ' 0 again && is f '"restored":false,"snapshot":false' &&
		grep -q 'not today' "$KFIRIG_DIR/rig.log" && again && "$kfirig" exec f true
}

# --- a folder of snapshots, for one rig after the other: nodes k and l ---

# kept COMMAND [OPTION...]: in such a rig
kept() {
	KFIRIG_QEMU=$work/qemu "$kfirig" run --snapshots "$work/kept" --accel tcg \
		-i "$work/image" "${@:2}" k:nvdimm=64M l:nvdimm=64M -- \
		bash -c "set -e; $1"
}

# both TEXT: the status of k and l has it
both() {
	is k "$1" && is l "$1"
}

# entry NODE: its place in the folder
entry() {
	dirname "$(grep -l "^argument $1\$" "$work"/kept/*/identity)"
}

# The files that QEMU maps: inodes and times, which a use does not change.
memories() {
	stat -c '%n %i %s %y' "$work"/kept/*/memory
}

kept_first() {
	kept 'both "\"restored\":false,\"snapshot\":true"' &&
		[ "$(find "$work/kept" -mindepth 1 -maxdepth 1 | wc -l)" = 2 ]
}

kept_again() {
	memories > "$work/before"
	kept 'both "\"boots\":1,"; both "\"restored\":true,\"snapshot\":true"
		"$kfirig" exec k ping -c 1 -W 20 l
		"$kfirig" exec k grep -q memory /sys/bus/nd/devices/namespace0.0/mode
		"$kfirig" exec k grep -q ACTIVE /sys/class/infiniband/rxe0/ports/1/state
		"$kfirig" exec k grep -q "^rdma_ucm " /proc/modules
		"$kfirig" dmesg --check k
		"$kfirig" console k | cmp -n "$(stat -c %s "$KFIRIG_DIR/k/console.boot")" \
			- "$KFIRIG_DIR/k/console.boot"
		"$kfirig" cut k; "$kfirig" power-on k
		is k "\"boots\":2,"; is k "\"restored\":true,"' &&
		memories | cmp "$work/before" -
}

# Two rigs at a time: neither sees what the other writes, nor its numbers.
kept_at_once() {
	local pid drawn='cat /proc/sys/kernel/random/uuid /proc/sys/kernel/random/boot_id'

	memories > "$work/before"
	mkfifo "$work/go"
	kept "both '\"restored\":true,'; \"\$kfirig\" exec k -- $drawn
		\"\$kfirig\" exec k -- sh -c 'echo one > /dev/pmem0'
		echo started; read -r go < '$work/go'
		\"\$kfirig\" exec k head -n 1 /dev/pmem0" > "$work/pipe" &
	pid=$!
	{
		sed '/^started$/q' > "$work/one"
		kept "both '\"restored\":true,'; \"\$kfirig\" exec k -- $drawn
			\"\$kfirig\" exec k -- sh -c 'echo two > /dev/pmem0'" > "$work/two"
		echo > "$work/go"
		cat >> "$work/one"
	} < "$work/pipe"
	wait "$pid" && [ "$(tail -n 1 "$work/one")" = one ] &&
		[ "$(sort -u "$work/one" "$work/two" | wc -l)" = 6 ] &&
		memories | cmp "$work/before" -
}

kept_medium() {
	kept 'both "\"restored\":true,"
		"$kfirig" exec k -- sh -c "echo mine > /dev/pmem0"' --rig "$work/rig6" &&
		kept 'both "\"restored\":true,"
			[ "$("$kfirig" exec k head -n 1 /dev/pmem0)" = mine ]' --rig "$work/rig6"
}

# What is on a medium of somebody's is not for others: the entry stays.
kept_other_medium() {
	dd if=/dev/zero of="$work/rig6/k/nvdimm0" bs=4k count=2 conv=notrunc status=none
	memories > "$work/before"
	says 'node k: booted, not restored: its namespaces are others' 0 \
		kept 'is k "\"restored\":false,\"snapshot\":true"; is l "\"restored\":true,"' \
		--rig "$work/rig6" && memories | cmp "$work/before" -
}

kept_damaged() {
	local k l

	k=$(entry k) l=$(entry l)
	chmod 644 "$k/memory"
	fallocate -p -o $((16 << 20)) -l $((1 << 20)) "$k/memory"
	printf damage | dd of="$l/devices" bs=1 seek=1000 conv=notrunc status=none
	kept 'both "\"restored\":false,\"snapshot\":true"' 2> "$work/err" &&
		grep -q "node k: booted, not restored: .* damaged: its memory is not" "$work/err" &&
		grep -q "node l: booted, not restored: .* damaged: a sum" "$work/err" &&
		kept 'both "\"restored\":true,"'
}

# Entries of other nodes, and what is none: 40 remain, and nobody's folder goes.
others() {
	local i

	mkdir -p "$work/kept/mine" "$work/kept/new.killed"
	touch "$work/kept/mine/identity"
	touch -d '2 hours ago' "$work/kept/new.killed"
	for i in $(seq -f %016g 45); do
		mkdir "$work/kept/$i"
		touch -d "$((10#$i / 3 + 1)) days ago" "$work/kept/$i/identity"
	done
}

kept_other_image() {
	memories > "$work/before"
	cp "$work/image" "$work/image.new" && mv "$work/image.new" "$work/image"
	others
	kept 'both "\"restored\":false,\"snapshot\":true"' &&
		! memories | grep -q -x -F -f "$work/before" &&
		kept 'both "\"restored\":true,"'
}

kept_bounded() {
	[ "$(find "$work/kept" -mindepth 1 -maxdepth 1 | wc -l)" = 41 ] &&
		[ -e "$work/kept/mine/identity" ] && [ ! -e "$work/kept/new.killed" ] &&
		[ -e "$work/kept/0000000000000001" ] && [ ! -e "$work/kept/0000000000000045" ]
}

# A kernel that complains while it boots would do so in all that came from it.
kept_complains() {
	says 'node k: it has no snapshot: its kernel complains' 0 \
		kept 'both "\"restored\":false,\"snapshot\":false"' \
		--append 'loglevel=7 kfirig.word=BUG'
}

# One of no use is not tried again.
kept_fails() {
	touch "$work/no-restore"
	says 'node l: booted, not restored: QEMU failed: not today' 0 \
		kept 'both "\"restored\":false,\"snapshot\":false"' &&
		[ -z "$(find "$work/kept" -name memory)" ]
}

# As by another build, which has no image in its cache.
image_again() {
	local before

	before=$(stat -c '%i %y' "$work/image")
	XDG_CACHE_HOME=$work/cache image && [ "$before" = "$(stat -c '%i %y' "$work/image")" ]
}

mkfifo "$work/pipe"
check "an image is built" image
check "an image is taken from the cache" image
check "an image with the same content is left alone" image_again
check "an unknown word of a plugin is refused" says '%n, %d, %b' 255 \
	"$kfirig" run --plugin 'x.so,a=%q' a -- true
check "a plugin under KVM is refused" says 'a plugin would see nothing' 255 \
	"$kfirig" run -i "$work/image" --accel kvm --plugin x.so a -- true
check "two nodes boot" "$kfirig" up -i "$work/image" a b
check "a second rig in the same folder is refused" \
	status_is 255 "$kfirig" up -i "$work/image" a
check "the exit status is the command's" status_is 42 "$kfirig" exec a -- sh -c 'exit 42'
check "a signal gives 128 and its number" status_is 137 "$kfirig" exec a -- sh -c 'kill -9 $$'
check "an unknown command gives 127" status_is 127 "$kfirig" exec a no-such-command
check "an unknown node gives 255" status_is 255 "$kfirig" exec nobody true
check "a timeout is as long as the patience" \
	env KFIRIG_PATIENCE=20 "$kfirig" exec --timeout 0.1 a sleep 1
check "a patience that is no number is an error" \
	status_is 255 env KFIRIG_PATIENCE=0.5 "$kfirig" exec --timeout 1 a true
check "a timeout gives 124" status_is 124 "$kfirig" exec --timeout 0.5 a sleep 60
check "output and error are apart" streams
check "standard input arrives whole" input
check "eight commands run at once" concurrent
check "an unread command delays nobody" slow_reader
check "a file makes the round trip" round_trip
check "a file of the image is there" "$kfirig" exec a test -s /etc/selftest
check "a module of the image loads" "$kfirig" exec a /sbin/modprobe ext4
check "the namespace is fsdax" "$kfirig" exec a grep -q memory /sys/bus/nd/devices/namespace0.0/mode
check "the domain is the memory controller" \
	"$kfirig" exec a grep -q memory_controller /sys/bus/nd/devices/region0/persistence_domain
check "rxe is active" "$kfirig" exec b grep -q ACTIVE /sys/class/infiniband/rxe0/ports/1/state
check "the nodes reach each other" reach
check "a link is cut" "$kfirig" link b down
check "a cut link carries nothing" unreachable
check "a link comes back" "$kfirig" link b up
check "and carries again" reach
check "netem loses everything" "$kfirig" netem b loss 100%
check "and nothing arrives" unreachable
check "netem is switched off" "$kfirig" netem b off
check "and everything arrives" reach
check "the kernel logs are clean" status_is 0 "$kfirig" dmesg --check a
check "a pattern is written to pmem" pattern
check "a power cut ends a command at once" cut_in_flight
check "a node without power is refused" status_is 125 "$kfirig" exec a true
check "the node comes back" "$kfirig" power-on a
check "with its NVDIMM" pattern_stays
check "and its network" reach
check "two nodes lose power together" "$kfirig" cut a b
check "and come back together" "$kfirig" power-on a b
check "a cut from afar" status_is 0 "$kfirig" exec --cut b@now a -- sh -c 'echo now; sleep 1'
check "and power right after it" "$kfirig" power-on b
check "a cut at a command's last words" status_is 0 "$kfirig" exec --cut b@now a -- echo now
check "and power again" "$kfirig" power-on b
check "the debug stub's packets are understood" "$GDB_TEST"
check "a node is cut when a function is entered for the second time" second_time
check "and comes back" "$kfirig" power-on a
check "a function that is not entered in time is told" not_reached
check "a stop is taken back" disarmed
check "and with the one who waited for it" waiter_gone
check "a node stands still where it would be cut, and goes on" frozen
check "a node is armed once" says 'is armed for' 255 sh -c \
	'"$0" cut a --at cmdline_proc_show --arm && "$0" cut a --at cmdline_proc_show --arm' "$kfirig"
check "and still runs" "$kfirig" exec a true
check "a plain cut does not wait for the stop" "$kfirig" cut a
check "which is told" status_is 125 "$kfirig" cut a --wait
check "a function that is not there is named" says 'no function no_such_function' 255 \
	"$kfirig" cut b --at no_such_function
check "a panic is told" panic
check "its processes are seen" pgrep -a -f "$work/"
check "the rig goes down" "$kfirig" down
check "and leaves no process" no_processes
export KFIRIG_DIR=$work/rig5
stubborn_qemu
check "nodes boot, and are saved where they can be" fast_up
check "a pattern is written to pmem" fast_pattern
check "a node is restored" restored
check "with its NVDIMM as it is now" fast_pattern_stays
check "with nothing that ran on it" as_after_boot
check "and its network" fast_reach
check "no random number comes twice" all_random
check "its clock is right" clock_is_right
check "a cut link stays cut" link_stays_down
check "a restored node is cut at a function, too" restored_stop
check "its log begins with the boot" restored_log
check "a command waits for the restore" in_use_while_restored
check "a boot can be had" booted
check "what cannot be saved is booted" says 'QEMU does not save' 0 sh -c \
	'"$0" status; "$0" cut v && "$0" power-on v && cat "$1"' "$kfirig" "$KFIRIG_DIR/rig.log"
check "a node with another namespace is booted, and saved anew" other_namespace
check "a node that cannot be restored is booted" restore_fails
check "the rig goes down" "$kfirig" down
export kfirig
export -f is both
rm -f "$work/no-restore"
check "nodes boot, and are kept for other rigs" kept_first
check "another rig restores them at once" kept_again
check "two rigs do at a time" kept_at_once
check "a medium that is not blank is left as it is" kept_medium
check "one with another namespace is booted, and not kept" kept_other_medium
check "what is damaged is booted and replaced" kept_damaged
check "and what is of another image" kept_other_image
check "old snapshots are removed, and no more" kept_bounded
check "a boot whose kernel complains is not kept" kept_complains
check "one that cannot be restored is booted, and removed" kept_fails
check "other domains and two CPUs work" domains
check "Ctrl-C leaves no process" interrupt
check "a killed owner leaves no process" killed
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
