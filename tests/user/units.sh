# shellcheck shell=sh
# SPDX-License-Identifier: BSD-3-Clause
#
# The systemd units: systemd accepts them, they are ordered, and what they call
# does what the file says. Sourced by run.sh, behind up.sh.
#
# What run.sh and up.sh have set, and exports:
# shellcheck disable=SC2154,SC2034

units=$work/root/lib/systemd/system
make -s -C "$top/tools" install-units DESTDIR="$work/root" PREFIX= \
	OUT="$out/tools" SBINDIR="$out/tools" || exit 2

# The manual pages are not installed here.
if systemd-analyze verify --man=no "$units"/kfipmem* >stdout 2>&1 &&
	! grep -q kfipmem stdout; then
	pass "systemd takes the units"
else
	fail "systemd-analyze: $(grep kfipmem stdout)"
fi

# after UNIT OTHER: UNIT starts behind OTHER, and so stops before it
after()
{
	if sed -n 's/^After=//p' "$units/$1" | grep -qwF "$2"; then
		pass "$1 comes after $2"
	else
		fail "$1 does not come after $2"
	fi
}
after kfipmem-pools.service ndctl-monitor.service
after kfipmem-exports.service kfipmem-pools.service
after kfipmem-exports.service network-online.target
after kfipmem-attach.service kfipmem-exports.service
after kfipmem-attach.service network-online.target
after kfipmem-sets.service kfipmem-exports.service
after kfipmem-sets.service kfipmem-attach.service

# calls KEY UNIT: what the unit runs, with the test's kernel and file
calls()
{
	line=$(sed -n "s,^$1=$out/tools/kfipmem ,,p" "$units/kfipmem-$2.service")
	# The words of a command:
	# shellcheck disable=SC2086
	"$kfipmem" $line --config boot >stdout 2>stderr ||
		fail "kfipmem-$2: $1: $(cat stderr)"
}
: >log
KFIPMEM_FAKE=boot
for unit in pools exports attach sets; do
	calls ExecStart $unit
done
asked "$up"
for unit in sets attach exports pools; do
	calls ExecStop $unit
done
asked "$up
$down"
