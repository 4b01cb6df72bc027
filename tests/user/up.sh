# shellcheck shell=sh
# SPDX-License-Identifier: BSD-3-Clause
#
# kfipmem up and down, and the sections of the configuration file that they
# read. Sourced by run.sh.
#
# What run.sh has set, and exports:
# shellcheck disable=SC2154,SC2034

# asked TEXT: the requests so far that change something are these
asked()
{
	got=$(grep -vE '^(5|8|11|17|18|19|25|29)( |$)' log)
	if [ "$got" = "$1" ]; then
		pass "asks: $(echo "$1" | cut -d ' ' -f 1 | tr '\n' ' ')"
	else
		fail "asked '$got', not '$1'"
	fi
}

# ends CODE TEXT ARGS...: ends so; TEXT is in what it prints
ends()
{
	code=$1
	text=$2
	shift 2
	"$kfipmem" "$@" >stdout 2>stderr
	ret=$?
	if [ $ret -ne "$code" ]; then
		fail "kfipmem $*: exit $ret, not $code: $(cat stderr)"
	elif ! { cat stdout stderr; echo; } | grep -qF -- "$text"; then
		fail "kfipmem $*: does not say '$text' but: $(cat stdout stderr)"
	else
		pass "kfipmem $*: $text"
	fi
}

boot_conf()
{
	cat <<-END
		[target]
		addr = 127.0.0.1
		port = 1099
		[pool pool0]
		device = /dev/pmem0
		cache-model = 7
		[peer nodeb]
		key-file = $PWD/key
		[peer *]
		insecure = yes
		[export pool0/data]
		peer = nodeb
		[attach far]
		from = 127.0.0.1:1099/data
		as = nodea
		insecure = yes
		read-only = yes
		[set data]
		member = local:pool0/data
		at-boot = yes
		block-device = 3
		block-size = 512
		[set later]
		member = local:pool0/later
		member = 127.0.0.1/later
		as = nodea
		insecure = yes
	END
}
boot_conf >boot

KFIPMEM_FAKE=boot
up="2 2=/dev/pmem0 5= 6=7
13 1=127.0.0.1 2=1099
9 1=pool0 2=data 3=nodeb 4=$key
15 1=far 2=127.0.0.1 3=1099 4=data 5=nodea 7= 8=
20 1=data 8={ 1=pool0 2=data }
26 2=data 1=3 3=512"
: >log
ends 1 "missing: pool pool0" up --config boot --check
ends 1 "missing: block device of set data" up --config boot --check
asked ""
ends 0 "attachment far" up --config boot
asked "$up"
# What is up stays as it is.
ends 0 "" up --config boot
ends 0 "" up --config boot --check
asked "$up"
ends 0 "set data" down --config boot
down="27 1=3
21 1=data
16 1=far
10 1=pool0 2=data 3=nodeb
14
3 1=pool0"
asked "$up
$down"
ends 0 "" down --config boot
asked "$up
$down"

# Parts, and what one set needs
: >log
ends 0 "pool pool0" up pools exports --config boot --set data
asked "$(echo "$up" | head -n 3)"
ends 0 "block device of set data" up sets --config boot
ends 0 "set data" down sets --config boot --set data --force
ends 0 "export pool0/data to nodeb" down exports --config boot --set data
asked "$(echo "$up" | sed 4d)
27 1=3 5=
21 1=data
10 1=pool0 2=data 3=nodeb"
: >log
ends 1 "boot:24: pool0/later is not exported, and there is no [export pool0/later]" \
	up exports --config boot --set later
sed 's/local:pool0/local:pool1/' boot >boot.pool
ends 1 "boot.pool:24: pool 'pool1' is not open, and there is no [pool pool1]" \
	up pools --config boot.pool --set later
asked ""
json '.ok and .changed == ["pool pool0"]' up pools --config boot
json '.ok and .changed == []' up pools --config boot
if "$kfipmem" up --check --config boot --json >stdout 2>stderr; then
	fail "up --check: succeeds though something is missing"
