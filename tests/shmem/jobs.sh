#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# How jobs begin and end: oshrun, the environment's variables, exit statuses,
# faults of the program, other launchers.
#
# usage: jobs.sh BIN-DIRECTORY (with oshrun, oshcc and jobs)
set -u

bin=$1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/kfi-shmem-jobs.XXXXXX")
trap 'rm -rf "$work"' EXIT
jobs=$bin/jobs
unset "${!SHMEM_@}" "${!SMA_@}" "${!SLURM_@}" "${!PMI_@}" "${!OMPI_@}" "${!MV2_@}"

pass() {
	echo "PASS $1"
}

fail() {
	echo "FAIL $1"
	sed 's/^/    /' "$work/out" "$work/err" | head -n 10
}

# is WHAT STATUS TEXT COMMAND...: ends so, and says what the pattern TEXT matches
# (all of stdout and stderr as one line).
is() {
	local what=$1 want=$2 text=$3 status=0

	shift 3
	timeout 20 "$@" > "$work/out" 2> "$work/err" || status=$?
	if [ $status -ne "$want" ]; then
		fail "$what: status $status, not $want"
	elif ! cat "$work/out" "$work/err" - <<< "" | tr '\n' ' ' | grep -qE -- "$text"; then
		fail "$what: does not say '$text'"
	else
		pass "$what"
	fi
}

run=$bin/oshrun

# Starting
is "oshrun: -np" 0 '^(PE [0-3] of 4 ){4} *$' "$run" -np 4 "$jobs" hello
is "oshrun: -n, and the program's own options" 0 'PE 1 of 2' "$run" -n 2 -- "$jobs" hello -n 7
is "oshrun: a program of this directory" 0 '^(PE [01] of 2 ){2} *$' env -C "$(dirname "$(readlink -f "$jobs")")" \
	"$run" -n 2 "$(basename "$jobs")" hello
is "oshrun: one PE by default" 0 '^PE 0 of 1 *$' "$run" "$jobs" hello
is "a bare program is one PE" 0 '^PE 0 of 1 *$' "$jobs" hello
is "oshrun: no number" 125 "'x' is not a number of PEs" "$run" -np x "$jobs"
is "oshrun: no PEs" 125 "'0' is not a number of PEs" "$run" -n 0 "$jobs"
is "oshrun: no program" 125 'which program' "$run" -n 2
is "oshrun: a program that is not there" 127 'nowhere: No such file' "$run" -n 2 "$work/nowhere"
is "oshrun: a program that cannot be run" 126 'Permission denied' "$run" -n 2 "$here/jobs.c"
is "oshrun: not a time" 125 'is not a time' "$run" -t x "$jobs"
is "64 PEs" 0 'PE 63 of 64' "$run" -n 64 "$jobs" hello

# Ends
is "status of main() after shmem_finalize()" 3 '^ *$' "$run" -n 3 "$jobs" status-after 3
is "status of exit() before it ends the job" 5 'PE 2 .* ended with status 5' \
	"$run" -n 3 "$jobs" status-before 5
is "shmem_global_exit() ends the job" 9 '^before the end *$' "$run" -n 3 "$jobs" global-exit 9
is "shmem_global_exit(0)" 0 '^before the end *$' "$run" -n 3 "$jobs" global-exit 0
is "shmem_global_exit() of a bare program" 9 'before the end' "$jobs" global-exit 9
is "main() that returns without shmem_finalize()" 0 '^ *$' "$run" -n 3 "$jobs" no-finalize
is "_exit() without it" 125 'PE 0 .* ended without shmem_finalize' "$run" -n 3 "$jobs" raw-exit
is "a PE that dies ends the job" 139 'PE 2 .* was killed by signal 11' "$run" -n 3 "$jobs" killed 11
is "a PE that is killed" 137 'PE 1 .* was killed by signal 9' "$run" -n 2 "$jobs" killed 9
mkfifo "$work/fifo"
# shellcheck disable=SC2016 # the inner shell's
is "a PE that never initializes" 125 'PE 1( \(process [0-9]*\))? (has )?ended without shmem_init|ended without shmem_init' \
	bash -c '"$@"; s=$?; [ $s -eq 134 ] && s=125; exit $s' - \
	"$run" -n 2 "$jobs" no-init "$work/fifo"
