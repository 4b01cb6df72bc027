# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What the VM tests and the demo share: building what runs in the nodes, and
# short words for what is done on them. Sourced; needs bash.
#
# Words in single quotes are expanded on the node:
# shellcheck disable=SC2016

[ -z "${kfi_vm_lib:-}" ] || return 0
kfi_vm_lib=1

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
out=${OUT:-$(make -s --no-print-directory -C "$top" path)}
kernel=${KERNEL:-$("$top/tools/deps.sh" kernel)}
moddir=${MODDIR:-/lib/modules/$kernel}
vmlinuz=$moddir/vmlinuz
[ -e "$vmlinuz" ] || vmlinuz=/boot/vmlinuz-$kernel
image=$out/tests/rig${KFI_DEBUG:+-$KFI_DEBUG}.img
patience=${KFIRIG_PATIENCE:-1}	# times all limits of time, of kfirig and here
# shellcheck disable=SC2034 # of those that source this
snapshots=${XDG_CACHE_HOME:-$HOME/.cache}/kfabric-pmem/snapshots
image_args=()	# of kfirig image, beside what the tests have
share=$out/tests/share	# every node of the tests sees it, over 9P
work=	# a folder for what one rig's tests write
# shellcheck disable=SC2034 # of those that source this
mutants=(no-writeback no-fence early-ack word-first)
PATH=$out/qemu:$PATH

# --- before the rig runs ---

cc_static() {
	local to=$1

	shift
	mkdir -p "${to%/*}"
	gcc -std=gnu11 -O2 -Wall -Wextra -Werror -static -o "$to" "$@"
}

# build_all [MUTANT...]: modules, tools, programs and the nodes' image
# shellcheck disable=SC2120
build_all() {
	local mutant ko changed args=() tree=$out/$kernel
	local make=(make --no-print-directory -s -C "$top")

	# Another file: nodes that booted from this one are kept for it.
	[ $# -eq 0 ] || image=${image%.img}-mutants.img
	"${make[@]}" KERNEL="$kernel" modules tools
	for mutant; do
		"${make[@]}" KERNEL="$kernel" KFI_MUTANT="$mutant" original= modules
		case $mutant in
		early-ack | word-first) changed=prov_rdma_pmem/kfi_rdma.ko ;;
		*) changed=kfabric_pmem/pmem/kfi_pmem.ko ;;
		esac
		mkdir -p "$out/tests/mutants/$mutant"
		strip --strip-debug -o "$out/tests/mutants/$mutant/${changed##*/}" \
			"$out/$kernel-$mutant/$changed"
		args+=(--file "$out/tests/mutants/$mutant/${changed##*/}:/root/mutants/$mutant/")
	done

	cc_static "$out/tests/chunkwriter" "$top/tests/demo/chunkwriter.c"
	cc_static "$out/tests/filewriter" "$top/tests/demo/filewriter.c"
	cc_static "$out/tests/mapper" "$top/tests/vm/mapper.c"
	cc_static "$out/tests/uring" -I"$top/tools/libkfipmem" \
		-I"$top/include/uapi" "$top/tests/vm/uring.c" \
		"$top/tests/vm/uring_atomic.c" "$top/tests/vm/uring_flight.c" \
		"$out/libkfipmem/libkfipmem.a" -luring
	cc_static "$out/tests/commits" -D_GNU_SOURCE -I"$top/include/uapi" \
		"$top/tests/microscope/commits.c"
	args+=(--bin "$out/tests/uring" --bin "$out/tests/commits" --bin "$out/tests/chunkwriter" --bin "$out/tests/filewriter"
		--bin "$out/tests/mapper"
		--bin /sbin/mke2fs --module ext4 --module xfs)
	# Shared, since their libraries have no static form.
	gcc -std=gnu11 -O2 -Wall -Wextra -Werror -o "$out/tests/pmdk" \
		"$top/tests/vm/pmdk.c" -lpmem2
	gcc -std=gnu11 -O1 -Wall -Wextra -Werror -I"$top/include/uapi" \
		-o "$out/tests/nl_hostile" "$top/tests/user/nl_hostile.c" -lmnl
	args+=("${image_args[@]}" --bin "$out/tests/pmdk" --bin "$out/tests/nl_hostile"
		--bin "$out/tools/kfipmem" --bin /bin/dd --module algif_hash
		--module 9p --module 9pnet_virtio --module sch_prio
		--module cls_u32)
	for ko in "$tree"/kfabric_pmem/*/*.ko "$tree"/prov_*/*.ko $(other_modules); do
		args+=(--modules "$ko")
	done
	kfirig image --kernel "$kernel" --moddir "$moddir" "${args[@]}" -o "$image"
}

