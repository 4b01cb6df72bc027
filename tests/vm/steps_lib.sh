# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The steps of the protocol: at each of them the target may lose its power
# (steps.sh), or stand still (tests/fault/frozen.sh). Sourced after lib.sh.
#
# Variables of those that source this, words expanded on the node:
# shellcheck disable=SC2016,SC2034,SC2154

# How the target is led to the step, what the step is, the function that its
# kernel enters then and for which time, the bytes of a write, and what is found
# of the write on its way, or of the change of the table: the old, the new, or
# either. What the fate of a write is says that the cut was where it should be.
#
# connect  the target has ended the connection, the writer makes a new one
# write    as it is, at a random write (the N of "N th" is added to)
# revoke   the export is removed while the peer writes
# fence    the epoch is raised while the peer writes
# table    a region is made while the peer writes
steps_table='
connect | connection requested               | kfr_listen_event             | 1 | 8192 | old
connect | connection about to be accepted    | rdma_cm:rdma_accept          | 1 | 8192 | old
connect | challenge about to be sent         | kfr_session_answer           | 1 | 8192 | old
connect | challenge answered                 | kfr_auth_proof               | 1 | 8192 | old
connect | proof verified                     | kfr_auth_proof               | 2 | 8192 | old
connect | attach: keys about to be made      | kfr_grant_register           | 1 | 8192 | old
connect | attach: grant about to be sent     | kfr_session_answer           | 3 | 8192 | old
connect | attach: keys about to be sent      | kfr_session_answer           | 4 | 8192 | old
write   | request received                   | kfr_wire_check_request       | 1 | 8192 | old
write   | request decoded                    | kfr_target_request           | 1 | 8192 | old
write   | commit begun                       | kfi_region_persist           | 1 | 8192 | old
write   | before the write-back              | kfi_cache_writeback          | 1 | 8192 | old
write   | written back, not fenced           | kfi_cache_fence              | 1 | 8192 | old
write   | fenced, not replied                | kfr_session_answer           | 1 | 8192 | new
write   | reply about to be posted           | rdma_rxe:rxe_post_send       | 1 | 8192 | new
write   | reply posted, perhaps sent         | rdma_rxe:rxe_requester       | 2 | 8192 | either
write   | inline: before the store           | kfi_region_store_durable     | 1 | 1024 | old
write   | inline: stored, not written back   | kfi_cache_writeback          | 1 | 1024 | old
write   | inline: written back, not fenced   | kfi_cache_fence              | 1 | 1024 | old
write   | inline: fenced, not replied        | kfr_session_answer           | 1 | 1024 | new
revoke  | export about to be removed         | kfi_export_remove            | 1 | 8192 | either
revoke  | notice about to be posted          | kfr_session_notify           | 1 | 8192 | either
revoke  | grant about to be withdrawn        | kfr_grant_withdraw           | 1 | 8192 | either
revoke  | hardware key about to be void      | ib_core:ib_dereg_mr_user     | 1 | 8192 | either
fence   | epoch about to be raised           | kfi_region_raise_epoch       | 1 | 8192 | old
fence   | epoch durable, keys still good     | kfi_export_fence             | 1 | 8192 | new
fence   | epoch durable, grant withdrawn     | kfr_grant_withdraw           | 1 | 8192 | new
table   | nothing stored                     | kfi_media_update             | 1 | 8192 | old
table   | first copy taken back              | header_persist               | 1 | 8192 | old
table   | first copy stored, not committed   | header_persist               | 2 | 8192 | old
table   | first copy committed, not fenced   | header_persist               | 3 | 8192 | either
table   | between the two copies             | kfi_media_update             | 2 | 8192 | new
table   | second copy taken back             | header_persist               | 4 | 8192 | new
table   | second copy stored, not committed  | header_persist               | 5 | 8192 | new
'

# Each step has a piece of the region of its own, written once.
steps_piece=262144
steps_before=10		# writes acknowledged before the step is armed

# steps_choose: the lines to run, by the seed; of each way about as many
steps_choose() {
	local want=${STEPS:-2} lines line way ways

	mapfile -t lines < <(sed -e '/^$/d' -e 's/ *| */|/g' -e 's/ *$//' <<< "$steps_table")
	case $want in
	all) printf '%s\n' "${lines[@]}" ;;
	*[!0-9]*) printf '%s\n' "${lines[@]}" | grep -F -e "$want" ;;
	*)
		mapfile -t ways < <(for way in connect write 'revoke|fence' table; do
			echo "$(random 0 999999) $way"
		done | sort -n | cut -d ' ' -f 2-)
		for way in "${ways[@]}"; do
			for line in "${lines[@]}"; do
				[[ ! $line =~ ^($way)\| ]] || echo "$(random 0 999999) $line"
			done | sort -n | sed 's/^[0-9]* //' | awk '{ print NR "\t" $0 }'
		done | sort -s -n -k 1,1 | head -n "$want" | cut -f 2-
		;;
	esac
}

steps_set_up() {
	target b --cache-model
	on b kfipmem region create tank/data --size 16M
	give_key b a
	kfirig get b /root/key "$work/key"
	on b kfipmem export tank/data --peer a --key-file /root/key
	load a
	on a kfipmem attach b/data --as a --key-file /root/key
	on a dd if=/dev/urandom of=/root/in bs=64k count=256
}

steps_incarnation() {
	on a kfipmem status --json | jq -e -r '.attachments[0].incarnation'
}

steps_epoch() {
	on b kfipmem region list --json | jq -e '.regions[] | select(.name == "data") | .epoch'
}

# steps_sums NODE PATH: of the piece of this step
steps_sums() {
	on "$1" chunkwriter sum --chunk "$chunk" --first "$first" \
		--count $((steps_piece / chunk)) "$2"
}

# steps_write FIRST COUNT: in the step's piece; says what was acknowledged
steps_write() {
	on a chunkwriter write --chunk "$chunk" --first "$1" --count "$2" \
		/dev/kfi/data /root/in
}

# steps_write_again FIRST COUNT: the same, to a target that is back. It may be
# back before a has given up the connection that it was making at the cut: what is
# written until then is told that the link is severed, and not acknowledged.
steps_write_again() {
	local end=$((SECONDS + 10)) said

	until said=$(steps_write "$@" 2>&1 > "$log.out"); do
		if [[ $said != *'Link has been severed'* ]] || [ -s "$log.out" ] ||
			[ $SECONDS -ge $end ]; then
			echo "$said" >&2
			return 1
		fi
	done
}
