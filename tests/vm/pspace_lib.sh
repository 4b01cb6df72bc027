# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Persistent spaces over machines: on each a region with a space's name for the
# parts of its PEs, which the others have attached. Sourced; space_nodes are the
# machines, in the order of oshrun, space_names the spaces.

# shellcheck source=tests/vm/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

space_nodes=()
space_names=()
space_size=16M
space_pool=(--cache-model)	# options of the pool
space_status=0

# spaces_share: the programs, on the host
spaces_share() {
	make -s --no-print-directory -C "$top" shmem > /dev/null
	share_program "$out"/shmem/bin/oshrun "$out"/shmem/apps/{heat,phash,isort,gups}
}

# spaces_rsh: what oshrun has in place of ssh
spaces_rsh() {
	cat > "$work/rsh" <<-'END'
	#!/bin/sh
	node=$1
	shift
	exec kfirig exec --timeout 600 "$node" -- env LD_LIBRARY_PATH=/share/lib "$@"
	END
	chmod +x "$work/rsh"
}

# spaces_run SECONDS NPES COMMAND...
spaces_run() {
	env OSHRUN_RSH="$work/rsh" SHMEM_PMEM_DIR=/dev/kfi SHMEM_SYMMETRIC_SIZE=1M \
		"$out/shmem/bin/oshrun" -t "$1" -H "$(IFS=,; echo "${space_nodes[*]}")" -np "$2" \
		--remote-path /share/oshrun "${@:3}"
}

# spaces_try FILE ARGUMENT...: spaces_run, whose words go to FILE and whose status
# to space_status; fails when its machines did not come together
spaces_try() {
	space_status=0
	spaces_run "${@:2}" > "$1" 2>&1 || space_status=$?
	! grep -q 'cannot attach the memory of machine' "$1"
}

# spaces_run_again FILE ARGUMENT...: with a machine that is back. It boots from a
# snapshot, with the random numbers of its last life, and so may come with the
# numbers of connections that the others still take for alive.
spaces_run_again() {
	wait_until 60 spaces_try "$@"
	return "$space_status"
}

# spaces_serve NODE: its regions for the others, after each boot
spaces_serve() {
	local name

	kfirig put "$1" "$work/key" /root/key
	on "$1" chmod 600 /root/key
	for name in "${space_names[@]}"; do
		on "$1" kfipmem export "tank/$name" --peer job --key-file /root/key
	done
}

# spaces_attach NODE K: the regions of machine K; as for spaces_run_again()
spaces_attach() {
	local name

	for name in "${space_names[@]}"; do
		wait_until 30 on "$1" kfipmem attach "${space_nodes[$2]}/$name" --name "$name.$2" --as job \
			--key-file /root/key
	done
}

# spaces_make: pools, regions, exports and attachments of all
spaces_make() {
	local node name k

	on "${space_nodes[0]}" rm -f /root/key
	on "${space_nodes[0]}" kfipmem key generate /root/key
	kfirig get "${space_nodes[0]}" /root/key "$work/key"
	for node in "${space_nodes[@]}"; do
		share_mount "$node"
		# Another test may have left it open.
		on "$node" sh -c '! [ -d /sys/module/kfi_user ] || kfipmem pool close tank' || true
		target "$node" "${space_pool[@]}"
		for name in "${space_names[@]}"; do
			on "$node" kfipmem region create "tank/$name" --size "$space_size"
			# What was there before is no space.
			on "$node" sh -c "dd if=/dev/zero of=/dev/kfi/$name bs=1M count=${space_size%M} 2> /dev/null"
		done
		spaces_serve "$node"
	done
	for node in "${space_nodes[@]}"; do
		for k in "${!space_nodes[@]}"; do
			[ "${space_nodes[k]}" = "$node" ] || spaces_attach "$node" "$k"
		done
	done
}

# spaces_return K: machine K is back from a cut
spaces_return() {
	local back=${space_nodes[$1]} node name k

	share_mount "$back"
	load "$back"
	on "$back" kfipmem pool open /dev/pmem0 --cache-model
	spaces_serve "$back"
	for k in "${!space_nodes[@]}"; do
		node=${space_nodes[k]}
		[ "$k" -ne "$1" ] || continue
		for name in "${space_names[@]}"; do
			on "$node" kfipmem detach "$name.$1" --force
		done
		spaces_attach "$node" "$1"
		spaces_attach "$back" "$k"
	done
}

# begins FILE: the number that a run of a program began at
begins() {
	sed -n 's/.* begins at [a-z]* \([0-9]*\).*/\1/p' "$1"
}

# A cut is to come while the program runs and, where it says so, after it has
# committed something. How long that takes depends on the machine: moments are
# drawn from 0 to space_span milliseconds, which every cut that misses corrects.
space_span=2000

# spaces_moment: waits for a random one
spaces_moment() {
	local ms

	ms=$(random 0 "$space_span")
	sleep "$((ms / 1000)).$(printf %03d $((ms % 1000)))"
}

spaces_too_late() {
	echo "the program was through before the cut"
	space_span=$((space_span / 2 + 1))
}

spaces_too_early() {
	echo "the cut came before the first commit"
	space_span=$((space_span * 2))
}

# spaces_begun FILE JOB: it works, or has ended
spaces_begun() {
	grep -q 'begins at\|PE ' "$1" || ! kill -0 "$2" 2> /dev/null
}
