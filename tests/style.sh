#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The kernel's own checkers over the kernel code, shellcheck over the scripts.
# The last line is "style: N problems"; no problem, exit status 0.

set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
out=${OUT:-$(make -s --no-print-directory -C "$top" path)}
kernel=$("$top/tools/deps.sh" kernel)
tarball=/usr/src/linux-source-6.12.tar.xz
problems=0
cd "$top"

# Types of checkpatch that do not apply, each with its reason.
ignore=(
	FILE_PATH_CHANGES	# MAINTAINERS is the kernel's, not ours
	LINUX_VERSION_CODE	# built against installed headers as well as in tree
	CONFIG_DESCRIPTION	# the mutants' help is one sentence on purpose
	SPDX_LICENSE_TAG	# tools and tests are BSD-3-Clause
	ENOSYS			# what kfabric says where a provider has nothing
)

# Single places, each with its reason.
places=(
	'tests/kunit/.*PARENTHESIS_ALIGNMENT'	# assertions around long calls
	'atomic_fp\.c:.*MACRO'		# one body for two floating-point types
	'wire\.c:.*USE_NEGATIVE_ERRNO'	# a status on the wire is positive
	'kfr\.h:.*MACRO_ARG_PRECEDENCE'	# the argument names a member
	'rmr\.c:.*UNNECESSARY_ELSE'	# the break ends one of four cases
	'trace\.h:.*(OPEN_ENDED_LINE|PARENTHESIS_ALIGNMENT)'	# as all trace events
	'replica/set\.h:.*MACRO_ARG_REUSE'	# a loop over variables
)

# count NAME FILE: its lines are problems
count() {
	local n

	n=$(wc -l < "$2")
	problems=$((problems + n))
	printf '%-11s %d\n' "$1" "$n"
	sed 's/^/  /' "$2"
}

# The scripts of the kernel source, from the package, once for each version.
scripts=$out/style/$(dpkg-query -W -f '${Version}' linux-source-6.12)
if [ ! -e "$scripts/complete" ]; then
	rm -rf "$scripts"
	mkdir -p "$scripts"
	tar -C "$scripts" --strip-components=1 -xf "$tarball" --wildcards \
		'*/scripts/checkpatch.pl' '*/scripts/spelling.txt' \
		'*/scripts/const_structs.checkpatch' '*/scripts/kernel-doc*'
	touch "$scripts/complete"
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/kfi-style.XXXXXX")
trap 'rm -rf "$work"' EXIT

# Kernel code; the programs in userspace are not checkpatch's affair.
mapfile -t code < <(find include kfabric_pmem prov_* tests/kunit tests/crash tests/compile tests/debug \
	-name '*.[ch]' | sort)
mapfile -t shell < <({
	find . -name '*.sh' -not -path './.git/*'
	echo ./tools/ocf/kfiset
	grep -rlE '^#!/bin/(ba)?sh' --include='run' .ci 2> /dev/null || true
} | sort)

perl "$scripts/scripts/checkpatch.pl" --no-tree --strict --terse --no-summary \
	--show-types --ignore "$(IFS=,; echo "${ignore[*]}")" -f "${code[@]}" \
	2>&1 | grep -v -E "$(IFS='|'; echo "${places[*]}")" > "$work/checkpatch" || true
# Patches for the kernel; which commits they mend only its own repository knows.
# From stdin: what git has is taken for code.
for file in Documentation/upstream/000[1-9]-*.patch; do
	perl "$scripts/scripts/checkpatch.pl" --no-tree --strict --terse \
		--no-summary --show-types --ignore UNKNOWN_COMMIT_ID - < "$file" 2>&1 |
		sed "s#^-:#$file:#" >> "$work/checkpatch" || true
done
count checkpatch "$work/checkpatch"

perl "$scripts/scripts/kernel-doc" -none "${code[@]}" 2> "$work/kernel-doc" || true
count kernel-doc "$work/kernel-doc"

# sparse sees the synced copy; what it says of the kernel's headers is theirs.
KERNEL=$kernel make --no-print-directory -s modules > /dev/null
make --no-print-directory -s KERNEL="$kernel" sparse 2>&1 |
	grep -E "(warning|error):" | grep -F "$out" | sed "s#$out/$kernel/##" > "$work/sparse" || true
count sparse "$work/sparse"

# -x: follow what is sourced; each file is read with the project's root.
shellcheck -x -f gcc "${shell[@]}" > "$work/shellcheck" || true
count shellcheck "$work/shellcheck"

echo "style: $problems problems"
[ "$problems" -eq 0 ]
