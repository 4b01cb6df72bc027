# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Replica sets on nodes: what their tests and the demo share. The set "vol" has
# a member on each node of set_nodes, in this order. Sourced after lib.sh.
#
# Variables of those that source this, and for them:
# shellcheck disable=SC2034,SC2154

set_nodes=(a b c)
set_size=${set_size:-64M}
set_device=/dev/kfiblk0
set_removed=	# a node whose member was removed

# set_serve NODE create|open [POOL-OPTION...]: a node's part, at each boot
set_serve() {
	local node=$1 how=$2 peer

	load "$node"
	case $how in
	create) on "$node" kfipmem pool create /dev/pmem0 --name tank --force "${@:3}" ;;
	open) on "$node" kfipmem pool open /dev/pmem0 "${@:3}" ;;
	esac
	[ "$how" = open ] || on "$node" kfipmem region create tank/vol --size "$set_size"
	kfirig put "$node" "$work/key" /root/key
	on "$node" chmod 600 /root/key
	for peer in "${set_nodes[@]}"; do
		[ "$peer" = "$node" ] ||
			on "$node" kfipmem export tank/vol --peer "$peer" --key-file /root/key
	done
}

# set_key: one key for all pairs of nodes
set_key() {
	(umask 077 && od -An -v -N 32 -tx1 /dev/urandom | tr -d ' \n' > "$work/key")
}

# set_members NODE: the options that name the members, as NODE sees them
set_members() {
	local node

	for node in "${set_nodes[@]}"; do
		if [ "$node" = "$set_removed" ]; then
			printf ' --member removed'
		elif [ "$node" = "$1" ]; then
			printf ' --member local:tank/vol'
		else
			printf ' --member %s/vol' "$node"
		fi
	done
	printf ' --as %s --key-file /root/key' "$1"
}

# set_start NODE [OPTION...]: take over
set_start() {
	# shellcheck disable=SC2046
	on "$1" kfipmem set start vol $(set_members "$1") "${@:2}"
}

# set_create NODE [OPTION...]: of new regions, which are all zero
set_create() {
	# shellcheck disable=SC2046
	on "$1" kfipmem set create vol $(set_members "$1") --assume-clean "${@:2}"
}

# set_begin NODE: a new set on new pools, with its block device on NODE
set_begin() {
	local node

	for node in "${set_nodes[@]}"; do
		clean_node "$node"
	done
	set_key
	for node in "${set_nodes[@]}"; do
		set_serve "$node" create --cache-model="$(random 1 1000000)"
	done
	set_create "$1"
	on "$1" kfipmem blk add vol > /dev/null
}

# set_revive NODE...: they have power again, and are members
set_revive() {
	local node

	[ $# -eq 0 ] || kfirig power-on "$@"
	for node; do
		set_serve "$node" open --cache-model="$(random 1 1000000)"
	done
}

# set_take_over NODE: the writer, with the block device
set_take_over() {
	set_start "$1"
	on "$1" kfipmem blk add vol > /dev/null
}

set_index() {
	local i

	for i in "${!set_nodes[@]}"; do
		[ "${set_nodes[i]}" != "$1" ] || echo "$i"
	done
}

# set_is NODE FILTER: the set's JSON at NODE makes it true
set_is() {
	on "$1" kfipmem set status vol --json |
		jq -e ".sets[0] | $2" > /dev/null
}

# set_until NODE FILTER [SECONDS]
set_until() {
	wait_until "${3:-60}" set_is "$1" "$2" || {
		on "$1" kfipmem set status vol --json || true
		return 1
	}
}

# set_in_sync WRITER NODE: until the member on NODE has every write
set_in_sync() {
	set_until "$1" ".members[$(set_index "$2")].state == \"in-sync\"" "${3:-90}"
}
