# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# rig: shmem a b c
#
# OpenSHMEM jobs on two and three machines: the conformance programs; what is
# left when a PE, an agent or a machine goes in the middle.
#
# Words in single quotes are expanded on the node:
# shellcheck disable=SC2016

# shellcheck source=tests/vm/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

# The heap of "memory" is for a larger machine.
shmem_all=${shmem_conforming/memory /}

# job HOSTS NP PROGRAM...: started from here, outside of the machines
job() {
	local hosts=$1 np=$2

	shift 2
	"${job_before[@]}" "$out/shmem/bin/oshrun" --hosts "$hosts" -np "$np" --timeout "${job_timeout:-100}" --rsh "kfirig exec" \
		--remote-path /share/shmem/oshrun "${job_options[@]}" "$@"
}
job_options=()
job_before=()

shmem_ready() {
	local node

	for node in a b c; do
		load "$node" ack_timeout=18	# the host may be slow
		share_mount "$node"
	done
}

shmem_conforms() {
	job_timeout=$((200 * patience)) job "$1" "$2" "/share/shmem/$3" > "$work/job"
	cat "$work/job"
	grep -q '^PASS' "$work/job"
	fails grep '^FAIL' "$work/job"
}

# shmem_programs MACHINES HOSTS NP PROGRAM: SHMEM_PROGRAMS in its place, or all
shmem_programs() {
	local program list=${SHMEM_PROGRAMS:-$4}

	[ "$list" != all ] || list=$shmem_all
	for program in $list; do
		proves "$program on $1 machines" shmem_conforms "$2" "$3" "$program"
	done
}

# What a job made on a machine is gone with it.
nothing_left() {
	local node

	for node; do
		on "$node" sh -c '
			! ls /dev/kfi/shmem-* 2> /dev/null &&
			! kfipmem pool list | grep shmem- &&
			! ls /run/kfi-shmem/* 2> /dev/null'
	done
}

shmem_counts() {
	job_options=(--map-by node)
	job a,b,c 5 /share/shmem/busy 20 | tee "$work/job"
	grep -q '^counted 100$' "$work/job"
	nothing_left a b c
}

# busy_job HOSTS NP: in the background, until it is busy; its output is in
# $work/busy, its process in $busy
busy_job() {
	local line

	rm -f "$work/busy.pipe"
	mkfifo "$work/busy.pipe"
	job_before=(exec)
	job "$1" "$2" /share/shmem/busy > "$work/busy.pipe" 2> "$work/busy" &
	busy=$!
	job_before=()
	exec 4< "$work/busy.pipe"
	read -r -t 60 line <&4
	[ "$line" = busy ]
}

# ended STATUS TEXT: the job of busy_job ended so, and said so
ended() {
	local status=0

	wait "$busy" || status=$?
	exec 4<&-
	cat "$work/busy"
	[ "$status" -eq "$1" ] || {
		echo "status $status, not $1"
		return 1
	}
	[ -z "$2" ] || grep -q "$2" "$work/busy"
}

# kill_rank NODE RANK: the PE of "busy" that the rig's job has there
kill_rank() {
	on "$1" sh -c 'for p in $(pidof busy); do
		! tr "\0" "\n" < /proc/$p/environ | grep -q "^KFI_SHMEM_RANK='"$2"'$" ||
			exec kill -9 $p
	done
	exit 1'
}

# Another job on the same machines does not notice.
shmem_killed_pe() {
	busy_job a,b,c 4
	job a,b 2 /share/shmem/busy 40 > "$work/other" 2>&1 &
	kill_rank b 2
	ended 137 'PE 2 .* was killed by signal 9'
	wait $!
	grep -q '^counted 80$' "$work/other"
	nothing_left a b c
}

shmem_killed_agent() {
	busy_job a,b 2
	on b sh -c 'kill -9 $(pidof oshrun)'
	ended 125 'lost machine b'
	nothing_left a
	job a,b 2 /share/shmem/busy 1
	nothing_left a b
}

shmem_interrupted() {
	busy_job b,c 3
	kill -TERM "$busy"	# what the shell starts beside itself has no SIGINT
	ended 143 ''
	nothing_left b c
}

shmem_lost_machine() {
	busy_job a,c 2
	kfirig cut c
	ended 125 'lost machine c'
	nothing_left a
	kfirig power-on c
	shmem_ready
	job a,c 2 /share/shmem/busy 1
}

shmem_refuses() {
	refused 'no oshrun could be started on nowhere' job a,nowhere 2 /share/shmem/busy 1
	refused 'No such file' job a,b 2 /share/shmem/none
	refused 'see SHMEM_SYMMETRIC_SIZE' env SHMEM_SYMMETRIC_SIZE=100G \
		"$out/shmem/bin/oshrun" --hosts a,b --rsh "kfirig exec" \
		--remote-path /share/shmem/oshrun /share/shmem/busy 1
	nothing_left a b
}

shmem_ready
shmem_programs two a,b 3 old
shmem_programs three a,b,c 4 old
proves "atomics of five PEs on three machines: none lost, none twice" shmem_counts
proves "a PE is killed in the middle: the job ends, another does not notice" shmem_killed_pe
proves "an agent is killed: the job ends, the next one removes what is left" shmem_killed_agent
proves "a job is interrupted" shmem_interrupted
proves "a machine loses its power: the job ends, and runs again with it" shmem_lost_machine
proves "what cannot be: a machine, a program, a heap of that size" shmem_refuses
