# shellcheck shell=sh
# SPDX-License-Identifier: BSD-3-Clause
#
# What a check says at its end of what failed (tests/sum.sh). Sourced by run.sh.
#
# What run.sh has set:
# shellcheck disable=SC2154

# A kernel that complains behind much that was said, and another rig between.
{
	echo 'files: ok   first (1 s)'
	echo 'files: FAIL second (3 s)'
	for line in $(seq 60); do
		echo "files:      said $line"
		echo "set: ok   case $line (0 s)"
	done
	echo 'files:      a: [ 1.2] BUG: kernel NULL pointer dereference'
	echo 'files:      a: [ 1.2] RIP: 0010:culprit+0x1/0x2'
	echo 'files:      a: [ 1.2] Call Trace:'
	for line in $(seq 40); do
		echo "files:      a: [ 1.2]  frame$line+0x1/0x2"
	done
	echo 'set: FAIL third (2 s)'
} >summary.in
# shellcheck disable=SC2016 # its own arguments
bash -c '. "$1" && failures "$2"' sh "$top/tests/sum.sh" summary.in |
	sed -n '/^failed:$/,$p' >summary.out

if [ "$(grep -c FAIL summary.out)" -eq 2 ] && [ "$(tail -n 1 summary.out)" = 'set: FAIL third (2 s)' ]; then
	pass "the names of what failed come last"
else
	fail "the names of what failed do not come last: $(cat summary.out)"
fi
if grep -q 'RIP: 0010:culprit' summary.out && grep -q ' frame1+' summary.out &&
	[ "$(wc -l <summary.out)" -le 20 ]; then
	pass "with the begin of what a kernel complained of"
else
	fail "without the begin of what a kernel complained of: $(cat summary.out)"
fi
