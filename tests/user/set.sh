# shellcheck shell=sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Replica sets on the command line. Sourced by run.sh, in its folder of keys.
#
# What run.sh has set, and exports:
# shellcheck disable=SC2154,SC2034

KFIPMEM_FAKE=ok
three="--member local:p/d --member 127.0.0.1/d --member 127.0.0.2:1099/d"

# says TEXT: in what the last command printed
says()
{
	if grep -qF -- "$1" stdout; then
		pass "says: $1"
	else
		fail "does not say '$1' but: $(cat stdout)"
	fi
}

# set create and start, and how a member is written
for command in create start; do
	refuse 2 "something is missing" set $command
	refuse 2 "does not start with" set $command .x --member local:p/d
	refuse 2 "set name '' is empty" set $command '' --member local:p/d
	refuse 2 "longer than 63" set $command "$long" --member local:p/d
	refuse 2 "unexpected word" set $command t u --member local:p/d
	refuse 2 "a --member that holds data" set $command t --witness local:p/d
	refuse 2 "names no pool" set $command t --member local:d
	refuse 2 "pool name '' is empty" set $command t --member local:/d
	refuse 2 "names no region" set $command t --member 127.0.0.1
	refuse 2 "names no host" set $command t --member /d
	refuse 2 "is not a port" set $command t --member 127.0.0.1:0/d
	refuse 2 "in brackets" set $command t --member ::1/d
	refuse 2 "given twice" set $command t --member local:p/d --member local:p/d
	refuse 2 "say with --as" set $command t --member 127.0.0.1/d --key-file key
	refuse 2 "give --key-file, or --insecure" set $command t --member 127.0.0.1/d --as a
	refuse 2 "not both" set $command t --member 127.0.0.1/d --as a --key-file key --insecure
	refuse 2 "peer name 'a b'" set $command t --member 127.0.0.1/d --as 'a b' --insecure
	refuse 2 "open to everybody" set $command t --member 127.0.0.1/d --as a --key-file key.open
	refuse 2 "cannot resolve" set $command t --member 1.2.3.4.5.6/d --as a --insecure
	refuse 2 "is a share of nothing" set $command t --member local:p/d --resync-rate 5%
	refuse 2 "is zero" set $command t --member local:p/d --resync-rate 0
	refuse 2 "at most 8 members" set $command t --member local:p/1 \
		--member local:p/2 --member local:p/3 --member local:p/4 \
		--member local:p/5 --member local:p/6 --member local:p/7 \
		--member local:p/8 --member local:p/9
	refuse 2 "unrecognized option" set $command t --member local:p/d --force
done
refuse 2 "is not a power of two" set create t --member local:p/d --extent-size 3M
refuse 2 "is not a power of two" set create t --member local:p/d --extent-size 32K
refuse 2 "is not a power of two" set create t --member local:p/d --extent-size 2G
refuse 2 "unrecognized option" set create t --member local:p/d --raw
refuse 2 "unrecognized option" set start t --member local:p/d --assume-clean
refuse 2 "unrecognized option" set start t --member local:p/d --extent-size 1M
refuse 2 "a raw set has one member, not 2" set start t --raw --member local:p/d --member local:p/e
refuse 2 "a --member that holds data" set start t --raw --witness local:p/d
m0="8={ 1=p 2=d }"
# shellcheck disable=SC2086
{
	sends "20 1=t 2= $m0 8={ 2=d 3=127.0.0.1 4=7473 6=a 7=$key } 8={ 2=d 3=127.0.0.2 4=1099 6=a 7=$key }" \
		set create t $three --as a --key-file key
	sends "20 1=t $m0 8={ 2=d 3=127.0.0.1 4=7473 6=a 8= } 8={ 2=d 3=127.0.0.2 4=1099 6=a 8= }" \
		set start t $three --as a --insecure
	sends "20 1=t 2= 3= 5= 6=65536 7=104857600 $m0 8={ 2=d 3=127.0.0.1 4=7473 5=rdma 6=a 8= } 8={ 2=d 3=127.0.0.2 4=1099 5=rdma 6=a 8= }" \
		set create t $three --as a --insecure --assume-clean \
		--extent-size 64K --fail-io --resync-rate 100M --provider rdma
}
# The place in the command line is the index, of a witness as well.
sends "20 1=t 2= 8={ 1=p 2=w 9= } 8={ 2=d 3=::1 4=1099 6=a 8= } $m0" \
	set create t --witness local:p/w --member '[::1]:1099/d' --member local:p/d --as a --insecure
