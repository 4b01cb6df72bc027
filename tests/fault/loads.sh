# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Two loads on node a: of a three-way set that it writes, and of a region of b that
# it has attached. Sourced after lib.sh and tests/vm/set_lib.sh.
#
# Variables of those that source this:
# shellcheck disable=SC2034,SC2154

set_size=4M

loads_set_up() {
	set_begin a
	on b kfipmem region create tank/data --size 4M
	on b kfipmem export tank/data --peer a --key-file /root/key
	on a kfipmem attach b/data --as a --key-file /root/key
}

# loads_start OPTIONS-OF-THE-ATTACHMENT'S
loads_start() {
	set_until a '[.members[].state] | all(. == "in-sync")' 90
	load_start set a /dev/kfi/vol --plain
	# shellcheck disable=SC2086
	load_start data a /dev/kfi/data $1
}

# loads_stop: all has healed; both go on, as before, and end
loads_stop() {
	set_until a '[.members[].state] | all(. == "in-sync")' 90
	load_reaches set 40
	load_reaches data 40
	load_stop data
	load_stop set
	[ "$(load_count set error)" -eq 0 ]
	on a kfipmem set scrub vol --wait --json > "$work/scrub"
	jq -e '.mismatches == 0 and .scrubbed > 0' "$work/scrub" > /dev/null || {
		cat "$work/scrub"
		return 1
	}
	check_log a b c
}

loads_figure() {
	printf 'longest operation %d ms; failed: %d of the set, %d of the attachment' \
		"$(fault_longest set data)" "$(load_count set error)" "$(load_count data error)"
}
