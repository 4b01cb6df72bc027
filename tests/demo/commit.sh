#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Two machines: one writes a file into the other's persistent memory, the
# other loses its power in the middle. Then the same without commits.
# commit.sh [FILE]; SEED=N repeats the moments of the cuts.

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=tests/vm/lib.sh
. "$here/../vm/lib.sh"

chunk=16384
mib=1048576

say() {
	printf '%s\n' "$*"
}

die() {
	printf 'demo: %s\n' "$*" >&2
	exit 1
}

# A file that every Debian machine has: the kernel itself, or else a library.
default_input() {
	local file

	while IFS= read -r file; do
		[ ! -r "$file" ] || { echo "$file"; return; }
	done < <(find -L /boot /usr/bin /usr/lib -xdev -type f -size +8192k -size -32768k 2> /dev/null | sort)
	die "no file between 8 and 32 MiB found; give one: make demo INPUT=FILE"
}

# progress TOTAL FIRST: of the lines "ack N" on stdin, which go on to stdout
progress() {
	local total=$1 done=$2 line width=40 filled shown=-1

	while IFS= read -r line; do
		printf '%s\n' "$line"
		case $line in
		'ack '*) done=$((done + 1)) ;;
		esac
		filled=$((done * width / total))
		if [ -t 2 ]; then
			[ "$((done * 200 / total))" -eq "$shown" ] ||
				printf '\r  [%-*s] %d of %d chunks' "$width" \
					"$(printf '%*s' "$filled" '' | tr ' ' '#')" "$done" "$total" >&2
			shown=$((done * 200 / total))
		elif [ "$((done * 4 / total))" -ne "$shown" ]; then
			shown=$((done * 4 / total))
			printf '  %d of %d chunks\n' "$done" "$total" >&2
		fi
	done
	[ ! -t 2 ] || echo >&2
}

# The target's part, at each boot: exports are not kept over a boot.
serve() {
	load target
	on target kfipmem pool "$@" --cache-model > /dev/null
}

export_all() {
	local region

	kfirig put target "$work/key" /root/key
	on target chmod 600 /root/key
	for region in committed written; do
		on target kfipmem export "tank/$region" --peer writer --key-file /root/key
	done
}

# write REGION CUT-AT FIRST OPTION...: writes until the cut; CUT-AT "" for none
write() {
	local region=$1 cut=$2 first=$3 status=0 opts=()

	[ -z "$cut" ] || opts+=(--cut "target@$(printf 'ack %06d' "$cut")")
	kfirig exec --no-stdin --timeout 600 "${opts[@]}" writer -- \
		chunkwriter write --chunk $chunk --first "$first" "${@:4}" \
		"/dev/kfi/$region" /root/input 2> "$work/$region.err" |
		progress "$chunks" "$first" >> "$work/$region.acks" || status=$?
	if [ -z "$cut" ]; then
		[ $status -eq 0 ] || die "the writer failed: $(cat "$work/$region.err")"
	else
		# A plain write may not notice: nobody promised it anything.
		[ $status -ne 0 ] || [ "$region" = written ] ||
			die "the power was cut and the writer did not notice"
	fi
}

# found REGION: which of its acknowledged chunks are there, by SHA-256
found() {
	on target chunkwriter sum --chunk $chunk --size "$bytes" "/dev/kfi/$1" > "$work/$1.found"
	acked "$work/$1.acks" > "$work/$1.acked"
	compare "$work/want" "$work/$1.found" "$work/$1.acked"
}

cut_and_boot() {
	check_log target || die "the target's kernel complained"
	say "  target has no power; booting it again"
	kfirig power-on target
	serve open /dev/pmem0
}