sends "20 1=t 2= $m0 8={ 2=v 3=127.0.0.1 4=7473 6=a 7=$key 9= }" \
	set create t --member local:p/d --witness 127.0.0.1/v --as a --key-file key
sends "20 1=t 2= $m0" set create t --member local:p/d
# One that was removed keeps its place, whatever it was.
sends "20 1=t $m0 8={ 18= } 8={ 18= } 8={ 2=d 3=127.0.0.1 4=7473 6=a 8= }" \
	set start t --member local:p/d --member removed --witness removed --member 127.0.0.1/d --as a --insecure
sends "20 1=t 8={ 18= } $m0" set start t --member removed --member local:p/d
refuse 2 "a --member that holds data" set start t --member removed --witness local:p/d
refuse 2 "a --member that holds data" set start t --raw --member removed
refuse 2 "'removed.' names no region" set start t --member local:p/d --member removed.
refuse 2 "a new set has no member that was removed" set create t --member local:p/d --member removed
sends "20 1=t 4= $m0" set start t --raw --member local:p/d
sends "20 1=t 4= 5= 7=5000000000 $m0" set start t --raw --member local:p/d --fail-io --resync-rate 5000000000

# set stop, add, remove, scrub
refuse 2 "something is missing" set stop
refuse 2 "letters, digits" set stop 'a b'
refuse 2 "unexpected word" set stop a b
refuse 2 "unrecognized option" set stop t --force
sends "21 1=t" set stop t
refuse 2 "say with --member or --witness" set add t
refuse 2 "one member at a time" set add t --member local:p/d --member local:p/e
refuse 2 "say with --as" set add t --member 127.0.0.1/d
refuse 2 "names no pool" set add t --member local:d
refuse 2 "unrecognized option" set add t --member local:p/d --config x
refuse 2 "what was removed cannot be added" set add t --member removed
refuse 2 "what was removed cannot be added" set add t --witness removed
sends "22 1=t $m0" set add t --member local:p/d
sends "22 1=t 8={ 2=d 3=127.0.0.1 4=7473 6=a 7=$key 9= }" set add t --witness 127.0.0.1/d --as a --key-file key
refuse 2 "something is missing" set remove t
refuse 2 "is not a number" set remove t x
refuse 2 "is not a number" set remove t -- -1
refuse 2 "is not the index of a member" set remove t 8
refuse 2 "is too large" set remove t 4294967296
refuse 2 "is not a number" set remove t 0x1
refuse 2 "unexpected word" set remove t 1 2
sends "23 1=t 9=2" set remove t 2
sends "23 1=t 9=7" set remove t 07
refuse 2 "something is missing" set scrub
refuse 2 "unrecognized option" set scrub t --watch
sends "24 1=t" set scrub t
sends "24 1=t 10=" set scrub t --repair
refuse 2 "unknown command 'set stats'; did you mean 'set status'" set stats
refuse 2 "needs a second word" set

# What the kernel says
KFIPMEM_FAKE=refuse
refuse 1 "kfipmem: set start t: the object is busy" set start t --member local:p/d
refuse 1 "kfipmem: set create t: the object is busy" set create t --member local:p/d
refuse 1 "kfipmem: set stop t: the object is busy" set stop t
refuse 1 "kfipmem: set add local:p/d to t: the object is busy" set add t --member local:p/d
refuse 1 "kfipmem: set remove member 2 of t: the object is busy" set remove t 2
refuse 1 "kfipmem: set scrub t: the object is busy" set scrub t --wait
KFIPMEM_FAKE=nofamily
refuse 3 "modprobe kfi_user" set status
refuse 3 "modprobe kfi_user" set start t --member local:p/d

