# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# rig: crash a b
#
# Persistent spaces over two machines: one of them loses its power, and the next
# job finds one epoch on both.

# shellcheck source=tests/vm/pspace_lib.sh
. "${BASH_SOURCE[0]%/*}/pspace_lib.sh"

space_nodes=(a b)
space_names=(heat gups phash)

# nodes_cut PROGRAM [OPTION...]: the power goes while it runs
nodes_cut() {
	local tries=0

	nodes_missed=yes
	while [ $nodes_missed = yes ]; do
		[ $((++tries)) -lt 7 ]
		nodes_missed=no
		nodes_cut_once "$@"
	done
}

nodes_cut_once() {
	local program=$1 status=0 said=$work/nodes job

	shift
	: > "$said"
	spaces_run 200 4 "/share/$program" "$@" -r > "$said" 2>&1 &
	job=$!
	wait_until 120 spaces_begun "$said" "$job"
	spaces_moment
	kfirig cut b
	wait "$job" || status=$?
	cat "$said"
	kfirig power-on b
	spaces_return 1
	if grep -q 'cannot attach the memory of machine' "$said"; then
		nodes_missed=yes
		return
	fi
	if [ "$status" -eq 0 ]; then
		spaces_too_late
		nodes_missed=yes
		return
	fi
	spaces_run_again "$said" 200 4 "/share/$program" "$@" || { cat "$said"; return 1; }
	cat "$said"
	grep -q verified "$said"
	if [ "$(begins "$said")" -eq 0 ]; then
		spaces_too_early
		nodes_missed=yes
	fi
}

spaces_share
spaces_rsh
proves "spaces over two machines: regions, attached both ways" spaces_make
# The hash table has signals that announce durable bytes, the others epochs.
nodes_programs=(heat gups phash)
[ "${CUTS:-1}" -gt 2 ] || nodes_programs=("${nodes_programs[$(random 0 2)]}")
for nodes_program in "${nodes_programs[@]}"; do
	case $nodes_program in
	heat) nodes_options=(-v -n 64 -s 80 -e 4) ;;
	gups) nodes_options=(-w 4096 -u 300 -c 15) ;;
	phash) nodes_options=(-s 4096 -k 300) ;;
	esac
	proves "$nodes_program over two machines, one loses its power" \
		nodes_cut "$nodes_program" "${nodes_options[@]}"
done
