# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# rig: crash a b
#
# Persistent spaces over two machines: each has a region for its PEs' parts, and
# has the other's attached. One of them loses its power; the next job finds one
# epoch on both.

# shellcheck source=tests/vm/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

nodes_apps=(heat gups)

# What oshrun has in place of ssh
nodes_rsh=$work/rsh
cat > "$nodes_rsh" <<'END'
#!/bin/sh
node=$1
shift
exec kfirig exec --timeout 120 "$node" -- env LD_LIBRARY_PATH=/share/lib "$@"
END
chmod +x "$nodes_rsh"

# nodes_run COMMAND...: two PEs on each machine
nodes_run() {
	env OSHRUN_RSH="$nodes_rsh" SHMEM_PMEM_DIR=/dev/kfi SHMEM_SYMMETRIC_SIZE=1M \
		"$out/shmem/bin/oshrun" -t 100 -H a,b -np 4 --remote-path /share/oshrun "$@"
}

# nodes_export NODE: what it does after each boot
nodes_export() {
	local app

	on "$1" chmod 600 /root/key
	for app in "${nodes_apps[@]}"; do
		on "$1" kfipmem export "tank/$app" --peer job --key-file /root/key
	done
}

# nodes_attach NODE OF NUMBER
nodes_attach() {
	local app

	for app in "${nodes_apps[@]}"; do
		on "$1" kfipmem attach "$2/$app" --name "$app.$3" --as job --key-file /root/key
	done
}

nodes_set_up() {
	local node app

	on a kfipmem key generate /root/key
	kfirig get a /root/key "$work/key"
	kfirig put b "$work/key" /root/key
	for node in a b; do
		share_mount "$node"
		target "$node" --cache-model
		for app in "${nodes_apps[@]}"; do
			on "$node" kfipmem region create "tank/$app" --size 16M
			on "$node" dd if=/dev/zero of="/dev/kfi/$app" bs=1M count=16
		done
		nodes_export "$node"
	done
	nodes_attach a b 1
	nodes_attach b a 0
}

nodes_cut() {
	local app=$1 status=0 at said=$work/nodes job name

	shift
	: > "$said"
	nodes_run "/share/$app" "$@" > "$said" 2>&1 &
	job=$!
	wait_until 60 grep -q 'begins at\|PE ' "$said"
	sleep "$(random 1 3).$(random 0 9)"
	kfirig cut b
	wait "$job" || status=$?
	cat "$said"
	[ "$status" -ne 0 ]
	kfirig power-on b
	share_mount b
	load b
	kfirig put b "$work/key" /root/key
	on b kfipmem pool open /dev/pmem0 --cache-model
	nodes_export b
	for name in "${nodes_apps[@]}"; do
		on a kfipmem detach "$name.1" --force
	done
	nodes_attach a b 1
	nodes_attach b a 0
	nodes_run "/share/$app" "$@" > "$said" 2>&1 || { cat "$said"; return 1; }
	cat "$said"
	at=$(sed -n 's/.* begins at [a-z]* \([0-9]*\).*/\1/p' "$said")
	grep -q verified "$said"
	[ "$at" -gt 0 ]
}

make -s --no-print-directory -C "$top" shmem > /dev/null
share_program "$out"/shmem/bin/oshrun "$out"/shmem/apps/{heat,gups}

proves "spaces over two machines: regions, attached both ways" nodes_set_up
proves "heat over two machines, one loses its power" nodes_cut heat -v -n 64 -s 4000 -e 10
proves "random updates over two machines, one loses its power" \
	nodes_cut gups -w 4096 -u 20000 -c 500