# set status
KFIPMEM_FAKE=ok
refuse 2 "unexpected word" set status a b
refuse 2 "letters, digits" set status 'a b'
unknown "no set 't' is started here" set status t
unknown "no set 't' is started here" set status t --watch
json '.sets | length == 2 and .[0].name == "data" and .[0].state == "active" and .[1].state == "unknown"' set status
json '.sets | length == 1' set status data
json '.sets[0] | .epoch == 5 and .generation == 12 and .quorum == 2 and .held == 4 and .dirty_extents == 3 and .users == 1' set status
json '.sets[0].members | map(.index) == [0, 1, 2] and map(.state) == ["in-sync", "syncing", "down"]' set status
json '.sets[0].members | map(.where) == ["local:tank/data", "192.0.2.2/data", "[2001:db8::3]/vote"]' set status
json '.sets[0].members[0] | .pool == "tank" and .host == null and .error == null and .resync_percent == null' set status
json '.sets[0].members[1] | .resync_percent == 45 and .behind == 57671680 and .witness == false' set status
json '.sets[0].members[2] | .witness and .errno == 110 and (.error | test("timed out"))' set status
json '.sets[1].members | length == 8 and .[0].resync_percent == 100 and .[0].index == 18446744073709551615' set status
json '.sets[0].scrub | (.running | not) and .scrubbed == 1073741824 and .mismatches == 0' set status
"$kfipmem" set status data >stdout 2>stderr
says "data: active, 1G, epoch 5, generation 12, quorum 2 of 3, held 4, users 1"
says "dirty extents 3 of 1M"
says " 1  192.0.2.2/data "
says "55M behind  45% [#########...........]"
says "witness down"
says "Connection timed out"
says "last scrub: 1G compared"
KFIPMEM_FAKE=empty
json '.sets == []' set status
"$kfipmem" set status >stdout 2>stderr
says "no set is started here"
KFIPMEM_FAKE=removed
json '.sets[0].members | map(.removed) == [false, true, false] and map(.index) == [0, 1, 2]' set status
json '.sets[0].members[1] | [.where, .pool, .host, .region, .state, .error] | all(. == null)' set status
json '.sets[0].members | (.[1] | keys) == (.[0] | keys)' set status
"$kfipmem" set status data >stdout 2>stderr
says "quorum 2 of 2,"
if grep -qE "^   1  removed$" stdout; then
	pass "set status shows a removed member"
else
	fail "set status of a removed member: $(cat stdout)"
fi
KFIPMEM_FAKE=scrubbing
"$kfipmem" set status data >stdout 2>stderr
says "scrub  25% [#####...............]"

# set scrub --wait
"$kfipmem" set scrub data --wait >stdout 2>stderr
says "data: 1G compared, extents that differed 0, repaired 0"
json '.ok and .scrubbed == 1073741824' set scrub data --wait
KFIPMEM_FAKE=differ
refuse 1 "3 extents differ, 0 were repaired: repair them with --repair" set scrub data --wait
refuse 1 "3 extents differ, 0 were repaired: see the kernel's log" set scrub data --wait --repair
KFIPMEM_FAKE=broken
refuse 1 "256M of 1G: broken off; see the kernel's log" set scrub data --wait
KFIPMEM_FAKE=empty
refuse 1 "the set was stopped meanwhile" set scrub data --wait

# --watch: one block for each change that is not a mere counter. The first list
# says whether there is such a set.
KFIPMEM_FAKE=changing
if timeout 20 "$kfipmem" set status data --watch >stdout 2>stderr &&
	[ "$(grep -c '^data: active' stdout)" -eq 2 ] &&
	[ "$(grep -c 'syncing' stdout)" -eq 1 ] &&
	[ "$(tail -n 1 stdout)" = "set 'data' is not started here any more" ]; then
	pass "set status --watch: one block for each change"
else
	fail "set status --watch: $(cat stdout stderr)"
fi
if timeout 20 "$kfipmem" set status data --watch --json >stdout 2>stderr &&
	jq -e -s 'length == 3 and (map(.sets | length) == [1, 1, 0])' <stdout >/dev/null; then
	pass "set status --watch --json: one object for each change"
else
	fail "set status --watch --json: $(cat stdout stderr)"
fi
KFIPMEM_FAKE=ok
cut_short 1 set status --watch
for signal in INT TERM; do
	rm -f stdout
	"$kfipmem" set status --watch >stdout 2>stderr &
	child=$!
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[ -s stdout ] && break
		sleep 1
	done
	kill -s $signal $child
	if wait $child && [ "$(grep -c '^data: active' stdout)" -eq 1 ]; then
		pass "set status --watch ends on SIG$signal with status 0"
	else
		fail "set status --watch does not end well on SIG$signal"
	fi
done
# On a terminal: wrapping is off meanwhile, and on again after Ctrl-C.
if command -v script >/dev/null; then
	timeout 10 script -qefc "timeout -s INT 4 '$kfipmem' set status --watch" stdout </dev/null >/dev/null 2>&1
	escape=$(printf '\033')
	if grep -qF "${escape}[?7l" stdout && grep -qF "${escape}[?7h" stdout &&
		grep -qE "$escape\[[0-9]+A" stdout; then
		pass "set status --watch draws in place, and leaves the terminal as it was"
	else
		fail "set status --watch on a terminal: $(od -c stdout | head -n 20)"
	fi
fi
for args in "set create t --member local:p/d" "set start t --member local:p/d" \
	"set stop t" "set add t --member local:p/d" "set remove t 1" "set scrub t"; do
	# shellcheck disable=SC2086
	json '.ok' $args
done
