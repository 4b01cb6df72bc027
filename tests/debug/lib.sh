# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What the VM tests do on a debugging kernel (KFI_DEBUG=kasan or kcsan), beside
# what they do on any. Sourced after tests/vm/lib.sh.

# debug_spec NODES: the nodes as a debugging kernel wants them, with memory for its
# books, and a second processor where races are looked for
debug_spec() {
	local node words=()

	if [ -z "${KFI_DEBUG:-}" ]; then
		echo "$1"
		return
	fi
	for node in $1; do
		[ "${node#*:}" != "$node" ] || node+=:
		case $node in
		*[:,]mem=*) ;;
		*) node+=,mem=1280M ;;
		esac
		[ "$KFI_DEBUG" != kcsan ] || node+=,cpus=2
		words+=("${node/:,/:}")
	done
	echo "${words[*]}"
}

# Of "kfirig run", in tests/vm/run.sh. Only modules are watched, so of their accesses
# more are: one in 300.
# shellcheck disable=SC2034
debug_options=()
# shellcheck disable=SC2034
[ "${KFI_DEBUG:-}" != kcsan ] ||
	debug_options=(--append "kcsan.early_enable=1 kcsan.skip_watch=300")

# no_leaks NODE: kmemleak finds nothing that nobody points to, once everything was
# given back that can be
no_leaks() {
	local said status=0

	on "$1" true || status=$?
	# What a node without power had leaked went with its memory.
	[ $status -ne 125 ] || return 0
	give_back "$1" || echo "not all was given back on $1"
	# It judges nothing that is younger than five seconds, and its first scan only
	# learns the checksums of what looks lost.
	said=$(LIMIT=120 on "$1" sh -c 'cd /sys/kernel/debug && sleep 6 &&
		echo scan > kmemleak && echo scan > kmemleak && cat kmemleak')
	[ -z "$said" ] || {
		echo "$said"
		return 1
	}
}