is "oshrun: --timeout" 124 'up .*timeout after 0.5 seconds' "$run" -t 0.5 -n 3 "$jobs" hang

# interrupt SIGNAL STATUS: when the job is up, oshrun gets the signal; nobody is left.
interrupt() {
	local pid status=0

	mkfifo "$work/up"
	# Shells start what runs beside them deaf to SIGINT.
	env --default-signal=INT,TERM "$run" -n 3 "$jobs" hang > "$work/up" 2> "$work/err" &
	pid=$!
	head -n 1 "$work/up" > "$work/out"
	kill -"$1" $pid
	wait $pid || status=$?
	rm "$work/up"
	if [ $status -ne "$2" ]; then
		fail "oshrun: SIG$1: status $status"
	elif pgrep -g 0 -f "^$jobs hang" > /dev/null || pgrep -f "^$jobs hang" > /dev/null; then
		fail "oshrun: SIG$1: PEs are left"
	else
		pass "oshrun: SIG$1 ends the job"
	fi
}
interrupt INT 130
interrupt TERM 143

# Output and input
is "oshrun: -l" 0 '\[0\] one \[0\] two of PE 0 .*\[0\] no newline' \
	bash -c '"$@" | grep -F "[0]"' - "$run" -l -n 2 "$jobs" lines
is "oshrun: -l, stderr" 0 '\[1\] an error of PE 1' "$run" -l -n 2 "$jobs" lines
is "PE 0 has the input" 0 'PE 0 has first' bash -c 'echo first | "$@"' - "$run" -n 2 "$jobs" input
is "the others have none" 0 'PE 1 has end' bash -c 'echo first | "$@"' - "$run" -n 2 "$jobs" input

# The environment
version='kfabric-pmem libshmem, OpenSHMEM 1.6'
is "SHMEM_VERSION" 0 "$version" env SHMEM_VERSION=1 "$run" -n 2 "$jobs" query
is "SHMEM_INFO" 0 "$version.*SHMEM_SYMMETRIC_SIZE  *1073741824.*SHMEM_DEBUG" \
	env SHMEM_INFO=1 "$run" -n 2 "$jobs" query
is "SMA_VERSION" 0 "$version" env SMA_VERSION=1 "$run" -n 2 "$jobs" query
is "SHMEM_DEBUG" 0 'PE 1 of 2: heap' env SHMEM_DEBUG=1 "$run" -n 2 "$jobs" query
for size in 3000000 3000K 3000k 2.9M 3m 0.003G .003g 0.000003T 3MB; do
	is "SHMEM_SYMMETRIC_SIZE=$size" 0 '^there *$' \
		env SHMEM_SYMMETRIC_SIZE=$size "$run" -n 2 "$jobs" heap 2900000
	is "SHMEM_SYMMETRIC_SIZE=$size and no more" 0 '^too much *$' \
		env SHMEM_SYMMETRIC_SIZE=$size "$run" -n 2 "$jobs" heap 4000000
done
is "SMA_SYMMETRIC_SIZE" 0 '^too much *$' env SMA_SYMMETRIC_SIZE=1M "$run" -n 2 "$jobs" heap 2000000
is "oshrun: -s" 0 '^too much *$' "$run" -s 1M -n 2 "$jobs" heap 2000000
is "a heap larger than the memory" 0 '^there *$' "$run" -s 300G -n 4 "$jobs" heap 250000000000
for size in x -1 1X 5MM inf nan 1e30; do
	is "SHMEM_SYMMETRIC_SIZE=$size is refused" 134 "SHMEM_SYMMETRIC_SIZE='$size' is not a size" \
		env SHMEM_SYMMETRIC_SIZE=$size "$run" -n 1 "$jobs" heap 1
done
is "a heap for which there are no addresses" 134 'do not fit|no address space|cannot map' \
	"$run" -s 60T -n 4 "$jobs" heap 1

# A PE at which the heap's usual place is taken has it elsewhere.
cc -shared -fPIC -Wl,-z,initfirst -o "$work/nudge.so" "$here/nudge.c"
is "heaps at different addresses" 0 'END.*PE 2 of 4: heap 0x[^3]' \
	env LD_PRELOAD="$work/nudge.so" SHMEM_DEBUG=1 "$run" -n 4 "$bin/memory"
