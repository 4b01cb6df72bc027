#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Tests of the command line that need no module: what it refuses and how it
# says so, what it sends, and that its JSON is JSON.
#
# usage: run.sh [build directory]
set -u

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
out=${1:-$(mktemp -d)}
[ $# -ge 1 ] || trap 'rm -rf "$out"' EXIT
mkdir -p "$out"

command -v jq >/dev/null || {
	echo "run.sh: jq is missing (Debian package jq)" >&2
	exit 2
}
command -v systemd-analyze >/dev/null || {
	echo "run.sh: systemd-analyze is missing (Debian package systemd)" >&2
	exit 2
}

make -s -C "$top/tools" OUT="$out/tools" || exit 2
# Everything of kfipmem, on a stand-in for the kernel.
cc=${CC:-cc}
mnl_cflags=$(pkg-config --cflags libmnl) || exit 2
mnl_libs=$(pkg-config --libs libmnl) || exit 2
# shellcheck disable=SC2086
$cc -std=gnu11 -Wall -Wextra -Werror -O1 -g -I"$top/include/uapi" \
	-I"$top/tools" $mnl_cflags -o "$out/kfipmem" \
	"$here/fake_mnl.c" "$out"/tools/*.o $mnl_libs || exit 2
# shellcheck disable=SC2086
$cc -std=gnu11 -Wall -Wextra -Werror -O1 -g -I"$top/include/uapi" \
	$mnl_cflags -o "$out/nl_hostile" "$here/nl_hostile.c" $mnl_libs ||
	exit 2

kfipmem=$out/kfipmem
work=$out/work
rm -rf "$work"
mkdir -p "$work"
cd "$work" || exit 2
passed=0
failed=0
KFIPMEM_FAKE_LOG=$work/log
export KFIPMEM_FAKE_LOG

pass()
{
	passed=$((passed + 1))
	echo "ok   $1"
}

fail()
{
	failed=$((failed + 1))
	echo "FAIL $1"
}

# refuse CODE TEXT ARGS...: has to end with CODE, say TEXT, and ask nobody.
refuse()
{
	code=$1
	text=$2
	shift 2
	: >log
	"$kfipmem" "$@" >stdout 2>stderr
	ret=$?
	said=$(head -n 1 stderr)
	if [ $ret -ne "$code" ]; then
		fail "kfipmem $*: exit $ret, not $code: $said"
	elif ! grep -qF -- "$text" stderr; then
		fail "kfipmem $*: does not say '$text' but: $said"
	elif [ "$code" -eq 2 ] && [ -s log ]; then
		fail "kfipmem $*: refused only after the kernel was asked"
	else
		pass "refused: $said"
	fi
}

# sends REQUEST ARGS...: has to succeed with this last request.
sends()
{
	want=$1
	shift
	: >log
	if ! "$kfipmem" "$@" >stdout 2>stderr; then
		fail "kfipmem $*: $(head -n 1 stderr)"
		return
	fi
	got=$(tail -n 1 log)
	if [ "$got" = "$want" ]; then
		pass "sends: kfipmem $*"
	else
		fail "kfipmem $*: sent '$got', not '$want'"
	fi
}

# json FILTER ARGS...: has to succeed with JSON for which FILTER is true.
json()
{
	filter=$1
	shift
	# stdout is closed before jq reads it
	# shellcheck disable=SC2094
	if ! "$kfipmem" "$@" --json >stdout 2>stderr; then
		fail "kfipmem $* --json: $(head -n 1 stderr)"
	elif ! jq -e "$filter" <stdout >/dev/null 2>jq; then
		fail "kfipmem $* --json: not '$filter' $(head -n 1 jq)"
	else
		pass "JSON: kfipmem $*"
	fi
}

# cut_short CODE ARGS...: nobody takes the answer; has to say so and end with CODE
cut_short()
{
	code=$1
	shift
	timeout 10 "$kfipmem" "$@" >/dev/full 2>stderr
	ret=$?
	if [ $ret -eq "$code" ] && grep -qF "cannot write the answer" stderr; then
		pass "says that its answer is cut short: kfipmem $*"
	else
		fail "kfipmem $* to a full device: exit $ret, $(head -n 1 stderr)"
	fi
}

hex=00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF
long=$(printf '%064d' 0)
umask 077
printf '%s\n' $hex >key
printf '%s' $hex >key.bare
head -c 32 /dev/urandom >key.raw
printf '%s' "${hex%?}" >key.short
printf '%s0' $hex >key.long
printf '%sg' "${hex%?}" >key.nohex
head -c 32 /dev/zero >key.zero
: >key.empty
head -c 100000 /dev/urandom >key.huge
cp key key.open
chmod 644 key.open
cp key key.group
chmod 640 key.group
mkdir key.dir

# Words
refuse 2 "Usage"
refuse 2 "did you mean 'pool'" pol
refuse 2 "did you mean 'pool create'" pool creat x
refuse 2 "see 'kfipmem --help'" frobnicate
refuse 2 "needs a second word; see 'kfipmem region --help'" region
for group in pool region key set blk; do
	if "$kfipmem" $group --help >stdout 2>stderr &&
		[ "$(grep -c '^  ' stdout)" -eq "$("$kfipmem" --help | grep -c "^  $group ")" ]; then
		pass "kfipmem $group --help"
	else
		fail "kfipmem $group --help: $(cat stdout stderr)"
	fi
done
refuse 2 "unknown option" --jason pool list
refuse 2 "unknown command ''" ''

# pool
refuse 2 "something is missing" pool create --name p
refuse 2 "give the pool a name" pool create /dev/pmem0
refuse 2 "is not the path of a device" pool create pmem0 --name p
refuse 2 "is empty" pool create /dev/pmem0 --name ''
refuse 2 "letters, digits" pool create /dev/pmem0 --name 'a/b'
refuse 2 "does not start with" pool create /dev/pmem0 --name '../x'
refuse 2 "longer than 63" pool create /dev/pmem0 --name "$long"
refuse 2 "is not a number" pool create /dev/pmem0 --name p --cache-model=x
refuse 2 "is too large" pool create /dev/pmem0 --name p --cache-model=99999999999999999999
refuse 2 "is a share of nothing" pool create ram:10% --name p
refuse 2 "unknown unit" pool create ram:10Q --name p
refuse 2 "unrecognized option" pool create /dev/pmem0 --name p --size 4K
refuse 2 "unexpected word" pool create /dev/pmem0 /dev/pmem1 --name p
refuse 2 "something is missing" pool open
refuse 2 "is not the path of a device" pool open ''
refuse 2 "unrecognized option" pool open /dev/pmem0 --force
refuse 2 "something is missing" pool close
refuse 2 "letters, digits" pool close 'p p'
refuse 2 "longer than 63" pool close "$long"
refuse 2 "something is missing" pool destroy
refuse 2 "does not start with" pool destroy -- -p
refuse 2 "unexpected word" pool destroy a b
refuse 2 "unexpected word" pool list all
refuse 2 "unrecognized option" pool list --force
refuse 2 "unrecognized option" pool list --names
sends "1 1=p 2=/dev/pmem0" pool create /dev/pmem0 --name p
sends "1 1=p 2=/dev/pmem0 4= 5= 6=7" pool create /dev/pmem0 --name p --force --cache-model=7
sends "1 1=p 3=67108864" pool create ram:64M --name p
sends "2 2=/dev/pmem0 5=" pool open /dev/pmem0 --cache-model
sends "3 1=p" pool close p
sends "4 1=p" pool destroy p

# region, and the size parser
refuse 2 "names no pool" region create data --size 1G
refuse 2 "pool name '' is empty" region create /data --size 1G
refuse 2 "region name '' is empty" region create p/ --size 1G
refuse 2 "letters, digits" region create p/a/b --size 1G
refuse 2 "is too long" region create "$long/x" --size 1G
refuse 2 "give the size" region create p/data
for size in '' -1 +1 ' 1' G x1 0x10; do
	case $size in
	0x10) text="unknown unit" ;;
	*) text="is not a size" ;;
	esac
	refuse 2 "$text" region create p/data --size="$size"
done
refuse 2 "is zero" region create p/data --size 0
refuse 2 "is zero" region create p/data --size 0%
refuse 2 "more than 100%" region create p/data --size 101%
refuse 2 "unknown unit" region create p/data --size 1KB
refuse 2 "unknown unit" region create p/data --size 1.5G
refuse 2 "is too large" region create p/data --size 18446744073709551616
refuse 2 "is too large" region create p/data --size 16E
refuse 2 "is too large" region create p/data --size 18014398509481984K
refuse 2 "names no pool" region remove data
refuse 2 "something is missing" region remove
refuse 2 "unrecognized option" region remove p/data --force
refuse 2 "unexpected word" region list p
refuse 2 "unrecognized option" region list --size 1
refuse 2 "unknown command 'region lst'" region lst
sends "6 1=p 2=data 3=1" region create p/data --size 1
sends "6 1=p 2=data 3=65536" region create p/data --size 64k
sends "6 1=p 2=data 3=1048576" region create p/data --size 1MiB
sends "6 1=p 2=data 3=4294967296" region create p/data --size 4G
sends "6 1=p 2=data 3=17293822569102704640" region create p/data --size 15E
sends "6 1=p 2=data 3=18446744073709551615" region create p/data --size 18446744073709551615
sends "6 1=pool0 2=data 3=524288" region create pool0/data --size 50%
sends "6 1=pool0 2=data 3=1048576" region create pool0/data --size 100%
sends "7 1=p 2=data" region remove p/data

# export, unexport, exports, and key files
refuse 2 "name the peer" export p/data --key-file key
refuse 2 "give --key-file" export p/data --peer b
refuse 2 "not both" export p/data --peer b --key-file key --insecure-any
refuse 2 "needs --insecure-any" export p/data --peer '*' --key-file key
refuse 2 "letters, digits" export p/data --peer 'b c' --key-file key
refuse 2 "names no pool" export data --peer b --key-file key
refuse 2 "cannot open key file" export p/data --peer b --key-file key.none
refuse 2 "wrong length" export p/data --peer b --key-file key.short
refuse 2 "wrong length" export p/data --peer b --key-file key.long
refuse 2 "wrong length" export p/data --peer b --key-file key.empty
refuse 2 "wrong length" export p/data --peer b --key-file key.huge
refuse 2 "not all hex" export p/data --peer b --key-file key.nohex
refuse 2 "nothing but zeros" export p/data --peer b --key-file key.zero
refuse 2 "open to everybody" export p/data --peer b --key-file key.open
refuse 2 "not a regular file" export p/data --peer b --key-file key.dir
refuse 2 "not a regular file" export p/data --peer b --key-file /dev/zero
refuse 2 "name the peer" unexport p/data
refuse 2 "names no pool" unexport data --peer b
refuse 2 "unrecognized option" unexport p/data --peer b --key-file key
refuse 2 "unexpected word" exports p
refuse 2 "unrecognized option" exports --peer b
refuse 2 "unrecognized option" exports --key-file key
key=$(printf '%s' $hex | tr A-F a-f)
sends "9 1=p 2=data 3=b 4=$key" export p/data --peer b --key-file key
sends "9 1=p 2=data 3=b 4=$key 6=" export p/data --peer b --key-file key.bare --read-only
sends "9 1=p 2=data 3=b 4=$(od -An -tx1 -v key.raw | tr -d ' \n')" export p/data --peer b --key-file key.raw
sends "9 1=p 2=data 3=* 5=" export p/data --peer '*' --insecure-any
sends "10 1=p 2=data 3=b" unexport p/data --peer b
sends "9 1=p 2=data 3=b 4=$key" export p/data --peer b --key-file key.group
if grep -q "open to its group" stderr; then
	pass "warns of a key file that its group can read"
else
	fail "no warning of a key file that its group can read"
fi

# fence
refuse 2 "either --epoch or --peer" fence p/data
refuse 2 "either --epoch or --peer" fence p/data --epoch 1 --peer b
refuse 2 "is not a number" fence p/data --epoch -1
refuse 2 "is zero" fence p/data --epoch 0
refuse 2 "is too large" fence p/data --epoch 18446744073709551616
refuse 2 "names no pool" fence data --epoch 1
sends "12 1=p 2=data 9=5" fence p/data --epoch 5
sends "12 1=p 2=data 3=b" fence p/data --peer b

# listen, unlisten
refuse 2 "is not a port" listen --port 0
refuse 2 "is too large" listen --port 65536
refuse 2 "is not a number" listen --port 0x10
refuse 2 "is not a number" listen --port 74x
refuse 2 "is empty" listen --addr ''
refuse 2 "cannot resolve" listen --addr 1.2.3.4.5.6
refuse 2 "letters, digits" listen --provider 'a b'
refuse 2 "unexpected word" listen 1.2.3.4
refuse 2 "unexpected word" unlisten x
refuse 2 "unrecognized option" unlisten --port 1
refuse 2 "unrecognized option" unlisten --force
sends "13 1=0.0.0.0 2=7473" listen
sends "13 1=0.0.0.0 2=7473" listen --port 07473
sends "13 1=127.0.0.1 2=1099 3=rdma" listen --addr 127.0.0.1 --port 1099 --provider rdma

# attach, detach
refuse 2 "names no region" attach 127.0.0.1 --as a --key-file key
refuse 2 "names no host" attach /data --as a --key-file key
refuse 2 "region name '' is empty" attach 127.0.0.1/ --as a --key-file key
refuse 2 "say with --as" attach 127.0.0.1/data --key-file key
refuse 2 "give --key-file" attach 127.0.0.1/data --as a
refuse 2 "not both" attach 127.0.0.1/data --as a --key-file key --insecure
refuse 2 "is not a port" attach 127.0.0.1:0/data --as a --key-file key
refuse 2 "is too large" attach 127.0.0.1:99999/data --as a --key-file key
refuse 2 "is not a number" attach 127.0.0.1:/data --as a --key-file key
refuse 2 "in brackets" attach ::1/data --as a --key-file key
refuse 2 "closing bracket" attach '[::1/data' --as a --key-file key
refuse 2 "no port after the bracket" attach '[::1]7473/data' --as a --key-file key
refuse 2 "no port after the bracket" attach '[::1]:123456/data' --as a --key-file key
refuse 2 "letters, digits" attach 127.0.0.1/data --as a --key-file key --name 'x/y'
refuse 2 "does not start with" attach 127.0.0.1/data --as a --key-file key --name ..
refuse 2 "longer than 63" attach "127.0.0.1/$long" --as a --key-file key
refuse 2 "open to everybody" attach 127.0.0.1/data --as a --key-file key.open
refuse 2 "cannot resolve" attach 1.2.3.4.5.6/data --as a --key-file key
refuse 2 "something is missing" detach
refuse 2 "does not start with" detach /dev/kfi/data
refuse 2 "unexpected word" detach a b
sends "15 1=data 2=127.0.0.1 3=7473 4=data 5=a 6=$key" attach 127.0.0.1/data --as a --key-file key
sends "15 1=far 2=127.0.0.1 3=1099 4=data 5=a 7= 8= 9=rdma" attach 127.0.0.1:1099/data --as a --insecure --name far --read-only --provider rdma
sends "15 1=data 2=::1 3=1099 4=data 5=a 7=" attach '[::1]:1099/data' --as a --insecure
sends "16 1=far" detach far
sends "16 1=far 10=" detach far --force

# key generate
refuse 2 "something is missing" key generate
refuse 2 "File exists" key generate key
refuse 2 "No such file" key generate none/key
refuse 2 "needs a second word" key
"$kfipmem" key generate key.new
if [ "$(stat -c %a:%s key.new)" = 600:65 ] && [ "$(tr -d '0-9a-f\n' <key.new | wc -c)" -eq 0 ]; then
	pass "key generate: 64 hex digits, mode 600"
else
	fail "key generate: $(stat -c %a:%s key.new)"
fi
sends "9 1=p 2=data 3=b 4=$(cat key.new)" export p/data --peer b --key-file key.new

# status, stat
refuse 2 "unexpected word" status far
refuse 2 "unrecognized option" status --name far
refuse 2 "unrecognized option" status --verbose
refuse 2 "letters, digits" stat 'a b'
refuse 2 "unexpected word" stat a b
refuse 2 "unrecognized option" stat --force

# What only a list from the kernel can show to be wrong
unknown()
{
	text=$1
	shift
	"$kfipmem" "$@" >stdout 2>stderr
	if [ $? -eq 2 ] && grep -qF -- "$text" stderr; then
		pass "refused: $(cat stderr)"
	else
		fail "kfipmem $*: $(cat stderr)"
	fi
}
unknown "is not attached" stat nowhere
unknown "no pool 'p' is open" region create p/data --size 50%

# What the kernel says
KFIPMEM_FAKE=refuse
export KFIPMEM_FAKE
refuse 1 "kfipmem: export p/data to nodeb: the object is busy; close it first" export p/data --peer nodeb --key-file key
refuse 1 "kfipmem: region remove p/data: the object is busy" region remove p/data
refuse 1 "kfipmem: detach far: the object is busy" detach far
KFIPMEM_FAKE=refuse-bare
refuse 1 "kfipmem: pool close p: Device or resource busy" pool close p
KFIPMEM_FAKE=nofamily
refuse 3 "modprobe kfi_user" pool list
refuse 3 "modprobe kfi_user" attach 127.0.0.1/data --as a --insecure
refuse 3 "modprobe kfi_user" status
KFIPMEM_FAKE=refuse
"$kfipmem" --json pool close p >stdout 2>stderr
if jq -e '.ok == false and .errno == 16 and .exit == 1 and (.error | test("busy"))' <stdout >/dev/null; then
	pass "JSON of an error"
else
	fail "JSON of an error: $(cat stdout)"
fi

# JSON of every command; in "ok" the names are hostile
KFIPMEM_FAKE=ok
json '.pools | length == 2 and .[0].name == "pool0" and .[0].size == 18446744073709551615 and .[0].domain == "mem-ctrl" and .[1].domain == "unknown"' pool list
json '.pools[1].name | startswith("a\"b\\c\n")' pool list
json '.pools[0].uuid == "01234567-89ab-cdef-0123-456789abcdef"' pool list
json '.regions[0].node == "/dev/kfi/data" and .regions[1].node == null and .regions[0].epoch == 7' region list
json '.exports[1].insecure and (.exports[0].insecure | not)' exports
json '.target.port == 7473 and (.attachments | length) == 2 and .attachments[0].method == "assisted"' status
json '[.endpoints[].name] == ["target", "far"]' stat
json '.endpoints | length == 1' stat far
json '.endpoints[0].ops[0] | .messages == 250 and .milli_messages_per_op == 2500 and .bytes_per_op == 350' stat
json '.endpoints[0].ops[0].latency | .p50.from_ns == 1024 and .p99.from_ns == 4096 and .p99.below_ns == 8192' stat
json '.endpoints[0].ops[0].latency.histogram | map(.count) == [50, 49, 1]' stat
json '.endpoints[0].ops[1] | .op == "unknown" and .latency.p50 == null and .latency.histogram == []' stat
json '.endpoints[0].commits == {"inline": 100}' stat
for args in "pool close p" "pool destroy p" "pool open /dev/x" \
	"pool create /dev/x --name p" "region create p/d --size 1" \
	"region remove p/d" "unexport p/d --peer b" "fence p/d --epoch 1" \
	"export p/d --peer b --key-file key" "listen" "unlisten" "detach d" \
	"attach 127.0.0.1/d --as a --insecure" "key generate key.json"; do
	# shellcheck disable=SC2086
	json '.ok' $args
done
KFIPMEM_FAKE=empty
json '.pools == []' pool list
json '.regions == []' region list
json '.exports == []' exports
json '.endpoints == []' stat
json '(.target.listening | not) and .attachments == []' status
KFIPMEM_FAKE=interrupted
json '.pools | length == 2' pool list
if grep -q "changed while it was read" stderr; then
	pass "says that a list changed while it was read"
else
	fail "does not say that a list changed while it was read"
fi

# People's output has the facts that the manual names
KFIPMEM_FAKE=ok
cut_short 1 pool list
cut_short 1 status --json
cut_short 1 attach 127.0.0.1/data --as a --insecure
"$kfipmem" status >stdout 2>stderr
for text in "192.0.2.1:7473/data" "[2001:db8::1]:7473/data"; do
	if grep -qF " $text " stdout; then
		pass "status says: $text"
	else
		fail "status does not say: $text"
	fi
done
"$kfipmem" stat >stdout 2>stderr
for text in "1.50 requests, 1.00 replies, 2.50 messages" "300 bytes out" \
	"p50 between 1.0us and 2.0us" "p99 between 4.1us and 8.2us" \
	"commits: inline 100" "memory of an idle peer 64K"; do
	if grep -qF "$text" stdout; then
		pass "stat says: $text"
	else
		fail "stat does not say: $text"
	fi
done

for part in set config blk up units fuzz summary; do
	# shellcheck source=tests/user/set.sh source=tests/user/config.sh
	# shellcheck source=tests/user/blk.sh source=tests/user/up.sh
	# shellcheck source=tests/user/units.sh source=tests/user/fuzz.sh
	# shellcheck source=tests/user/summary.sh
	. "$here/$part.sh"
done

# completed WORDS...: what bash is offered for the last one
completed()
{
	bash -c '. "$0" && COMP_WORDS=("$@") && COMP_CWORD=$(($# - 1)) &&
		COMP_LINE="$*" && { _kfipmem || :; } && echo "${COMPREPLY[*]}"' \
		"$top/tools/completion/kfipmem.bash" kfipmem "$@" 2>/dev/null
}
if [ "$(completed set start t --member '')" = "local: removed" ] &&
	[ "$(completed set create t --member '')" = local: ] &&
	[ "$(completed blk re)" = resize ]; then
	pass "completion"
else
	fail "completion: $(completed set start t --member '')"
fi

# Every command that there is, is in the manual and in the completion.
for command in "pool create" "pool open" "pool close" "pool list" \
	"pool destroy" "region create" "region list" "region remove" export \
	unexport exports fence listen unlisten attach detach "key generate" \
	status stat "set create" "set start" "set stop" "set add" \
	"set remove" "set scrub" "set status" "set members" up down "blk add" "blk del" \
	"blk resize" "blk list"; do
	last=${command##* }
	if grep -qE "^\.B[IR]? .*$command" "$top/Documentation/man/kfipmem.1" &&
		grep -qw "$last" "$top/tools/completion/kfipmem.bash"; then
		pass "documented: $command"
	else
		fail "not documented or not completed: $command"
	fi
done

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
