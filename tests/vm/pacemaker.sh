# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# rig: cluster a:nvdimm=64M,mem=1G b:nvdimm=64M,mem=1G c:nvdimm=64M,mem=1G
# by name only: it takes minutes. make check ONLY=cluster
#
# Corosync and Pacemaker on three nodes, the set as a promotable clone of the
# agent, a file system with its writer. What the manager does, it does by
# itself: the test kills, waits and counts.
#
# Words in single quotes are expanded on the node:
# shellcheck disable=SC2016,SC2154

# shellcheck source=tests/vm/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"
# shellcheck source=tests/vm/set_lib.sh
. "${BASH_SOURCE[0]%/*}/set_lib.sh"

cluster_files=$top/tests/vm/cluster
agent=/usr/lib/ocf/resource.d/kfi/kfiset
set_size=24M
mnt=/srv
file_size=16384

# pm NODE COMMAND...: with the cluster's libraries
pm() {
	on "$1" sh -c '. /etc/profile && exec "$@"' sh "${@:2}"
}

# conf NODE: its /etc/kfipmem.conf
conf() {
	local node

	cat <<-END
		[pool tank]
		device = /dev/pmem0
		cache-model = $(random 1 1000000)
		[export tank/vol]
	END
	for node in "${set_nodes[@]}"; do
		[ "$node" = "$1" ] || echo "peer = $node"
	done
	for node in "${set_nodes[@]}"; do
		[ "$node" = "$1" ] || printf '[peer %s]\nkey-file = /root/key\n' "$node"
	done
	cat <<-END
		[set vol]
		as = $1
		key-file = /root/key
		on-quorum-loss = fail
		block-device = 0
	END
	for node in "${set_nodes[@]}"; do
		case $node in
		"$1") echo "member = local:tank/vol" ;;
		*) echo "member = $node/vol" ;;
		esac
	done
}

# prepare NODE: at each boot, all but the start of the daemons
prepare() {
	conf "$1" > "$work/conf.$1"
	kfirig put "$1" "$work/conf.$1" /etc/kfipmem.conf
	kfirig put "$1" "$work/key" /root/key
	kfirig put "$1" "$cluster_files/node.sh" /root/node.sh
	kfirig put "$1" "$cluster_files/corosync.conf" /root/corosync.conf
	kfirig put "$1" "$cluster_files/cib.xml" /root/cib.xml
	on "$1" sh -c 'chmod 600 /root/key && sh /root/node.sh environment'
}

start_cluster() {
	LIMIT=120 pm "$1" sh /root/node.sh start
}

# A set with an empty file system, on machines that have booted just now.
set_up() {
	local node

	set_key
	for node in "${set_nodes[@]}"; do
		set_serve "$node" create
	done
	set_create a
	on a kfipmem blk add vol > /dev/null
	on a mke2fs -q -t ext4 -E nodiscard "$set_device"
	for node in "${set_nodes[@]}"; do
		clean_node "$node"
		prepare "$node"
	done
}

ocf_tester() {
	local node said

	for node in b c; do
		on "$node" sh -c '/sbin/modprobe -a kfi_rdma kfi_user &&
			kfipmem up pools exports --set vol > /dev/null'
	done
	said=$(LIMIT=300 pm a ocf-tester -n vol -o set=vol "$agent" 2>&1) || true
	printf '%s\n' "$said"
	[[ $said == *"passed all tests"* ]]
	# It calls what is wrong and goes on: nothing of that sort.
	fails grep -q '^\*.*\(fail\|not conform\|should\|rc=\)' <<< "$said"
}

# agent_says CODE TEXT ACTION [VARIABLE=VALUE...]
agent_says() {
	local status=0 said

	said=$(pm a env OCF_ROOT=/usr/lib/ocf OCF_RESOURCE_INSTANCE=vol \
		OCF_RESKEY_set=vol "${@:4}" "$agent" "$3" 2>&1) || status=$?
	if [ $status -ne "$1" ] || [[ $said != *"$2"* ]]; then
		echo "$3: status $status, said: $said"
		return 1
	fi
}

