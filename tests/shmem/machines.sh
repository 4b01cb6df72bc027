#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# oshrun --hosts on this host, without modules: "machines" are mount namespaces
# with a /run of their own, and kfipmem is a script (fake_kfipmem); nodes are files
# (fake_node.c). That leaves the agreement of oshrun and its agents, and what the
# library does between machines. tests/vm/shmem.sh has the real thing.
#
# usage: machines.sh BIN-DIRECTORY (with oshrun, jobs and the test programs)
set -u

bin=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
unset "${!SHMEM_@}" "${!SMA_@}" "${!OSHRUN_@}" "${!SLURM_@}" "${!PMI_@}" "${!OMPI_@}" "${!MV2_@}"

# Programs are to have what this gives them, not what it has from others.
for file in "/proc/$$/fd"/*; do
	case ${file##*/} in 0 | 1 | 2 | 255) ;; *) eval "exec ${file##*/}>&-" ;; esac
done

# In a mount namespace with an empty /run, and a /dev that has a /dev/kfi.
if [ -z "${KFI_MACHINES:-}" ]; then
	export KFI_MACHINES=yes
	options=(-m)
	[ "$(id -u)" -eq 0 ] || options=(-rm)
	if ! unshare "${options[@]}" true 2> /dev/null; then
		echo "SKIP machines: mount namespaces are not allowed here"
		exit 0
	fi
	exec unshare "${options[@]}" "$here/machines.sh" "$bin"
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/kfi-shmem-machines.XXXXXX")
mkdir "$work/dev" "$work/bin" "$work/run"
mount --rbind /dev "$work/dev"
mount -t tmpfs none /dev
for name in null zero full random urandom tty; do
	touch /dev/$name
	mount --bind "$work/dev/$name" /dev/$name
done
ln -s /proc/self/fd /dev/fd
mkdir /dev/kfi /dev/shm
mount --bind "$work/dev/shm" /dev/shm
trap 'umount -l "$work/dev"; rm -rf --one-file-system "$work"' EXIT
trap 'exit 130' INT TERM HUP

run=$bin/oshrun
jobs=$bin/jobs
export FAKE_LOG=$work/log
cc -O1 -shared -fPIC -I"$here/../../include/uapi" -o "$work/fake_node.so" "$here/fake_node.c" || exit 1
ln -s "$here/fake_kfipmem" "$work/bin/kfipmem"

# As ssh: a machine's name and a command. The machines' /run stay from job to job.
cat > "$work/rsh" << END
#!/bin/sh
export FAKE_HOST=\$1 PATH="\${FAKE_PATH-$work/bin:}\$PATH"
shift
mkdir -p "$work/run/\$FAKE_HOST"
exec unshare -m sh -c 'mount --bind "$work/run/\$FAKE_HOST" /run && exec "\$@"' - "\$@"
END
# rsh NAME: a remote command that does what its stdin says
rsh() {
	{
		echo '#!/bin/sh'
		cat
	} > "$work/$1"
	chmod +x "$work/$1"
}
chmod +x "$work/rsh"
export OSHRUN_RSH=$work/rsh

pass() {
	echo "PASS machines: $1"
}

fail() {
	echo "FAIL machines: $1"
	sed 's/^/    /' "$work/out" "$work/err" | head -n 20
}

# What machines have at the moment; /dev/kfi is all of theirs.
left() {
	find "$work/run" /dev/kfi -mindepth 2 ! -name fake ! -name kfi-shmem
	find /dev/kfi -mindepth 1
	pgrep -a -x -r R,S,D -P 1,$$ "${jobs##*/}" || true
}

