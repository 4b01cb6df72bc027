# shellcheck shell=sh
# SPDX-License-Identifier: BSD-3-Clause
#
# The configuration file. Sourced by run.sh.
#
# What run.sh has set, and exports:
# shellcheck disable=SC2154,SC2034

KFIPMEM_FAKE=ok

# bad LINE TEXT: what is in "conf" is refused for that line
bad()
{
	refuse 2 "kfipmem: conf:$1: $2" set start t --config conf
}

# line TEXT...: the bad thing is in the third line of a good section
line()
{
	what=$1
	shift
	{
		echo '[set t]'
		echo 'member = local:p/d'
		printf '%s\n' "$@"
	} >conf
	bad 3 "$what"
}

cat >conf <<'END'
# what the writer of set t needs

[set t]
member = local:p/d
  member=127.0.0.1/d	
; a comment of the other kind
witness	=	127.0.0.2:1099/v
as = a
insecure = yes
extent-size = 2M
resync-rate = 10M
on-quorum-loss = fail
provider = rdma

[set u]
member = local:p/u
on-quorum-loss = hold
insecure = no
END
all="8={ 1=p 2=d } 8={ 2=d 3=127.0.0.1 4=7473 5=rdma 6=a 8= } 8={ 2=v 3=127.0.0.2 4=1099 5=rdma 6=a 8= 9= }"
sends "20 1=t 2= 5= 6=2097152 7=10485760 $all" set create t --config conf
sends "20 1=t 5= 7=10485760 $all" set start t --config conf
sends "20 1=u 8={ 1=p 2=u }" set start u --config conf
sends "20 1=u 4= 8={ 1=p 2=u }" set start u --raw --config conf
sends "20 1=t 5= 7=1024 $(echo "$all" | sed 's/6=a 8=/6=b 8=/g')" set start t --config conf --as b --resync-rate 1K
sends "20 1=t 5= 7=10485760 $(echo "$all" | sed "s/6=a 8=/6=a 7=$key/g")" set start t --config conf --key-file key
printf '[set t]\nmember = removed\nmember = local:p/d\nwitness = removed\n' >conf.removed
sends "20 1=t 8={ 18= } 8={ 1=p 2=d } 8={ 18= }" set start t --config conf.removed
refuse 2 "a new set has no member that was removed" set create t --config conf.removed
json '.members | map(.removed) == [true, false, true] and map(.index) == [0, 1, 2]' set members t --config conf.removed
refuse 2 "a raw set has one member, not 3" set start t --raw --config conf
refuse 2 "conf has no [set v]" set start v --config conf
refuse 2 "not from both" set start t --config conf --member local:p/d
sed "s,^insecure = yes,key-file = $PWD/key," conf >conf.key
sends "20 1=t 5= 7=10485760 $(echo "$all" | sed "s/6=a 8=/6=a 7=$key/g")" set start t --config conf.key
sends "20 1=t 5= 7=10485760 $all" set start t --config conf.key --insecure
sed 's/$/\r/' conf >conf.crlf
sends "20 1=t 5= 7=10485760 $all" set start t --config conf.crlf
printf '[set t]\nmember = local:p/d' >conf.noeol
sends "20 1=t 8={ 1=p 2=d }" set start t --config conf.noeol
[ -e /etc/kfipmem.conf ] ||
	refuse 2 "say with --member of what, or in /etc/kfipmem.conf as [set t]" set start t

# What is no file, or not one of these
refuse 2 "cannot open none" set start t --config none
refuse 2 "cannot read key.dir" set start t --config key.dir
: >conf
refuse 2 "conf has no [set t]" set start t --config conf
printf '\177ELF\n' >conf
bad 1 "a control character (0x7f)"
printf '[set t]\n\0\n' >conf
bad 2 "a control character (0)"
printf '[set t]\nmember = local:p/\033d\n' >conf
bad 2 "a control character (0x1b)"
printf '[set t]\nmember = local:p/\rd\n' >conf
bad 2 "a control character (0xd)"

# Sections
echo 'member = local:p/d' >conf
bad 1 "a value before the first section"
echo '[set t' >conf
bad 1 "the section has no closing bracket"
echo '[' >conf
bad 1 "the section has no closing bracket"
echo '[]' >conf
bad 1 "unknown section ''"
echo '[set]' >conf
bad 1 "the section has no name; write [set NAME]"
printf '\n\n[sets t]\n' >conf
bad 3 "unknown section 'sets'"
echo '[set a b]' >conf
bad 1 "set name 'a b' has characters other than"
echo '[set ../t]' >conf
bad 1 "set name '../t' does not start with"
printf '[set t]\nmember = local:p/d\n[set t]\n' >conf
bad 3 "set 't' is in line 1 already"
printf '[set t]\nas = a\n' >conf
bad 1 "set 't' has no member"
printf '[set t]\nmember = local:p/d\n[set u]\nas = a\n' >conf
bad 3 "set 'u' has no member"
printf '[set t]\nmember = local:p/d\nkey-file = /k\ninsecure = yes\n' >conf
bad 1 "set 't' has both a key-file and"

# Keys and values
line "'member' is neither KEY = VALUE nor" member
line "a set has no 'members'; it has member, witness, as" 'members = local:p/e'
line "a set has no ''; it has" '= local:p/e'
line "'as' has no value" 'as ='
line "'member' has no value" 'member ='
line "'d' names no pool" 'member = local:d'
line "'10.0.0.1' names no region" 'member = 10.0.0.1'
line "port '0' is not a port" 'witness = 10.0.0.1:0/d'
line "write an IPv6 address in brackets" 'member = ::1/d'
line "peer name 'a # me' has characters" 'as = a # me'
line "provider name '-x' does not start with" 'provider = -x'
line "'nodea.key' is not an absolute path" 'key-file = nodea.key'
line "'true' is neither 'yes' nor 'no'" 'insecure = true'
line "'panic' is neither 'hold' nor 'fail'" 'on-quorum-loss = panic'
line "rate '10X' has an unknown unit" 'resync-rate = 10X'
line "rate '0' is zero" 'resync-rate = 0'
line "extent size '3M' is not a power of two" 'extent-size = 3M'
printf '[node d]\n' >conf
bad 1 "node 'd' has neither a mode nor an owner"
printf '[node a/d]\nmode = 600\n' >conf
bad 1 "node 'a/d' is no name in /dev/kfi"
for mode in 8 1777 -1 0x10 77777777777777777777777; do
	printf '[node d]\nowner = 1\nmode = %s\n' "$mode" >conf
	bad 3 "mode"
done
printf '[node d]\nmode = 0660\nowner = :\n' >conf
bad 3 "owner ':' names nobody"
printf '[node d]\nowner = nobody-here\n' >conf
bad 2 "there is no user 'nobody-here'"
printf '[node d]\nowner = 0:no-group-here\n' >conf
bad 2 "there is no group 'no-group-here'"
printf '[node p.d]\nmode = 0660\nowner = 4294967295\n' >conf
bad 3 "there is no user '4294967295'"
printf '[set t]\nmember = local:p/d\nas = a\nas = b\n' >conf
bad 4 "'as' is in line 3 already"
{
	echo '[set t]'
	for i in 1 2 3 4 5 6 7 8 9; do
		echo "member = local:p/d$i"
	done
} >conf
bad 10 "a set has at most 8 members"
printf '[set t]\nmember = local:p/%s\n' "$long" >conf
bad 2 "'p/0000"
printf '[set t]\nmember = local:p/d\nresync-rate = %0100000d\n' 0 >conf
bad 3 "rate '0000"