inside() {
	local at verdict=0 acks present missing plain_acks plain_present plain_lost
	local resumed want_hash got_hash method op

	seed_random
	kfirig put writer "$input" /root/input
	sums "$input" $chunk > "$work/want"
	serve create /dev/pmem0 --name tank --force
	on target kfipmem region create tank/committed --size "$bytes"
	on target kfipmem region create tank/written --size "$bytes"
	on target kfipmem key generate /root/key > /dev/null
	kfirig get target /root/key "$work/key"
	kfirig put writer "$work/key" /root/key
	on writer chmod 600 /root/key
	export_all
	load writer
	on writer kfipmem attach target/committed --as writer --key-file /root/key > /dev/null
	on writer kfipmem attach target/written --as writer --key-file /root/key > /dev/null
	method=$(on writer kfipmem status --json |
		jq -r '.attachments[] | select(.name == "committed") | "\(.domain), method \(.method)"')

	at=$(random $((chunks / 5)) $((chunks * 4 / 5)))
	say
	say "Durable writes (O_DSYNC), the target's power goes near chunk $at (SEED=$seed)"
	write committed "$at" 0
	sed -n 's/^chunkwriter/  the writer/p' "$work/committed.err"
	cut_and_boot
	read -r present missing < <(found committed)
	acks=$(wc -l < "$work/committed.acked")
	say "  $acks chunks were acknowledged: $present found, $missing lost"
	[ "$missing" -eq 0 ] || verdict=1
	[ "$acks" -gt 0 ] || verdict=1

	export_all
	resumed=$acks
	say
	say "The writer goes on at chunk $resumed, over the same attachment"
	write committed "" "$resumed"
	want_hash=$(sha256sum < "$input" | cut -d ' ' -f 1)
	got_hash=$(on target sh -c "head -c $bytes /dev/kfi/committed | sha256sum" | cut -d ' ' -f 1)
	say "  SHA-256 of the input:  $want_hash"
	say "  SHA-256 at the target: $got_hash"
	[ "$want_hash" = "$got_hash" ] || verdict=1
	op=$(on writer kfipmem stat committed --json | jq -c '.endpoints[0].ops[] | select(.op == "write-commit")')

	at=$(random $((chunks / 5)) $((chunks * 4 / 5)))
	say
	say "The counter-proof: plain writes, no commit; the power goes near chunk $at"
	on writer kfipmem detach written --force
	on writer kfipmem attach target/written --as writer --key-file /root/key > /dev/null
	write written "$at" 0 --plain
	sed -n 's/^chunkwriter/  the writer/p' "$work/written.err"
	cut_and_boot
	read -r plain_present plain_lost < <(found written)
	plain_acks=$(wc -l < "$work/written.acked")
	say "  $plain_acks chunks were written: $plain_present found, $plain_lost lost"
	[ "$plain_lost" -gt 0 ] || verdict=1
	check_log target writer || verdict=1

	say
	say "Summary"
	say "  input          $input, $bytes bytes, $chunks chunks of $((chunk / 1024)) KiB"
	say "  target         domain $method; the volatile-cache model is on"
	say "  committed      $acks acknowledged before the cut, $present found after it, $missing lost"
	say "  not committed  $plain_acks written before the cut, $plain_present found after it, $plain_lost lost"
	say "  per commit     $(jq -r '"\(.messages / .ops * 100 | round / 100) messages (\(.requests / .ops * 100 | round / 100) requests in \(.posts / .ops * 100 | round / 100) posts, \(.replies / .ops * 100 | round / 100) replies), \(.bytes_per_op) bytes"' <<< "$op")"
	say "  latency        median between $(jq -r '"\(.latency.p50.from_ns / 1000 | round) and \(.latency.p50.below_ns / 1000 | round)"' <<< "$op") us, in emulated machines"
	if [ $verdict -eq 0 ]; then
		say "  All that was acknowledged survived; what was not committed did not."
	else
		say "  FAILED"
	fi
	return $verdict
}

if [ "${1:-}" = --inside ]; then
	input=$2
	bytes=$(stat -L -c %s "$input")
	chunks=$(((bytes + chunk - 1) / chunk))
	work=$(mktemp -d "${TMPDIR:-/tmp}/kfi-demo.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	inside
	exit
fi

input=$(realpath -- "${1:-$(default_input)}")
if [ ! -f "$input" ] || [ ! -r "$input" ]; then
	die "$input is not a file that can be read"
fi
bytes=$(stat -L -c %s "$input")
[ "$bytes" -ge $((16 * chunk)) ] || die "$input is smaller than $((16 * chunk / 1024)) KiB"

say "Building modules, kfipmem, the rig and the nodes' image"
build_all > /dev/null
# Both regions on the NVDIMM, and their shadows in the target's memory.
nvdimm=$((bytes * 2 / mib / 64 * 64 + 128))
memory=$((768 + bytes * 2 / mib))
say "Booting two machines"
kfirig run --image "$image" "writer:nvdimm=0,mem=$((768 + bytes / mib))M" \
	"target:nvdimm=${nvdimm}M,mem=${memory}M" -- "$0" --inside "$input"
