# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# rig: crash a b
#
# Persistent spaces over two machines: one of them loses its power, and the next
# job finds one epoch on both.

# shellcheck source=tests/vm/pspace_lib.sh
. "${BASH_SOURCE[0]%/*}/pspace_lib.sh"

space_nodes=(a b)
space_names=(heat gups)

# nodes_cut PROGRAM [OPTION...]: the power goes while it runs
nodes_cut() {
	local program=$1 status=0 said=$work/nodes job

	shift
	: > "$said"
	spaces_run 100 4 "/share/$program" "$@" > "$said" 2>&1 &
	job=$!
	wait_until 60 grep -q 'begins at\|PE ' "$said"
	sleep "$(random 1 3).$(random 0 9)"
	kfirig cut b
	wait "$job" || status=$?
	cat "$said"
	[ "$status" -ne 0 ]
	kfirig power-on b
	spaces_return 1
	spaces_run 100 4 "/share/$program" "$@" > "$said" 2>&1 || { cat "$said"; return 1; }
	cat "$said"
	grep -q verified "$said"
	[ "$(begins "$said")" -gt 0 ]
}

spaces_share
spaces_rsh
proves "spaces over two machines: regions, attached both ways" spaces_make
proves "heat over two machines, one loses its power" nodes_cut heat -v -n 64 -s 80 -e 4
proves "random updates over two machines, one loses its power" \
	nodes_cut gups -w 4096 -u 300 -c 15