# other_modules: beside the project's own. A debugging kernel's soft-RoCE is mended
# already.
other_modules() {
	if [ -z "${KFI_DEBUG:-}" ]; then
		"$top/tests/vm/rxe.sh" "$kernel" "${snapshots%/*}/rxe"
		return
	fi
	make --no-print-directory -s -C "$top" KERNEL="$kernel" mistakes >&2
	echo "$out/$kernel/tests/debug/kfi_mistakes.ko"
}

# share_program PROGRAM...: with its libraries, too many for the nodes' image
share_program() {
	local program libraries

	mkdir -p "$share/lib"
	for program; do
		program=$(PATH=$PATH:/usr/sbin:/sbin command -v "$program")
		mapfile -t libraries < <(ldd "$program" |
			awk '$3 ~ /^\// { print $3 } $1 ~ /^\// { print $1 }')
		cp -L -u "$program" "$share/"
		cp -L -u "${libraries[@]}" "$share/lib/"
	done
}

# share_all: what the tests run on the nodes besides what is in their image
share_all() {
	local program

	for program in "fsx " "sqlitewriter -lsqlite3"; do
		# shellcheck disable=SC2086
		gcc -std=gnu11 -O2 -Wall -Wextra -Werror \
			-o "$out/tests/${program% *}" \
			"$top/tests/vm/${program% *}.c" ${program#* }
		share_program "$out/tests/${program% *}"
	done
	share_program fio e2fsck mkfs.xfs xfs_repair
}

# share_fault: what uses a device while something fails
share_fault() {
	cc_static "$share/faultload" -pthread -I"$top/include/uapi" \
		"$top/tests/fault/load.c" "$top/tests/fault/oracle.c"
}

# share_shmem: oshrun, libshmem and programs for it
shmem_conforming="active_set amo collective generic memory old order p2p reduce rma team threads"
share_shmem() {
	local to=$share/shmem from=$out/shmem program source

	make --no-print-directory -s -C "$top/shmem_demo" OUT="$from"
	mkdir -p "$to"
	cp -L -u "$from/bin/oshrun" "$from/lib/libshmem.so.1" \
		"$(ldd "$from/lib/libshmem.so.1" | awk '/liburing/ { print $3 }')" "$to/"
	for program in $shmem_conforming busy; do
		source=$top/tests/shmem/$program.c
		[ "$program" != busy ] || source=$top/tests/vm/shmem_busy.c
		if [ "$source" -nt "$to/$program" ] || [ "$to/libshmem.so.1" -nt "$to/$program" ]; then
			"$from/bin/oshcc" -O1 -pthread -Wl,--disable-new-dtags,-rpath,/share/shmem \
				-o "$to/$program" "$source"
		fi
	done
}

# share_cluster: Corosync, Pacemaker and resource agents, ours among them, with
# their libraries
share_cluster() {
	local from=$out/tests/cluster to=$share/cluster programs libraries

	"$top/tools/deps.sh" fetch cluster "$from"
	mkdir -p "$to/lib" "$to/usr/sbin"
	# Where a release of Debian has them.
	mapfile -t programs < <(
		find "$from" -type f \( -path '*/sbin/*' -o -path '*/bin/fuser' \
			-o -path '*/bin/xmllint' -o -path '*/lib*/pacemaker/*' \)
		command -v fsck
	)
	mapfile -t libraries < <(
		LD_LIBRARY_PATH=$from/usr/lib/x86_64-linux-gnu:$from/usr/lib \
			ldd "${programs[@]}" 2> /dev/null |
			awk '$2 == "=>" { print $3 == "not" ? $1 : $3 }' | sort -u
	)
	cp -L -u "${libraries[@]}" "$to/lib/"
	cp -L -u "${programs[@]}" "$to/usr/sbin/"
	(cd "$from" && rsync -aR usr/lib/ocf usr/lib*/pacemaker/ \
		usr/share/pacemaker usr/share/resource-agents "$to/")
	make -s -C "$top/tools" install-agent OUT="$out/tools" \
		DESTDIR="$to" OCFDIR=/usr/lib/ocf/resource.d/kfi
}

# random FIRST LAST: a number, from the seed. Not RANDOM: a subshell begins it
# anew, without the seed.
random() {
	local sum

	echo >> "$work/draws"
	sum=$(sha256sum <<< "$seed $(wc -l < "$work/draws")")
	echo $(($1 + 16#${sum:0:8} % ($2 - $1 + 1)))
}

seed_random() {
	seed=${SEED:-$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')}
}

# wait_until SECONDS COMMAND...: for what no event tells of
wait_until() {
	local end=$((SECONDS + $1 * patience))

	until "${@:2}"; do
		[ $SECONDS -lt $end ] || {
			echo "not within $1 s: ${*:2}"
			return 1
		}
		sleep 0.1
	done
}

# --- on the nodes ---

# on NODE COMMAND...: run it there; never longer than LIMIT seconds
on() {
	kfirig exec --no-stdin --timeout "${LIMIT:-60}" "$1" -- "${@:2}"
}

# load NODE [PARAMETERS OF kfi_rdma]
load() {
	on "$1" sh -c "/sbin/modprobe kfi_rdma ${*:2} && /sbin/modprobe kfi_user"
}

# load_mutant NODE MUTANT: put its module in the place of the right one
load_mutant() {
	on "$1" sh -c "for ko in /root/mutants/$2/*.ko; do
		cp \$ko \$(find /lib/modules -name \${ko##*/}) || exit 1
	done"
	load "$1"
}

# give_key FROM TO: a new key on FROM, a copy on TO
give_key() {
	on "$1" sh -c "[ -e /root/key ] || kfipmem key generate /root/key"
	kfirig get "$1" /root/key - | kfirig put "$2" - /root/key
	on "$2" chmod 600 /root/key
}

unload() {
	on "$1" sh -c 'for m in kfi_user kfi_blk kfi_replica kfi_rdma kfi_pmem kfabric; do
		[ ! -d /sys/module/$m ] || rmmod $m || exit 1
	done'
}

# give_back NODE: everything that programs have there, and unload
give_back() {
	on "$1" sh -c '
		[ -d /sys/module/kfi_user ] || exit 0
		for i in /dev/kfiblk*; do
			[ ! -e "$i" ] || kfipmem blk del "$i"
		done
		kfipmem set status | sed -n "s/^\([^ :]*\):.*/\1/p" |
			while read -r set; do kfipmem set stop "$set"; done
		for i in /dev/kfi/*; do
			[ ! -e "$i" ] || kfipmem detach "${i##*/}" --force
		done
		kfipmem unlisten
		kfipmem exports | while read -r region peer rest; do
			[ "$region" = REGION ] || kfipmem unexport "$region" --peer "$peer"
		done
		kfipmem pool list | while read -r pool rest; do
			[ "$pool" = POOL ] || kfipmem pool close "$pool"
		done' > /dev/null 2>&1 && unload "$1"
}

# clean_node NODE: give everything back; where that fails, a new boot
clean_node() {
	give_back "$1" && return
	kfirig cut "$1" 2> /dev/null || true
	kfirig power-on "$1"
}

# target NODE POOL-OPTIONS...: pool "tank" on /dev/pmem0
target() {
	load "$1"
	on "$1" kfipmem pool create /dev/pmem0 --name tank --force "${@:2}"
}

# share_mount NODE: /share there, until its next boot
share_mount() {
	on "$1" sh -c 'grep -q " /share " /proc/mounts || {
		/sbin/modprobe -a 9pnet_virtio 9p && mkdir -p /share &&
		mount -t 9p -o trans=virtio,ro,cache=loose share /share; }'
}

# shared PROGRAM...: what runs one of share_program on a node, as words
shared() {
	printf '/share/lib/ld-linux-x86-64.so.2 --library-path /share/lib /share/%s' "$*"
}

# on_shared NODE PROGRAM...: run it there
on_shared() {
	# shellcheck disable=SC2046
	on "$1" $(shared "$2") "${@:3}"
}

# on_fsx NODE [OPTION...] -- ARGUMENT...: fsx there, which is paced by answers;
# its "sync" lines go to the standard output, and the status is that of the rig.
on_fsx() {
	local node=$1 go options=() line status=0

	shift
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	go=$(mktemp -u "$work/go.XXXXXX")
	mkfifo "$go"
	# shellcheck disable=SC2046
	{
		kfirig exec --timeout 120 "${options[@]}" "$node" -- \
			$(shared fsx) "${@:2}" < "$go" || status=$?
		exit $status
	} | {
		trap '' PIPE
		while IFS= read -r line; do
			echo "$line"
			echo >&3 || true
		done 3> "$go" 2> /dev/null
	} || status=$?
	rm "$go"
	return $status
}

# fsx_synced FILE: the last "sync" line in it
fsx_synced() {
	sed -n 's/^sync 0*\([0-9][0-9]*\)$/\1/p' "$1" | tail -n 1
}

# fails COMMAND...: "!" before a command would not end a test
fails() {
	if "$@"; then
		echo "did not fail: $*"
		return 1
	fi
}

# refused TEXT COMMAND...: fails, and its error text has TEXT
refused() {
	local text=$1 said status=0

	shift
	said=$("$@" 2>&1 > /dev/null) || status=$?
	if [ $status -eq 0 ]; then
		echo "not refused: $*"
		return 1
	fi
	case $said in
	*"$text"*) ;;
	*)
		echo "said (status $status): $said"
		echo "not: $text"
		return 1
		;;
	esac
}

# json NODE FILTER COMMAND...: its JSON makes the filter true
json() {
	local said

	said=$(on "$1" "${@:3}" --json)
	if ! jq -e "$2" <<< "$said" > /dev/null; then
		printf '%s: not %s\n%s\n' "${*:3}" "$2" "$said"
		return 1
	fi
}

# --- power ---

# check_log NODE...: also of a node without power, whose last boot it is then
check_log() {
	local node

	for node; do
		kfirig dmesg --check "$node" || {
			echo "the kernel of $node complains"
			return 1
		}
	done
}

# acked FILE: the chunks whose lines are there whole
acked() {
	sed -n 's/^ack 0*\([0-9][0-9]*\)$/\1/p' "$1"
}

# all_there SAID FOUND: for every "ack N" in SAID there is an "N ok" in FOUND
all_there() {
	acked "$1" | sort > "$1.acked"
	sed -n 's/^\([0-9][0-9]*\) ok$/\1/p' "$2" | sort > "$2.ok"
	comm -23 "$1.acked" "$2.ok" > "$1.lost"
	echo "$(wc -l < "$1.acked") acknowledged, $(wc -l < "$2.ok") found"
	[ -s "$1.acked" ]
	[ ! -s "$1.lost" ] || {
		echo "acknowledged and lost: $(tr '\n' ' ' < "$1.lost")"
		return 1
	}
}

# sums FILE CHUNK: SHA-256 of each chunk of a file of the host
sums() {
	rm -rf "$work/sums"
	mkdir "$work/sums"
	split -b "$2" -a 6 "$1" "$work/sums/"
	find "$work/sums" -type f -print0 | sort -z | xargs -0 sha256sum |
		awk '{ print NR - 1, $1 }'
	rm -rf "$work/sums"
}

# compare WANTED FOUND ACKED: print "present missing" of the chunks in ACKED
compare() {
	awk 'FILENAME == ARGV[1] { want[$1] = $2; next }
	     FILENAME == ARGV[2] { got[$1] = $2; next }
	     { if (want[$1] != "" && want[$1] == got[$1]) present++; else missing++ }
	     END { print present + 0, missing + 0 }' "$1" "$2" "$3"
}

# --- verdicts ---

passed=0
failed=0

# proves NAME FUNCTION [ARGUMENT...]
proves() {
	local status=0 begin=$SECONDS log=$work/out

	set +e
	(
		set -Eeuo pipefail
		# A command that was killed, for one, says nothing by itself.
		trap 'echo "ended with status $?: $BASH_COMMAND" >&2' ERR
		"${@:2}"
	) > "$log" 2>&1
	status=$?
	set -e
	if [ $status -eq 0 ]; then
		passed=$((passed + 1))
		echo "ok   $1 ($((SECONDS - begin)) s)"
	else
		failed=$((failed + 1))
		echo "FAIL $1 ($((SECONDS - begin)) s)"
		sed 's/^/     /' "$log" | tail -n 60
	fi
}

# catches MUTANT TEST FUNCTION [ARGUMENT...]: proves, and says it for tests/caught.sh
catches() {
	local before=$failed

	proves "$2 catches $1" "${@:3}"
	if [ "$failed" -eq "$before" ]; then
		echo "mutant $1: caught by $2"
	else
		echo "mutant $1: not caught by $2"
	fi
}
