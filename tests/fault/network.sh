# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# rig: network a:nvdimm=64M b:nvdimm=64M c:nvdimm=64M
#
# Packets of RDMA are lost, doubled, overtaken and late, in both directions, under
# a three-way set and an attached region. Nothing acknowledged is lost, every
# operation ends in time, and what follows is as before.
#
# Where packets overtake each other nothing is read: soft-RoCE (6.12) then may end
# a READ that has not got all of its bytes. What was written is read afterwards.
#
# FAULT=TEXT: only the lines of the table with that text.
#
# Words in single quotes are expanded on the node:
# shellcheck disable=SC2016,SC2086

# shellcheck source=tests/vm/lib.sh
. "${BASH_SOURCE[0]%/*}/../vm/lib.sh"
# shellcheck source=tests/vm/set_lib.sh
. "${BASH_SOURCE[0]%/*}/../vm/set_lib.sh"
# shellcheck source=tests/fault/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"
# shellcheck source=tests/fault/loads.sh
. "${BASH_SOURCE[0]%/*}/loads.sh"

# What netem makes of a share of the packets. Late ones let the others overtake
# them; overtaking ones find the others late.
network_table='
lost       | loss SHARE%
doubled    | duplicate SHARE%
overtaking | delay 10ms reorder SHARE%
late       | delay 100ms reorder REST%
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

# network_shape [NETEM...]: all three; nothing is the network as it was
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
	loads_set_up
}

# network_dropped NODE: packets that its queue has dropped
network_dropped() {
	on "$1" tc -s qdisc show dev eth0 |
		sed -n '/netem/,$s/.*dropped \([0-9]*\),.*/\1/p' | head -n 1
}

# network_forgive: soft-RoCE warns of itself, once in a boot, when what comes for
# a READ is out of order. That is taken from the log, if nothing else is there.
network_forgive() {
	local node said

	for node in "${set_nodes[@]}"; do
		if said=$(kfirig dmesg --check "$node"); then
			continue
		fi
		if sed '/WARNING: .* rxe_comp.c:[0-9]* rxe_completer/,/end trace/d' <<< "$said" |
			grep -E 'WARNING|BUG|Oops|Call Trace|INFO: |KASAN|UBSAN|refcount_t'; then
			return 1
		fi
		on "$node" dmesg -c > /dev/null
		echo "soft-RoCE of $node has warned of READs out of order"
	done
}

# network_fault NAME SHARE NETEM...: under both loads
network_fault() {
	local name=$1 share=$2 before some reads=

	network_shape
	before=$(network_dropped a)
	case $name in
	overtaking | late) reads=--no-reads ;;
	esac
	loads_start "$reads"
	network_shape "${@:3}"
	# Of what is lost soft-RoCE sends little more than one packet at a time.
	some=$((share == 20 ? 10 : 40))
	load_reaches set $some 120
	load_reaches data $some 120
	network_shape
	[ -z "$reads" ] || network_forgive
	loads_stop
	[ "$name" != lost ] || [ "$(network_dropped a)" -gt "$before" ]
	fault_figure "$share % of the packets $name" "$(loads_figure)"
}

proves "a set of three, and an attached region (SEED=$seed)" network_set_up
while IFS='|' read -r name netem <&3; do
	for share in 1 5 20; do
		words=${netem//REST/$((100 - share))}
		proves "$share % of the packets are ${name// /}" \
			network_fault ${name// /} $share ${words//SHARE/$share}
	done
done 3< <(sed '/^$/d' <<< "$network_table" | grep -F -e "${FAULT:-}")
fault_figures
