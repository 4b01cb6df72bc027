#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Checks the model of replica sets: every run within its bounds keeps the
# promises, and each mutant, which leaves a rule out, breaks one. The last line
# is the sum. A trail of a check that failed is kept in $OUT/model.
#
# usage: run.sh [CHECK...]
#   LONG=1   also the searches that take minutes
#   FRESH=1  search again where the same search had its verdict earlier: of the same
#            model, bounds and tools it cannot have another

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
out=${OUT:-$(make -s --no-print-directory -C "$here/../.." path)}/model
passed=0
failed=0
only=("$@")

for tool in spin gcc; do
	command -v $tool > /dev/null || {
		echo "run.sh: $tool is missing (Debian package $tool)" >&2
		exit 2
	}
done
work=$(mktemp -d "${TMPDIR:-/tmp}/kfi-model.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

ok() {
	passed=$((passed + 1))
	echo "ok model: $*"
}

fail() {
	failed=$((failed + 1))
	echo "FAIL model: $*"
}

# What of the names given is a check
declare -A known

wanted() {
	local name

	known[$1]=yes
	[ ${#only[@]} -gt 0 ] || return 0
	for name in "${only[@]}"; do
		[ "$name" != "$1" ] || return 0
	done
	return 1
}

kept=${XDG_CACHE_HOME:-$HOME/.cache}/kfabric-pmem/model
mkdir -p "$kept"
find "$kept" -type f -mtime +30 -delete
tools=$(spin -V 2>&1; gcc --version; cat "$here/replica.pml" "$here/run.sh")

# look_up NAME KIND DEFINE...: the verdict of such a search, if there is one
look_up() {
	verdict=$kept/$(sha256sum <<< "$* $tools" | cut -c 1-32)
	[ -s "$verdict" ] && [ -z "${FRESH:-}" ] && [ ${#only[@]} -eq 0 ] || return 1
	IFS=: read -r errors trail cost < "$verdict"
	cost+=", earlier"
}

# search NAME KIND DEFINE...: leaves the verdict in $errors (none without one),
# what it cost in $cost, the folder in $dir. KIND: all states for "safety" and
# "progress", the shortest way to an error for "first".
search() {
	local name=$1 kind=$2 states seconds memory
	local compile=(-O1) run=()

	dir=$work/$name
	mkdir "$dir"
	! look_up "$@" || return 0
	shift 2
	cp "$here/replica.pml" "$dir"
	case $kind in
	safety) compile+=(-DSAFETY) ;;
	# Few states: the compiler would take longer than the search.
	first) compile=(-O0 -DSAFETY -DBFS) ;;
	progress) compile+=(-DNOFAIR) run=(-a) ;;
	esac
	errors='' cost='no result' trail=''
	# One process: there is no order for partial order reduction to leave out.
	(
		cd "$dir"
		spin -a "$@" replica.pml > spin.log 2>&1 || exit
		gcc -w -DNOREDUCE -DMEMLIM=3900 "${compile[@]}" -o pan pan.c > gcc.log 2>&1 || exit
		./pan -n -m1000000 "${run[@]}" > pan.log 2>&1
	) || true
	[ -e "$dir/pan.log" ] || {
		cat "$dir"/*.log
		return 0
	}
	states=$(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' "$dir/pan.log")
	seconds=$(sed -n 's/^pan: elapsed time \([0-9.]*\) seconds/\1/p' "$dir/pan.log")
	memory=$(sed -n 's/^ *\([0-9]*\)[0-9.]*\ttotal actual memory usage/\1/p' "$dir/pan.log")
	cost="${states:-?} states, ${seconds:-?} s, ${memory:-?} MB"
	# A search that was cut short proves nothing.
	if grep -q -E 'max search depth too small|out of memory|Search not completed|resources exhausted' "$dir/pan.log" &&
		! grep -q -E '^pan:1: (assertion|acceptance|invalid)' "$dir/pan.log"; then
		cost="cut short: $cost"
		return 0
	fi
	errors=$(sed -n 's/.*errors: \([0-9]*\)$/\1/p' "$dir/pan.log")
	trail=
	[ ! -e "$dir/replica.pml.trail" ] || trail=yes
}

# remember: the verdict, of a check that passed
remember() {
	printf '%s:%s:%s\n' "$errors" "$trail" "${cost%, earlier}" > "$verdict"
}

# keep NAME DEFINE...: the trail, and how to read it
keep() {
	local name=$1

	shift
	[ -e "$dir/replica.pml.trail" ] || return 0
	mkdir -p "$out"
	cp "$dir/replica.pml" "$out/$name.pml"
	cp "$dir/replica.pml.trail" "$out/$name.pml.trail"
	echo "  replay: cd $out && spin -t $* $name.pml"
}

# holds NAME KIND DEFINE...: no run breaks a promise
holds() {
	local name=$1 kind=$2

	wanted "$name" || return 0
	shift 2
	search "$name" "$kind" "$@"
	if [ "$errors" = 0 ]; then
		ok "$name ($cost)"
		remember
	else
		fail "$name ($cost)"
		[ ! -e "$dir/pan.log" ] || grep '^pan:1:' "$dir/pan.log" || true
		keep "$name" "$@"
	fi
	rm -rf "$dir"
}

# breaks NAME KIND DEFINE...: some run does, with this rule left out
breaks() {
	local name=$1 kind=$2

	wanted "$name" || return 0
	shift 2
	search "$name" "$kind" "-D$name" "$@"
	if [ "${errors:-0}" -gt 0 ] && [ -n "$trail" ]; then
		ok "mutant $name is found ($cost)"
		echo "mutant $name: caught by the model"
		remember
		# For who asks for it.
		[ ${#only[@]} -eq 0 ] || keep "$name" "-D$name" "$@"
	else
		fail "mutant $name is not found ($cost)"
		echo "mutant $name: not caught by the model"
	fi
	rm -rf "$dir"
}

# All states within the bounds.
holds data safety -DSYMMETRY -DCRASHES=2 -DFAILS=1 -DWRITES=1 -DWRITERS=2
holds witness safety -DSYMMETRY -DWITNESS=1 -DCRASHES=2 -DFAILS=1 -DWRITES=2 -DWRITERS=2
holds same-epoch safety -DSYMMETRY -DWITNESS=1 -DCRASHES=1 -DFAILS=1 -DWRITES=1 -DWRITERS=3 \
	-DSAME_EPOCH
# Without what makes the search smaller: that has to find nothing either.
holds exact safety -DEXACT -DWITNESS=1 -DCRASHES=1 -DFAILS=1 -DWRITES=1 -DWRITERS=2
# Failures stop: then the set becomes whole.
holds heal-witness progress -DSYMMETRY -DHEAL -DWITNESS=1 -DCRASHES=2 -DFAILS=0 -DWRITES=1 \
	-DWRITERS=3
if [ -n "${LONG:-}" ]; then
	holds data-writes safety -DSYMMETRY -DCRASHES=1 -DFAILS=1 -DWRITES=2 -DWRITERS=2
	holds witness-epochs safety -DSYMMETRY -DWITNESS=1 -DCRASHES=1 -DFAILS=1 -DWRITES=1 -DWRITERS=3
	holds heal-data progress -DSYMMETRY -DHEAL -DCRASHES=1 -DFAILS=0 -DWRITES=1 -DWRITERS=3
	holds data-long safety -DSYMMETRY -DCRASHES=2 -DFAILS=1 -DWRITES=2 -DWRITERS=2
	holds data-epochs-long safety -DSYMMETRY -DCRASHES=1 -DFAILS=0 -DWRITES=1 -DWRITERS=3
	holds witness-long safety -DSYMMETRY -DWITNESS=1 -DCRASHES=2 -DFAILS=1 -DWRITES=2 -DWRITERS=3
fi

# The shortest run that breaks a promise.
three=(-DEXACT -DCRASHES=0 -DFAILS=1 -DWRITES=2 -DWRITERS=2)
two=(-DEXACT -DWITNESS=1 -DCRASHES=0 -DFAILS=1 -DWRITES=2 -DWRITERS=2)
breaks ANSWER_BEFORE_REVOKE first -DEXACT -DWITNESS=1 -DCRASHES=0 -DFAILS=0 -DWRITES=1 -DWRITERS=2
breaks INTENT_AFTER_DATA first "${three[@]}"
breaks ACK_BEFORE_QUORUM first "${three[@]}"
breaks ACK_BEFORE_RECORD first "${three[@]}"
breaks ACK_BY_COUNTED first "${three[@]}"
breaks GENERATION_AFTER_WRITE first "${three[@]}"
breaks RECORD_BY_GENERATION first -DEXACT -DSYMMETRY -DCRASHES=0 -DFAILS=0 -DWRITES=1 -DWRITERS=3
breaks CLEAR_WHILE_BEHIND first "${two[@]}"
breaks SOURCE_NOT_COMMITTED first -DEXACT -DWITNESS=1 -DCRASHES=1 -DFAILS=0 -DWRITES=1 -DWRITERS=2
breaks UNION_KEEPS_ALL first "${three[@]}"
breaks UNION_NOT_DURABLE first "${three[@]}"
breaks INTENT_NOT_AT_SYNCING first "${three[@]}"
breaks ATTACH_KEEPS_KEYS first "${two[@]}"
breaks READ_WHILE_WRITING first "${three[@]}"
breaks NO_RESTART progress -DHEAL -DWITNESS=1 -DCRASHES=0 -DFAILS=0 -DWRITES=1 -DWRITERS=3

for name in "${only[@]}"; do
	[ -n "${known[$name]:-}" ] || fail "there is no check $name: ${!known[*]}"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ $((passed + failed)) -gt 0 ]