is "and all is well with them" 1 '^ *$' bash -c '"$@" | grep FAIL' - \
	env LD_PRELOAD="$work/nudge.so" "$run" -n 4 "$bin/memory"

# Setup and query
is "query_initialized, init twice, info, level" 0 '^as it should *$' "$run" -n 3 "$jobs" query
for level in 0 1 2 3; do
	is "thread level $level" 0 "^provided $level *\$" "$run" -n 2 "$jobs" thread-level $level
done
is "fork() of a PE" 0 '^forked *$' "$run" -n 3 "$jobs" fork
is "a program that a PE starts is no PE" 0 '^PE 0 of 1 *$' "$run" -n 3 "$jobs" child

# Faults of the program
fault() {
	is "fault: $1" 134 "$2" "$run" -n 2 "$jobs" fault "$1"
}
fault before-init 'before shmem_init'
fault after-finalize 'after shmem_finalize'
fault beyond-heap 'go beyond symmetric memory'
fault beyond-variables 'go beyond symmetric memory'
fault stack 'is not symmetric'
fault pe 'there is no PE 2, only 0 to 1'
fault free 'is freed and was not allocated'
fault free-twice 'is freed and was not allocated'
fault unlock 'that this PE does not hold'
fault compare 'there is no comparison 77'
fault world 'predefined team cannot be destroyed'

# oshcc
is "oshcc: --show" 0 '^cc -I.* -o x x.c -L.* -Wl,-rpath,.* -lshmem *$' "$bin/oshcc" --show -o x x.c
is "oshcc: as other libraries' are asked" 0 '^cc -I.* x.c -o x -L.* -lshmem *$' "$bin/oshcc" x.c -showme -o x
is "oshcc: --show alone" 0 '^cc -I.* -L.* -lshmem *$' "$bin/oshcc" --show
# shellcheck disable=SC2016 # the inner shell's
is "oshcc: another compiler with its options" 0 'PE 1 of 2' bash -c \
	'cc $("$1" -showme:compile) -o "$3" "$4" $("$1" --showme:link) && "$2" -n 2 "$3" hello' - \
	"$bin/oshcc" "$run" "$work/by-hand" "$here/jobs.c"
is "oshcc: -r does not link with the library" 0 '^cc -I[^ ]* -r -o y.o x.o *$' "$bin/oshcc" --show -r -o y.o x.o
is "oshcc: -c does not link" 0 '^cc -I[^ ]* -c x.c *$' "$bin/oshcc" --show -c x.c
is "oshcc: another compiler" 0 '^gcc-x ' env OSHCC_CC=gcc-x "$bin/oshcc" --show x.c
is "oshcc: hands an error through" 1 'nowhere.c' "$bin/oshcc" "$work/nowhere.c"
for option in -no-pie "-pie -fPIE" -fsanitize=thread -Wl,-z,norelro "-O2 -flto" "-std=gnu89" "-std=c99 -D_DEFAULT_SOURCE"; do
	# shellcheck disable=SC2016 # the inner shell's
	is "oshcc: $option" 0 '(PASS deprecated[^P]*){5} END' bash -c \
		'"$1" $2 -o "$3" "$4" && "$5" -n 2 "$3"' - "$bin/oshcc" "$option" "$work/old" "$here/old.c" "$run"
done
is "oshcc: -static is refused" 1 'oshcc: libshmem is a shared library only: leave out -static' \
	"$bin/oshcc" -static -o "$work/old" "$here/old.c"

# Other launchers. launched STATUS N RANK-VARIABLE COMMAND...: N processes by hand;
# their highest status and their output.
launched() {
	local i pid pids=() n=$1 rank=$2 most=0 status

	shift 2
	for ((i = 0; i < n; i++)); do
		env "$rank=$i" "$@" &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		status=0
		wait "$pid" || status=$?
		[ $status -le $most ] || most=$status
	done
	return $most
}
# Of this run, so that two of them do not meet
unique=test-$$

