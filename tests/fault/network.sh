# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# rig: network a:nvdimm=64M b:nvdimm=64M c:nvdimm=64M
#
# Packets of RDMA are lost, doubled, overtaken and late, in both directions, under
# a three-way set and an attached region. Nothing acknowledged is lost, every
# operation ends in time, and what follows is as before.
#
# Words in single quotes are expanded on the node:
# shellcheck disable=SC2016,SC2086

# shellcheck source=tests/vm/lib.sh
. "${BASH_SOURCE[0]%/*}/../vm/lib.sh"
# shellcheck source=tests/vm/set_lib.sh
. "${BASH_SOURCE[0]%/*}/../vm/set_lib.sh"
# shellcheck source=tests/fault/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

set_size=4M

# What netem makes of a share of the packets. Late ones let the others overtake
# them; overtaking ones find the others late.
network_table='
lost       | loss $share%
doubled    | duplicate $share%
overtaking | delay 10ms reorder $share%
late       | delay 100ms reorder $((100 - share))%
'

# network_gate NODE: what it sends to port 4791, connections being made too, goes
# through a queue of its own. Its parameters may be changed under traffic; it
# must not be replaced then, see Documentation/rig.rst.
network_gate() {
	on "$1" sh -c '/sbin/modprobe -a sch_prio cls_u32 &&
		/sbin/tc qdisc add dev eth0 root handle 1: prio bands 4 &&
		/sbin/tc qdisc add dev eth0 parent 1:4 handle 4: netem limit 100000 &&
		/sbin/tc filter add dev eth0 parent 1: protocol ip u32 match ip protocol 17 0xff \
			match u16 4791 0xffff at 22 flowid 1:4'
}

# network_shape [NETEM...]: all three; nothing is the network as it was. The seed
# is netem's own, so that a run repeats.
network_shape() {
	local node

	for node in "${set_nodes[@]}"; do
		on "$node" tc qdisc change dev eth0 parent 1:4 handle 4: \
			netem limit 100000 "$@"
	done
}

network_set_up() {
	local node

	for node in "${set_nodes[@]}"; do
		clean_node "$node"
		network_gate "$node"
	done
	set_begin a
	on b kfipmem region create tank/data --size 4M
	on b kfipmem export tank/data --peer a --key-file /root/key
	on a kfipmem attach b/data --as a --key-file /root/key
}

# network_dropped NODE: packets that its queue has dropped
network_dropped() {
	on "$1" tc -s qdisc show dev eth0 |
		sed -n '/netem/,$s/.*dropped \([0-9]*\),.*/\1/p' | head -n 1
}

# network_fault NAME SHARE NETEM...: under both loads
network_fault() {
	local name=$1 share=$2 sent

	sent=$(network_dropped a)
	load_start set a /dev/kfi/vol --plain
	load_start data a /dev/kfi/data
	network_shape "${@:3}"
	load_reaches set 60 120
	load_reaches data 60 120
	network_shape
	# As before.
	set_until a '[.members[].state] | all(. == "in-sync")' 90
	load_reaches set 40
	load_reaches data 40
	load_stop data
	load_stop set
	on a kfipmem set scrub vol --wait --json > "$work/scrub"
	jq -e '.mismatches == 0 and .scrubbed > 0' "$work/scrub" > /dev/null
	[ "$name" != lost ] || [ "$(network_dropped a)" -gt "$sent" ]
	check_log a b c
	fault_figure "$share % of the packets $name" \
		"longest operation $(fault_longest set data) ms, failed $(load_count set error) of the set, $(load_count data error) of the attachment"
}

proves "a set of three, and an attached region (SEED=$seed)" network_set_up
while IFS='|' read -r name netem <&3; do
	for share in 1 5 20; do
		eval "words=\"$netem\""
		proves "$share % of the packets are ${name// /} " \
			network_fault ${name// /} $share $words
	done
done 3< <(sed '/^$/d' <<< "$network_table")
fault_figures
