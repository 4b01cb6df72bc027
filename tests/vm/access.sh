# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# rig: calm a b:nvdimm=1280M
#
# Who may reach which bytes. Each refusal has its own text.

# shellcheck source=tests/vm/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

access_set_up() {
	target b
	load a
	give_key b a
	for region in mine theirs readable open; do
		on b kfipmem region create "tank/$region" --size 4M
	done
	on b kfipmem key generate /root/other || true
	on b kfipmem export tank/mine --peer a --key-file /root/key
	on b kfipmem export tank/readable --peer a --key-file /root/key --read-only
	on b kfipmem export tank/theirs --peer other --key-file /root/other
	on b kfipmem region create tank/private --size 4M
	on a sh -c '[ -e /root/wrong ] || kfipmem key generate /root/wrong'
	on a sh -c '[ -e /root/in ] || dd if=/dev/urandom of=/root/in bs=64k count=32'
}

access_refused() {
	local text=$1

	shift
	refused "$text" on a kfipmem attach "$@"
	fails on a sh -c 'ls /dev/kfi/*' 2> /dev/null
	on b sh -c 'kfipmem exports | tail -n +2' | awk '$(NF - 1) != 0 { bad = 1 } END { exit bad }'
}

access_read_only() {
	on a kfipmem attach b/readable --as a --key-file /root/key --read-only
	on a cmp -n 65536 /dev/kfi/readable /dev/zero
	refused 'Permission denied' on a /bin/dd if=/root/in of=/dev/kfi/readable count=1 conv=notrunc
	on b cmp -n 65536 /dev/kfi/readable /dev/zero
	on a kfipmem detach readable
}

access_insecure() {
	on b kfipmem export tank/open --peer '*' --insecure-any
	on a kfipmem attach b/open --as anybody --insecure
	on a /bin/dd if=/root/in of=/dev/kfi/open bs=64k count=4 oflag=dsync
	on a cmp -n 262144 /root/in /dev/kfi/open
	on a kfipmem detach open
}

# The bytes of every other peer are untouched, and unread, to the end.
access_unexport() {
	on a kfipmem attach b/mine --as a --key-file /root/key
	on a /bin/dd if=/root/in of=/dev/kfi/mine bs=64k count=4 oflag=dsync
	on b kfipmem unexport tank/mine --peer a
	refused '' on a /bin/dd if=/dev/zero of=/dev/kfi/mine bs=64k count=4 oflag=dsync
	refused '' on a /bin/dd if=/dev/kfi/mine of=/dev/null bs=64k count=1
	[ "$(on b sh -c 'head -c 262144 /dev/kfi/mine | sha256sum')" = "$(on a sh -c 'head -c 262144 /root/in | sha256sum')" ]
	on a kfipmem detach mine --force
	on b kfipmem export tank/mine --peer a --key-file /root/key
}

access_untouched() {
	on b cmp -n 4194304 /dev/kfi/theirs /dev/zero
	on b cmp -n 4194304 /dev/kfi/private /dev/zero
	on b kfipmem exports --json > "$work/exports"
	fails grep -i "$(on b cat /root/key)" "$work/exports"
	json b '.endpoints[] | select(.name == "target") | .refused > 0' kfipmem stat
}

proves "regions for one peer, for another, read-only, and for nobody" access_set_up
proves "a wrong key is refused" access_refused 'wrong key' b/mine --as a --key-file /root/wrong
proves "no key is refused" access_refused 'may need a key' b/mine --as a --insecure
proves "a name that is not exported is refused" access_refused 'exported to' b/private --as a --key-file /root/key
proves "a name that does not exist is refused" access_refused 'exported to' b/nothing --as a --key-file /root/key
proves "another peer's region is refused" access_refused 'exported to' b/theirs --as a --key-file /root/key
proves "another peer's name with the wrong key is refused" access_refused 'wrong key' b/theirs --as other --key-file /root/key
proves "writing to a read-only export is refused" access_refused 'exported read-only' b/readable --as a --key-file /root/key
proves "a read-only attachment reads, and does not write" access_read_only
proves "an insecure export needs no key, and only that one" access_insecure
proves "after unexport no byte is written or read" access_unexport
proves "nobody else's bytes were touched, refusals are counted, keys not shown" access_untouched