agent_alone() {
	agent_says 6 "the parameter 'set' is missing" validate-all OCF_RESKEY_set=
	agent_says 6 "has no [set none]" start OCF_RESKEY_set=none
	agent_says 5 "there is no /none on this machine" start OCF_RESKEY_config=/none
	agent_says 7 "" monitor OCF_RESKEY_config=/none
	agent_says 3 "usage" migrate_to
	on a sh -c 'echo "[set vol]" > /root/bad.conf'
	agent_says 6 "/root/bad.conf:1: set 'vol' has no member" validate-all \
		OCF_RESKEY_config=/root/bad.conf

	agent_says 7 "" monitor
	agent_says 0 "" start
	agent_says 0 "" monitor
	agent_says 0 "" promote
	agent_says 8 "" monitor
	# Somebody takes over: no writer any more, whatever it believes.
	on b kfipmem set start vol
	agent_says 9 "set vol is fenced: another machine has taken it over" monitor
	on b kfipmem set stop vol
	agent_says 0 "" demote
	agent_says 0 "" monitor
	agent_says 0 "" promote
	on a sh -c "sleep 1000 < $set_device > /dev/null 2>&1 & echo \$! > /root/pid"
	agent_says 1 "set vol cannot be stopped" demote
	on a sh -c 'kill $(cat /root/pid)'
	agent_says 0 "" stop
	agent_says 7 "" monitor
	json a '.exports == []' kfipmem exports
	json a '.sets == []' kfipmem set status
	# A member that is not served to all is not in order.
	agent_says 0 "" start
	on a kfipmem unexport tank/vol --peer c
	agent_says 7 "" monitor
	agent_says 0 "" stop
}

# where_is: the node with the file system, as its own kernel sees it
where_is() {
	local node

	for node; do
		! on "$node" grep -q " $mnt " /proc/mounts || echo "$node"
	done
}

# until_mounted SECONDS NODE...: on exactly one of these; its name in $primary
until_mounted() {
	local end=$((SECONDS + $1))

	while :; do
		primary=$(where_is "${@:2}")
		case $primary in
		?) echo "$primary" > "$work/primary" && return 0 ;;
		esac
		[ $SECONDS -lt $end ] || break
		sleep 0.5
	done
	echo "the file system is on '$primary' after $1 s"
	pm "$2" crm_mon -1 -r -A -f
	return 1
}

cluster_starts() {
	local node pids=() pid

	for node in "${set_nodes[@]}"; do
		on "$node" sh -c 'kfipmem down > /dev/null 2>&1; true'
		unload "$node"
		start_cluster "$node" &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid"
	done
	until_mounted 120 "${set_nodes[@]}"
	until_others_are_good
}

# score NODE ASKED: its promotion score
score() {
	pm "$2" attrd_updater -Q -N "$1" -n master-vol 2> /dev/null |
		sed -n 's/.*value="\([^"]*\)".*/\1/p'
}

# until_score NODE VALUE
until_score() {
	local end=$((SECONDS + 90)) is

	until is=$(score "$1" "$(< "$work/primary")") && [ "$is" = "$2" ]; do
		[ $SECONDS -lt $end ] || {
			echo "the score of $1 is '$is', not $2"
			pm "$(< "$work/primary")" crm_mon -1 -r -A -f
			return 1
		}
		sleep 0.5
	done
}

# The writer has told the manager that the others can take its place.
until_others_are_good() {
	local node

	primary=$(< "$work/primary")
	for node in "${set_nodes[@]}"; do
		case $node in
		"$primary") until_score "$node" 1100 ;;
		*) until_score "$node" 1000 ;;
		esac
	done
}

# writes NODE: files, each with fsync, until something ends it
writes() {
	local next

	# Above anything that was written and never acknowledged.
	next=$(($(acked_files | tail -n 1) + 1000))
	kfirig exec --no-stdin --timeout 600 "$1" -- \
		filewriter write "$mnt" "$file_size" "$next" 0 >> "$work/acks.$1" 2> "$work/err.$1" || true
}

acked_files() {
	{
		echo "ack 0"
		cat "$work"/acks.* 2> /dev/null || true
	} | sed -n 's/^ack 0*\([0-9][0-9]*\)$/\1/p' | sort -n
}

until_acks() {
	local want end=$((SECONDS + 120))

	want=$(($(acked_files | wc -l) + $1))
	until [ "$(acked_files | wc -l)" -ge "$want" ]; do
		[ $SECONDS -lt $end ] || {
			echo "no file was acknowledged for too long; $(cat "$work"/err.*)"
			return 1
		}
		sleep 0.2
	done
}