# by WHAT STATUS TEXT ...: as "is", of launched
by() {
	local what=$1 want=$2 text=$3 status=0

	shift 3
	launched "$@" > "$work/out" 2> "$work/err" || status=$?
	if [ $status -ne "$want" ]; then
		fail "$what: status $status, not $want"
	elif ! cat "$work/out" "$work/err" - <<< "" | tr '\n' ' ' | grep -qE -- "$text"; then
		fail "$what: does not say '$text'"
	elif ls /dev/shm/kfi-shmem-*"-$$"* > /dev/null 2>&1; then
		fail "$what: leaves a file"
	else
		pass "$what"
	fi
}
three='^(PE [0-2] of 3 ){3} *$'
by "PMI" 0 "$three" 3 PMI_RANK PMI_SIZE=3 "$jobs" hello
by "PMI, with a job's name" 0 "$three" 3 PMI_RANK PMI_SIZE=3 PMI_JOBID=a/b-$unique "$jobs" hello
by "Open MPI" 0 "$three" 3 OMPI_COMM_WORLD_RANK OMPI_COMM_WORLD_SIZE=3 \
	OMPI_COMM_WORLD_LOCAL_SIZE=3 PMIX_NAMESPACE=$unique "$jobs" hello
by "MVAPICH" 0 "$three" 3 MV2_COMM_WORLD_RANK MV2_COMM_WORLD_SIZE=3 "$jobs" hello
by "Slurm" 0 "$three" 3 SLURM_PROCID SLURM_NTASKS=3 SLURM_JOB_ID=$unique SLURM_STEP_ID=0 \
	SLURM_NNODES=1 "$jobs" hello
by "Slurm, the step's number of tasks" 0 "$three" 3 SLURM_PROCID SLURM_NTASKS=8 \
	SLURM_STEP_NUM_TASKS=3 SLURM_JOB_ID=$unique SLURM_STEP_ID=0 SLURM_STEP_NUM_NODES=1 \
	SLURM_NNODES=4 "$jobs" hello
by "Slurm, the shell of a batch job" 0 '^PE 0 of 1 *$' 1 SLURM_PROCID SLURM_NTASKS=3 \
	SLURM_JOB_ID=$unique ENVIRONMENT=BATCH "$jobs" hello
by "one PE of Slurm" 0 '^PE 0 of 1 *$' 1 SLURM_PROCID SLURM_NTASKS=1 SLURM_JOB_ID=$unique "$jobs" hello
by "KFI_SHMEM_JOB=none" 0 '^(PE 0 of 1 ){2} *$' 2 PMI_RANK PMI_SIZE=2 KFI_SHMEM_JOB=none "$jobs" hello
by "oshrun's word counts" 0 '^(PE [01] of 2 ){2} *$' 1 PMI_RANK PMI_SIZE=3 "$run" -n 2 "$jobs" hello
by "several machines, says Slurm" 134 'on several machines \(SLURM_NNODES=2\)' 2 SLURM_PROCID \
	SLURM_NTASKS=2 SLURM_JOB_ID=$unique SLURM_STEP_ID=0 SLURM_NNODES=2 "$jobs" hello
by "several machines, says Open MPI" 134 'only 2 of 4 PEs on this machine' 2 \
	OMPI_COMM_WORLD_RANK OMPI_COMM_WORLD_SIZE=4 OMPI_COMM_WORLD_LOCAL_SIZE=2 "$jobs" hello
by "a rank that is none" 134 "PMI_RANK='1', .* not a number from 0 to 0" 2 PMI_RANK PMI_SIZE=1 "$jobs" hello
by "shmem_global_exit() of another launcher's job" 9 'before the end' 3 PMI_RANK PMI_SIZE=3 \
	"$jobs" global-exit 9
by "a PE that dies of another launcher's job" 137 'PE [01]: PE 2 \(process [0-9]*\) is gone' 3 \
	PMI_RANK PMI_SIZE=3 "$jobs" killed 9
by "a program that such a PE starts is no PE" 0 '^PE 0 of 1 *$' 3 PMI_RANK PMI_SIZE=3 "$jobs" child

# A file that a job has left which never got complete
env PMI_RANK=0 PMI_SIZE=3 PMI_JOBID="$unique" "$jobs" hello > /dev/null 2>&1 &
alone=$!
until [ -s "/dev/shm/kfi-shmem-$(id -u)-$unique" ] || ! kill -0 $alone; do
	sleep 0.01
done
kill -9 $alone
{ wait $alone; } 2> /dev/null
by "a file that an earlier job has left" 0 "$three" 3 PMI_RANK PMI_SIZE=3 PMI_JOBID="$unique" \
	"$jobs" hello