elif jq -e '(.ok | not) and .missing[0] == "target"' <stdout >/dev/null; then
	pass "JSON of up --check"
else
	fail "JSON of up --check: $(cat stdout)"
fi

# A step that fails does not keep the others from being tried.
: >log
KFIPMEM_FAKE=refuse
sed 's/pool0/tank/; s/far/near/' boot >boot.name
ends 1 "boot.name:13: attach data of 127.0.0.1: the object is busy" \
	up --config boot.name
if [ "$(grep -cE '^(2|15) ' log)" -eq 2 ]; then
	pass "up goes on after a failure"
else
	fail "up does not go on after a failure: $(cat log)"
fi
: >log
KFIPMEM_FAKE=boot
ends 1 "boot.name:4: the pool on /dev/pmem0 is open and is not named 'tank'" \
	up pools --config boot.name
chmod 644 key
ends 2 "boot:12: key file $PWD/key is open to everybody" up exports --config boot
chmod 600 key
KFIPMEM_FAKE=fenced
ends 1 "boot:18: set 'data' is fenced here" up sets --config boot
KFIPMEM_FAKE=nofamily
ends 3 "modprobe kfi_user" up --config boot

KFIPMEM_FAKE=ok
refuse 2 "up: 'pool' is none of pools, exports" up pool --config boot
refuse 2 "down: 'all' is none of" down all --config boot
refuse 2 "up: boot has no [set none]" up --config boot --set none
refuse 2 "set name 'a b' has characters" up --config boot --set 'a b'
refuse 2 "cannot open none" up --config none
refuse 2 "unrecognized option" up --force
refuse 2 "unrecognized option" down --check
refuse 2 "unexpected word" up a b c d e
refuse 2 "set members: boot has no [set none]" set members none --config boot
json '.members == [{"index": 0, "where": "local:pool0/later", "witness": false, "removed": false},
	{"index": 1, "where": "127.0.0.1/later", "witness": false, "removed": false}]' \
	set members later --config boot

# wrong LINE TEXT LINES...: a file of these lines is refused for that line
wrong()
{
	at=$1
	what=$2
	shift 2
	printf '%s\n' "$@" >conf
	bad "$at" "$what"
}
wrong 1 "there is one [target], without a name" '[target t]'
wrong 2 "target is in line 1 already" '[target]' '[target]'
wrong 2 "port '0' is not a port" '[target]' 'port = 0'
wrong 1 "pool 'p' has no device" '[pool p]'
wrong 2 "'pmem0' is not an absolute path" '[pool p]' 'device = pmem0'
wrong 3 "'x' is not a number, nor 'yes' or 'no'" '[pool p]' 'device = /p' 'cache-model = x'
wrong 1 "pool name 'p/q' has characters" '[pool p/q]'
wrong 1 "peer 'b' has neither a key-file nor" '[peer b]'
wrong 1 "peer 'b' has both a key-file and" '[peer b]' 'key-file = /k' 'insecure = yes'
wrong 1 "peer '*' is anybody and has no key" '[peer *]' 'key-file = /k'
wrong 1 "'data' names no pool" '[export data]'
wrong 1 "export 'p/d' has no peer" '[export p/d]'
wrong 2 "there is no [peer b] that says its key" '[export p/d]' 'reader = b'
wrong 1 "attach 'x' has no from" '[attach x]'
wrong 1 "attach 'x' has no as" '[attach x]' 'from = h/d'
wrong 1 "attach 'x' has neither a key-file" '[attach x]' 'from = h/d' 'as = a'
wrong 2 "'h' names no region" '[attach x]' 'from = h'
wrong 3 "'maybe' is neither 'yes' nor 'no'" '[set t]' 'member = local:p/d' 'at-boot = maybe'
wrong 3 "'-1' is not a number, nor" '[set t]' 'member = local:p/d' 'block-device = -1'
wrong 3 "block size '1024' is neither" '[set t]' 'member = local:p/d' 'block-size = 1024'
wrong 1 "unknown section 'poll'; there are [set NAME], [target], [pool NAME]" '[poll p]'