# is WHAT STATUS TEXT COMMAND...: ends so within a few seconds, says what the
# pattern TEXT matches (all of stdout and stderr as one line), leaves nothing.
is() {
	local what=$1 want=$2 text=$3 status=0

	shift 3
	: > "$FAKE_LOG"
	timeout -k 1 20 "$@" > "$work/out" 2> "$work/err" || status=$?
	if [ $status -ne "$want" ]; then
		fail "$what: status $status, not $want"
	elif ! cat "$work/out" "$work/err" - <<< "" | tr '\n' ' ' | grep -qE -- "$text"; then
		fail "$what: does not say '$text'"
	elif [ -n "${nothing_left:-}" ] && [ -n "$(left)" ]; then
		left >> "$work/err"
		fail "$what: leaves something"
		rm -rf "$work"/run/* /dev/kfi/* /dev/kfi/.key*
	else
		pass "$what"
	fi
}
nothing_left=yes
preload=(-x "LD_PRELOAD=$work/fake_node.so")
heap=(-s 1M)

# job N-MACHINES N-PES PROGRAM...: the command
job() {
	local names

	names=$(seq -s, -f m%g 0 $(($1 - 1)))
	command=("$run" "${preload[@]}" "${heap[@]}" -H "$names" -np "$2" "${more[@]}" "${@:3}")
}
more=()

# Several machines
job 3 5 "$jobs" hello
is "a job" 0 '^(PE [0-4] of 5 ){5} *$' "${command[@]}"
if grep -qE '[0-9a-f]{64}' "$FAKE_LOG"; then
	fail "the key is on a command line"
else
	pass "the key is on no command line"
fi
heap=(-s 64M)
for program in team collective amo order; do
	more=(--map-by node)
	job 3 4 "$bin/$program"
	is "$program, 4 PEs that go round" 0 'END' "${command[@]}"
	if grep FAIL "$work/out"; then
		fail "$program"
	fi
	more=()
done
heap=(-s 1M)
job 9 9 "$jobs" hello
is "nine machines" 0 '^(PE [0-8] of 9 ){9} *$' "${command[@]}"

# How jobs end: the same as on one machine
job 3 4 "$jobs" status-after 3
is "status of main() after shmem_finalize()" 3 '^ *$' "${command[@]}"
job 3 4 "$jobs" status-before 5
is "status of exit() before it" 5 'PE 3 .* ended with status 5' "${command[@]}"
for status in 0 9; do
	job 3 4 "$jobs" global-exit $status
	is "shmem_global_exit($status) ends all machines" $status 'before the end' "${command[@]}"
done
job 3 4 "$jobs" raw-exit
is "_exit() of one ends all machines" 125 'PE 0 .* ended without shmem_finalize' "${command[@]}"
job 3 4 "$jobs" killed 9
is "a PE that is killed" 137 'PE 3 .* was killed by signal 9' "${command[@]}"
mkfifo "$work/fifo"
job 3 3 "$jobs" no-init "$work/fifo"
# shellcheck disable=SC2016 # the inner shell's
is "a PE of another machine that never initializes" 125 'PE 2 (has )?ended without shmem_init' \
	bash -c '"$@"; s=$?; [ $s -eq 134 ] && s=125; exit $s' - "${command[@]}"
job 2 2 /bin/sh -c "[ \$KFI_SHMEM_RANK = 0 ] || exit 0; exec $jobs hello"
is "a machine whose PEs are no OpenSHMEM program" 125 'PEs ended without shmem_init\(\) on m1' \
	"${command[@]}"
job 3 3 /bin/echo hello
is "no OpenSHMEM program at all" 0 '^(hello ){3} *$' "${command[@]}"
job 3 3 "$work/nowhere"
is "a program that is not there" 127 'nowhere: No such file' "${command[@]}"
more=(--timeout 1)
job 3 3 "$jobs" hang
is "--timeout" 124 'up .*timeout after 1 seconds' "${command[@]}"
more=()
# The first machine comes last.
job 3 3 /bin/sh -c "if [ \$KFI_SHMEM_RANK = 0 ]; then
	until ls /dev/kfi/*.1 /dev/kfi/*.2 > /dev/null 2>&1; do sleep 0.02; done
	SHMEM_SYMMETRIC_SIZE=2M; fi; exec $jobs hello"
is "different heaps" 125 'the program has .* 1048576 of heap on m[12], .* 2097152 on m0' "${command[@]}"

# Every step of what a machine makes fails, on all and on one.
for step in "pool create" "region create" export attach; do
	for on in "" m1; do
		export FAKE_FAIL=$step FAKE_FAIL_ON=${on:-}
		[ -n "$on" ] || unset FAKE_FAIL_ON
		job 3 3 "$jobs" hello
		is "'kfipmem $step' fails on ${on:-all machines}" 125 "kfipmem: $step .*cannot, says the test" \
			"${command[@]}"
	done
done
unset FAKE_FAIL FAKE_FAIL_ON
job 2 2 "$jobs" hello
is "there is no kfipmem" 125 'kfipmem, which makes the job.s memory: No such file' \
	env FAKE_PATH= "${command[@]}"

# An agent is killed: the job ends; the next one removes what it left.
nothing_left=
job 2 2 "$jobs" kill-parent
is "an agent is killed" 125 'lost machine m1' "${command[@]}"
nothing_left=yes
job 2 2 "$jobs" hello
is "the next job removes what is left" 0 'PE 1 of 2.*removing what is left of job shmem-' "${command[@]}"

# Remote commands that are none
# shellcheck disable=SC2016 # the inner shell's
rsh garbage <<< 'printf "Welcome to \033[1m$1\n"; exec cat > /dev/null'
rsh much <<< 'yes Welcome; :'
rsh exits <<< 'exit 3'
rsh hangs <<< 'exec sleep 1000'
rsh deaf <<< 'exec <&-; exec sleep 1000'
rsh dies <<< "{ $work/rsh \"\$@\" & pid=\$!; sleep 0.5; kill -9 \$pid; } <&0 >&1"
rsh lingers <<< "$work/rsh \"\$@\"; exec >&-; exec sleep 1000"
none() {
	command=("$run" "${preload[@]}" "${heap[@]}" -H "m0,m1" -np 2 --rsh "$1" "${more[@]}" "$jobs" "${@:2}")
}
none "$work/garbage" hello
is "rsh prints something" 125 "m0 says what is not from this version of oshrun: 'Welcome to .\[1mm0" \
	"${command[@]}"
none "$work/much" hello
is "rsh prints without end" 125 "m0 says what is not from this version of oshrun: 'Welcome" "${command[@]}"
none "$work/exits" hello
is "rsh ends at once" 125 "no oshrun could be started on m[01] \(by $work/exits\)" "${command[@]}"
none "$work/nowhere" hello
is "rsh is not there" 125 "nowhere: No such file" "${command[@]}"
none "  " hello
is "rsh is no word" 125 "'  ' is not a command" "${command[@]}"
none "$work/lingers" hello
is "rsh does not end with its agent" 0 '(PE [01] of 2 ){2} *$' "${command[@]}"
more=(--timeout 0.5)
none "$work/hangs" hello
is "rsh hangs" 124 'timeout after 0.5 seconds' "${command[@]}"
large=$(head -c 100000 /dev/zero | tr '\0' x)
none "$work/hangs" "$large" "$large" "$large"
is "rsh hangs, and would have much to read" 124 'timeout after 0.5 seconds' "${command[@]}"
none "$work/deaf" "$large" "$large" "$large"
is "rsh reads nothing" 124 'timeout after 0.5 seconds' "${command[@]}"
more=()
none "$work/rsh" argument-lengths "$large" "" "a b'\"\\\$(c)" "$large"
is "arguments arrive as they are" 0 "^(100000 0 10 100000 ){2} *\$" "${command[@]}"
is "a machine's name is one word" 125 'no oshrun could be started on a b \(' \
	"$run" -H 'a b' --rsh "$work/named" "$jobs" hello
rsh named <<< "printf '%s|' \"\$@\" > $work/words; exit 1"
"$run" -H 'a b;c' --rsh "$work/named x" --remote-path /o "$jobs" hello 2> "$work/err"
: > "$work/out"
if [ "$(cat "$work/words")" = "x|a b;c|/o|--agent|" ]; then
	pass "rsh gets its words, the name, and two more"
else
	cp "$work/words" "$work/out"
	fail "rsh gets its words, the name, and two more"
fi
is "a name that is an option" 125 "'-x' is not the name of a machine" "$run" -H a,-x "$jobs"
is "a name twice" 125 'machine a is named twice' "$run" -H a,b,a "$jobs"
is "localhost and others" 125 'cannot reach this machine as localhost' "$run" -H a,localhost "$jobs"
is "more machines than PEs" 125 '2 machines for 1 PEs' "$run" -H a,b -np 1 "$jobs"

# What PEs inherit
job 1 1 "$jobs" inherits
is "PEs have the job's file and no other, and all signals" 0 '^files 0 1 2 3 *$' "${command[@]}"
is "the same of localhost" 0 '^files 0 1 2 3 *$' "$run" -H localhost "$jobs" inherits

# A reader that is slow, of what does not block: ssh sets that on a common stderr.
# shellcheck disable=SC2016 # the inner shell's
is "output that does not block is not lost" 0 '^ *3000000 *$' bash -c \
	'"$@" | { sleep 0.3; wc -c; }' - \
	python3 -c 'import os, sys; os.set_blocking(1, False); os.execv(sys.argv[1], sys.argv[1:])' \
	"$run" -H localhost -np 3 "$jobs" much 1000000
# shellcheck disable=SC2016 # the inner shell's
is "nobody reads the output" 141 '' bash -c '"$@" | head -c 1 > /dev/null; exit ${PIPESTATUS[0]}' - \
	"$run" -H localhost -np 1 "$jobs" much 100000000
echo END
