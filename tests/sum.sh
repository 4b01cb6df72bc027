# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# For what runs several parts, each of which ends with "N passed, M failed". Sourced.

passed=0
failed=0
part_passed=0
part_failed=0

# add STATUS FILE: the counts of a part that ended so, from what it printed
add() {
	read -r part_passed part_failed < <(
		sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$2" | tail -n 1
	) || part_passed=''
	# A part that breaks off, or counts no test, has failed.
	if [ -z "$part_passed" ]; then
		part_passed=0
		part_failed=1
	elif [ "$part_failed" -eq 0 ] && { [ "$1" -ne 0 ] || [ "$part_passed" -eq 0 ]; }; then
		part_failed=1
	fi
	passed=$((passed + part_passed))
	failed=$((failed + part_failed))
}

# failures FILE...: the tests that failed, with what each one said: its first and its last
# lines. Two rigs' lines come mixed, with their names before them. Then their names again,
# with what a kernel complained of and where: often the end of a log is all there is.
failures() {
	awk -v most=20 -v complaint='BUG|WARNING|RIP: |Oops|SAN: |INFO: |panic' '
		{
			rig = match($0, /^[a-z]+: /) ? substr($0, 1, RLENGTH) : ""
			line = substr($0, length(rig) + 1)
		}
		line ~ /^(FAIL|not ok)/ { of[rig] = ++tests; name[tests] = $0; next }
		line !~ /^    / { of[rig] = 0 }
		of[rig] { said[of[rig], ++lines[of[rig]]] = $0 }
		# Of a stack, which ends with what every stack ends with, the begin.
		of[rig] && line ~ /Call Trace:/ { calls[of[rig]] = 10 }
		of[rig] && (calls[of[rig]] || line ~ complaint) {
			if (calls[of[rig]])
				calls[of[rig]]--
			if (shown[of[rig]]++ < 16)
				gist[of[rig]] = gist[of[rig]] substr($0, 1, 120) "\n"
		}
		END {
			for (i = 1; i <= tests; i++) {
				print name[i]
				for (j = 1; j <= lines[i]; j++) {
					if (j == most + 1 && lines[i] > 2 * most) {
						print "    ..."
						j = lines[i] - most + 1
					}
					print said[i, j]
				}
			}
			if (tests)
				print "\nfailed:"
			for (i = 1; i <= tests; i++)
				printf "%s\n%s", name[i], gist[i]
		}' "$@"
}
