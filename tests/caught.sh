#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Which test has caught which mutant: caught.sh LOG... of the parts that ran them,
# from their lines "mutant NAME: caught by TEST" and "mutant NAME: not caught by
# TEST". One that nothing caught is a failure, and so is one that the modules can
# be built with (KFI_MUTANT_* of Kconfig) and no part ran.

set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
known=$(sed -n 's/^config KFI_MUTANT_//p' "$top"/kfabric_pmem/*/Kconfig "$top"/prov_*/Kconfig | tr '\n' ' ')

awk -v known="$known" '
	# "no-fence" of a node is NO_FENCE of the kernel.
	function standard(name) {
		if (name ~ /^[a-z]+(-[a-z]+)+$/) {
			gsub(/-/, "_", name)
			name = toupper(name)
		}
		return name
	}
	function seen(name) {
		if (!(name in caught)) {
			caught[name] = ""
			order[++mutants] = name
		}
	}
	BEGIN {
		for (i = split(known, name, " "); i > 0; i--)
			seen(name[i])
	}
	# A rig puts its name before its lines.
	/^([a-z]+: )?mutant .+: (not )?caught by / {
		sub(/^([a-z]+: )?mutant /, "")
		missed = match($0, /: not caught by /)
		if (!missed)
			match($0, /: caught by /)
		mutant = standard(substr($0, 1, RSTART - 1))
		test = substr($0, RSTART + RLENGTH)
		seen(mutant)
		if (!missed && !((mutant, test) in told)) {
			told[mutant, test] = 1
			caught[mutant] = caught[mutant] "\n" test
		}
	}
	END {
		printf "%-54s %s\n", "mutant", "caught by"
		for (i = 1; i <= mutants; i++) {
			tests = split(substr(caught[order[i]], 2), by, "\n")
			printf "%-54s %s\n", order[i], tests ? by[1] : "NOTHING"
			for (j = 2; j <= tests; j++)
				printf "%-54s %s\n", "", by[j]
			escaped += !tests
		}
		printf "%d mutants, %d of them caught by nothing\n", mutants, escaped
		exit escaped > 0
	}' "$@"
