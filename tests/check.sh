#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# All tests: check.sh [PART...] of kunit user compile model vm cluster rig
# mutants. Without one: all but cluster, which runs Pacemaker, rig, which is the
# rig's own, and mutants, which builds four kernels. The last line is the sum.

set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
parts=("$@")
[ $# -gt 0 ] || parts=(user compile kunit model vm)
make=(make --no-print-directory -s -C "$top")
log=$(mktemp -d "${TMPDIR:-/tmp}/kfi-check.XXXXXX")
trap '[ -z "${model:-}" ] || kill "$model" 2> /dev/null || true; rm -rf "$log"' EXIT
trap 'exit 130' INT TERM HUP

deps() {
	"$top/tools/deps.sh" install "$@"
}

run() {
	case $1 in
	kunit) deps kunit && "$top/tests/kunit/uml.sh" run debug ;;
	user) deps build test && "$top/tests/user/run.sh" ;;
	compile) "${make[@]}" compile ;;
	model) deps model && "$top/tests/model/run.sh" ;;
	vm)
		# shellcheck disable=SC2086
		deps build rig test && "$top/tests/vm/run.sh" ${TESTS:-}
		;;
	cluster) deps build rig test && "$top/tests/vm/run.sh" pacemaker ;;
	mutants) deps kunit && "$top/tests/kunit/mutants.sh" ;;
	rig)
		# shellcheck disable=SC2015
		deps build rig && make -s -C "$top/qemu" check
		;;
	*)
		echo "check: there is no part '$1': kunit user compile model vm cluster rig mutants" >&2
		return 2
		;;
	esac
}

# The model keeps one processor busy and says little: it is checked beside the
# others, and told of when its turn comes.
model=
case " ${parts[*]} " in
*\ model\ *\ *)
	run model > "$log/beside" 2>&1 &
	model=$!
	;;
esac

passed=0
failed=0
summary=()
for part in "${parts[@]}"; do
	begin=$SECONDS
	status=0
	echo "== $part"
	if [ "$part" = model ] && [ -n "$model" ]; then
		wait "$model" || status=$?
		tee "$log/$part" < "$log/beside"
	else
		run "$part" 2>&1 | tee "$log/$part" || status=$?
	fi
	read -r p f < <(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$log/$part" | tail -n 1) || p='' f=''
	# A part that breaks off, or counts no test, has failed.
	if [ -z "$p" ] || [ "$((p + f))" -eq 0 ] || { [ $status -ne 0 ] && [ "$f" -eq 0 ]; }; then
		f=$((${f:-0} + 1))
	fi
	passed=$((passed + ${p:-0}))
	failed=$((failed + f))
	summary+=("$(printf '%-8s %4d passed %4d failed %5d s' "$part" "${p:-0}" "$f" $((SECONDS - begin)))")
done

echo
printf '%s\n' "${summary[@]}"
rm -f "$log/beside"
grep -h -E '^([a-z]+: )?(FAIL|not ok)' "$log"/* || true
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