# nothing_lost NODE: every file whose fsync() returned is there
nothing_lost() {
	local lost

	on "$1" filewriter check "$mnt" "$file_size" | sed -n 's/^0*\([0-9]*\) ok$/\1/p' |
		sort > "$work/found"
	acked_files | tail -n +2 | sort > "$work/acked"
	[ -s "$work/acked" ] || {
		echo "nothing was acknowledged"
		return 1
	}
	lost=$(comm -23 "$work/acked" "$work/found")
	echo "$(wc -l < "$work/acked") files acknowledged"
	[ -z "$lost" ] || {
		echo "lost: $lost"
		return 1
	}
}

others() {
	local node

	for node in "${set_nodes[@]}"; do
		[ "$node" = "$1" ] || echo "$node"
	done
}

primary_loses_power() {
	local begin

	old=$(< "$work/primary")
	writes "$old" &
	until_acks "$(random 10 40)"
	kfirig cut "$old"
	begin=$SECONDS
	wait
	# shellcheck disable=SC2046
	until_mounted 90 $(others "$old")
	echo "on $primary $((SECONDS - begin)) s after the cut of $old"
	nothing_lost "$primary"
	echo "$old" > "$work/old"
}

it_comes_back() {
	old=$(< "$work/old")
	primary=$(< "$work/primary")
	writes "$primary" &
	until_acks 5
	kfirig power-on "$old"
	prepare "$old"
	start_cluster "$old"
	set_in_sync "$primary" "$old" 120
	until_score "$old" 1000
	[ "$(where_is "${set_nodes[@]}")" = "$primary" ]
	until_acks 5
	on "$primary" killall -INT filewriter
	wait
	nothing_lost "$primary"
}

# It has no quorum and is told so, lets go of the file system, and finds another
# writer when it is back.
primary_is_cut_off() {
	local end begin

	old=$(< "$work/primary")
	writes "$old" &
	until_acks 5
	kfirig link "$old" down
	begin=$SECONDS
	# shellcheck disable=SC2046
	until_mounted 120 $(others "$old")
	echo "on $primary $((SECONDS - begin)) s after $old lost its network"
	nothing_lost "$primary"
	end=$((SECONDS + 120))
	until [ -z "$(where_is "$old")" ] &&
		[ "$(on "$old" kfipmem set status --json | jq '.sets | length')" -eq 0 ]; do
		[ $SECONDS -lt $end ] || {
			echo "$old does not let go"
			pm "$old" crm_mon -1 -r -A -f
			return 1
		}
		sleep 0.5
	done
	wait
	nothing_lost "$primary"
	kfirig link "$old" up
	set_in_sync "$primary" "$old" 120
	until_score "$old" 1000
	[ "$(where_is "${set_nodes[@]}")" = "$primary" ]
	writes "$primary" &
	until_acks 5
	on "$primary" killall -INT filewriter
	wait
	nothing_lost "$primary"
}

# Behind the manager's back: it finds that its writer is none any more.
writer_is_fenced() {
	local by end=$((SECONDS + 120)) epoch

	old=$(< "$work/primary")
	by=$(others "$old" | sed -n 1p)
	epoch=$(on "$old" kfipmem set status vol --json | jq '.sets[0].epoch')
	writes "$old" &
	until_acks 5
	on "$by" sh -c 'kfipmem set start vol && kfipmem set stop vol'
	wait
	until primary=$(where_is "${set_nodes[@]}") && [[ $primary == ? ]] &&
		json "$primary" ".sets[0].state == \"active\" and .sets[0].epoch > $epoch + 1" \
			kfipmem set status vol > /dev/null 2>&1; do
		[ $SECONDS -lt $end ] || {
			echo "no writer again; the file system is on '$primary'"
			pm "$old" crm_mon -1 -r -A -f
			return 1
		}
		sleep 0.5
	done
	echo "$primary" > "$work/primary"
	nothing_lost "$primary"
	pm "$primary" crm_mon -1 -f > "$work/mon"
	grep -q 'set vol is fenced' "$work/mon" || {
		cat "$work/mon"
		return 1
	}
	writes "$primary" &
	until_acks 5
	on "$primary" killall -INT filewriter
	wait
	nothing_lost "$primary"
	until_others_are_good
}

proves "three machines with a set, and a cluster's files" set_up
proves "ocf-tester finds nothing" ocf_tester
proves "the agent alone: what it answers, and its texts" agent_alone
proves "Pacemaker promotes one, mounts there, and knows the others as in sync" cluster_starts
proves "the primary loses its power: the file system comes up elsewhere, whole" primary_loses_power
proves "the machine comes back as a replica and gets in sync" it_comes_back
proves "the primary loses its network: taken over, and it lets go" primary_is_cut_off
proves "a writer that was fenced is found, demoted, and replaced" writer_is_fenced
