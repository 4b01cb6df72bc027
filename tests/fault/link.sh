# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# rig: network a:nvdimm=64M b:nvdimm=64M c:nvdimm=64M
#
# The cable of a machine is cut and comes back: for less than soft-RoCE goes on
# sending (2 s), for longer, and again and again; that of the target, which is a
# replica too, and that of the initiator, which is the writer.
#
# Numbers need no quotes:
# shellcheck disable=SC2086

# shellcheck source=tests/vm/lib.sh
. "${BASH_SOURCE[0]%/*}/../vm/lib.sh"
# shellcheck source=tests/vm/set_lib.sh
. "${BASH_SOURCE[0]%/*}/../vm/set_lib.sh"
# shellcheck source=tests/fault/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"
# shellcheck source=tests/fault/loads.sh
. "${BASH_SOURCE[0]%/*}/loads.sh"

# The time that the cable is cut, as a random one of this range: ms.
link_table='
short | 200   1000
long  | 4000  8000
'

# link_down NODE MS: time is what this test is about
link_down() {
	kfirig link "$1" down
	sleep "$(($2 / 1000)).$(printf '%03d' $(($2 % 1000)))"
	kfirig link "$1" up
}

# link_fault NAME NODE MS...
link_fault() {
	local name=$1 node=$2 ms

	loads_start ""
	for ms in "${@:3}"; do
		link_down "$node" "$ms"
	done
	loads_stop
	fault_figure "the cable of $node was cut, $name ($(printf '%s ms' "${*:3}"))" \
		"$(loads_figure)"
}

proves "a set of three, and an attached region (SEED=$seed)" loads_set_up
for node in b a; do
	while IFS='|' read -r name from to <&3; do
		proves "the cable of $node is cut, ${name// /}" \
			link_fault ${name// /} $node "$(random $from $to)"
	done 3< <(sed -e '/^$/d' -e 's/  *\([0-9][0-9]*\)$/|\1/' <<< "$link_table")
	proves "the cable of $node has a loose contact" link_fault "again and again" $node \
		"$(random 50 400)" "$(random 50 400)" "$(random 50 400)" \
		"$(random 50 400)" "$(random 50 400)"
done
fault_figures
