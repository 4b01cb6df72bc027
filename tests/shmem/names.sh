#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Is every routine there: declared in <shmem.h>, and exported under both names?
# And does the library export nothing else?
#
# usage: names.sh BIN-DIRECTORY (with oshcc)
set -eu

bin=$1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/kfi-shmem-names.XXXXXX")
trap 'rm -rf "$work"' EXIT
lib=$(dirname "$(readlink -f "$bin/oshcc")")/../lib/libshmem.so

# empty WHAT FILE: it lists what is wrong
empty() {
	if [ -s "$2" ]; then
		echo "FAIL names: $1: $(wc -l < "$2"), such as"
		head -n 5 "$2" | sed 's/^/    /'
	else
		echo "PASS names: $1"
	fi
}

cc -E -P "$here/names.h" | grep -oE 'NAME [a-z0-9_]+' | cut -d ' ' -f 2 | sort -u > "$work/names"
{
	cat "$work/names"
	sed 's/^/p/' "$work/names"
} | sort > "$work/both"
nm -D --defined-only "$lib" | awk '{ print $3 }' | grep -v '^shmemx_\|^pshmemx_' | sort > "$work/exported"
echo '#include <shmem.h>' | "$bin/oshcc" -E -P -x c - |
	grep -oE '\<p?(shmem_|sh|start_)[a-z0-9_]+ *\(' | tr -d ' (' | sort -u > "$work/declared"

[ "$(wc -l < "$work/names")" -ge 1900 ]
comm -23 "$work/both" "$work/exported" > "$work/missing"
empty "$(wc -l < "$work/names") routines are exported, as shmem_X and pshmem_X" "$work/missing"
comm -23 "$work/both" "$work/declared" > "$work/undeclared"
empty "and declared" "$work/undeclared"
comm -13 "$work/both" "$work/declared" | grep -vE '^p?shmemx_' > "$work/more" || true
comm -23 "$work/more" "$work/exported" > "$work/unknown"
empty "what is declared is exported" "$work/unknown"
comm -13 "$work/both" "$work/exported" |
	grep -vE '^(_my_pe|_num_pes|my_pe|num_pes)$' > "$work/extra" || true
empty "nothing else is exported" "$work/extra"
