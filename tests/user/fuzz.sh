# shellcheck shell=sh
# SPDX-License-Identifier: BSD-3-Clause
#
# What the fuzzers of the decoders found worth keeping, given to them again.
# Sourced by run.sh.
#
# What run.sh has set:
# shellcheck disable=SC2154

"$top/tests/fuzz/run.sh" replay >fuzzed 2>&1
status=$?
grep -vE '^[0-9]+ passed' fuzzed
passed=$((passed + $(grep -c '^ok ' fuzzed)))
failed=$((failed + $(grep -c '^FAIL ' fuzzed)))
[ $status -eq 0 ] || grep -q '^FAIL ' fuzzed || fail "tests/fuzz/run.sh: exit $status"
