#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The fuzz harnesses of the decoders:
#
#   run.sh                gives each its corpus, and the same to builds in which a
#                         check is left out, which have to fail
#   run.sh fuzz [NAME...] libFuzzer, RUNS executions each (10000000), from the
#                         corpus on; what that covers; how soon it finds what is
#                         left out
#   run.sh keep [NAME...] the shortest corpus that covers what the last "fuzz"
#                         found becomes that of the checkout
#
# A finding is kept in the folder that it names. The input, as hexadecimal digits,
# belongs into corpus/NAME.txt with what it is about behind a "#".

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
top=$(cd "$here/../.." && pwd -P)
out=$(make -s --no-print-directory -C "$top" path)/fuzz
RUNS=${RUNS:-10000000}
# With the same seed it makes up the same inputs.
SEED=${SEED:-1}
MUTANT_RUNS=${MUTANT_RUNS:-3000000}
passed=0
failed=0

build() {
	make -s --no-print-directory -C "$here" OUT="$out" "$@"
}

pass() {
	passed=$((passed + 1))
	echo "ok   $*"
}

fail() {
	failed=$((failed + 1))
	echo "FAIL $*"
}

# mutants NAME: "NUMBER FILE SED" of each
mutants() {
	awk -v name="$1" '/^[a-z]/ { n++; if ($1 == name) { sub(/^[^ ]+ /, ""); print n, $0 } }' \
		"$here/mutants.txt"
}

# mutate NUMBER FILE SED: a copy with the check left out; touched if that is news
mutate() {
	local dir=$out/mutants/$1 file=$2 edit=$3

	mkdir -p "$dir"
	sed "$edit" "$top/$file" > "$dir/new"
	if cmp -s "$dir/new" "$top/$file"; then
		echo "run.sh: '$edit' changes nothing in $file" >&2
		return 1
	fi
	cmp -s "$dir/new" "$dir/${file##*/}" || mv "$dir/new" "$dir/${file##*/}"
}

# mutant KIND NAME NUMBER FILE: builds it
mutant() {
	local dir=$out/mutants/$3

	make -s --no-print-directory -C "$here" OUT="$dir" SHIM="$out/include" \
		MUTANT="$4" MUTANT_COPY="$dir/${4##*/}" "$dir/$1/$2"
}

replay() {
	local name number file edit said=$out/said

	build replay
	for name in "$@"; do
		if "$out/replay/$name" "$here/corpus/$name.txt" > "$said" 2>&1; then
			pass "$name: $(tail -n 1 "$said")"
		else
			fail "$name: see below"
			sed 's/^/    /' "$said"
		fi
		while read -r number file edit; do
			mutate "$number" "$file" "$edit"
			mutant replay "$name" "$number" "$file"
			if "$out/mutants/$number/replay/$name" "$here/corpus/$name.txt" \
				> "$said" 2>&1; then
				fail "$name: no input of the corpus finds '$edit'"
				echo "mutant decoder $name, $number: not caught by its corpus"
			else
				pass "$name finds '$edit': $(grep -m 1 -oE \
					'does not hold: .*|AddressSanitizer: [a-zA-Z][a-zA-Z-]*|runtime error: .*' \
					"$said" || echo "died")"
				echo "mutant decoder $name, $number: caught by its corpus"
			fi
		done < <(mutants "$name")
	done
}

# longest NAME: bytes of an input that are worth the time
longest() {
	case $1 in
	wire) echo 1400 ;;
	config) echo 600 ;;
	*) echo 400 ;;
	esac
}

# stat NAME FILE: a figure of libFuzzer's last words
stat() {
	sed -n "s/^stat::$1: *//p" "$2"
}

unpack() {
	rm -rf "$2"
	mkdir -p "$2"
	"$out/replay/$1" --unpack "$2" "$here/corpus/$1.txt"
}

# coverage NAME DIRECTORY: of the decoder's files, by all inputs of a directory
coverage() {
	local name=$1 text=$out/work/$1/all.txt profile=$out/work/$1/profile
	local file files

	build "$out/cover/$name"
	pack "$2" > "$text"
	LLVM_PROFILE_FILE=$profile.raw "$out/cover/$name" "$text" > /dev/null
	llvm-profdata merge -o "$profile" "$profile.raw"
	read -r -a files < <(build "files-$name")
	for file in "${files[@]}"; do
		llvm-cov report "$out/cover/$name" -instr-profile="$profile" "$file" \
			-show-region-summary=false | awk -v file="${file#"$top/"}" '/^TOTAL/ {
				printf "     %-34s functions %d of %d, lines %s, branches %s\n",
					file, $2 - $3, $2, $7, $10 }'
	done
}

# pack DIRECTORY: its files as lines of hexadecimal digits
pack() {
	local file line

	for file in "$1"/*; do
		line=$(od -An -v -tx1 "$file" | tr -d ' \n')
		echo "${line:--}"
	done
}

# hunt NAME NUMBER FILE SED: how soon libFuzzer finds the check missing, from the
# lines that are marked as seeds
hunt() {
	local dir=$out/mutants/$2 log=$out/work/$1/mutant-$2.log

	mutate "$2" "$3" "$4"
	mutant fuzz "$1" "$2" "$3"
	rm -rf "$dir/seeds"
	{
		echo -
		grep '# seed' "$here/corpus/$1.txt" || true
	} > "$dir/seeds.txt"
	"$out/replay/$1" --unpack "$dir/seeds" "$dir/seeds.txt" > /dev/null
	if "$out/mutants/$2/fuzz/$1" -runs="$MUTANT_RUNS" -seed="$SEED" -len_control=0 \
		-max_len="$(longest "$1")" -artifact_prefix="$dir/" \
		-print_final_stats=1 "$dir/seeds" > "$log" 2>&1; then
		fail "$1: '$4' is not found in $MUTANT_RUNS executions: $log"
		echo "mutant decoder $1, $2: not caught by libFuzzer"
		return
	fi
	pass "$1 finds '$4' after $(stat number_of_executed_units "$log") executions"
	echo "mutant decoder $1, $2: caught by libFuzzer"
}

fuzz() {
	local name work status number file edit

	build replay
	for name in "$@"; do
		work=$out/work/$name
		build "$out/fuzz/$name"
		mkdir -p "$work"
		unpack "$name" "$work/corpus" > /dev/null
		status=0
		"$out/fuzz/$name" -runs="$RUNS" -seed="$SEED" -len_control=0 -max_len="$(longest "$name")" \
			-timeout=25 -artifact_prefix="$work/" -print_final_stats=1 "$work/corpus" \
			> "$work/log" 2>&1 || status=$?
		if [ $status -ne 0 ]; then
			fail "$name: a finding in $work, and what was said in $work/log"
			grep -E 'does not hold|ERROR|runtime error|Test unit' "$work/log" | sed 's/^/    /'
			continue
		fi
		pass "$name: $(stat number_of_executed_units "$work/log") executions," \
			"$(stat average_exec_per_sec "$work/log") a second," \
			"$(find "$work/corpus" -type f | wc -l) inputs of interest"
		coverage "$name" "$work/corpus"
		while read -r number file edit; do
			hunt "$name" "$number" "$file" "$edit"
		done < <(mutants "$name")
	done
}

# keep NAME...: lines with a comment are somebody's, and stay as they are
keep() {
	local name work text

	for name in "$@"; do
		work=$out/work/$name
		text=$here/corpus/$name.txt
		rm -rf "$work/short"
		mkdir "$work/short"
		"$out/fuzz/$name" -merge=1 -set_cover_merge=1 "$work/short" "$work/corpus" \
			> "$work/merge.log" 2>&1
		{
			grep -s '#' "$text" || true
			pack "$work/short" | awk '{ print length($0), $0 }' | sort -n -u -k 1,1 -k 2 |
				cut -d ' ' -f 2
		} | awk '!seen[$1]++ || $1 == "#"' > "$work/corpus.txt"
		mv "$work/corpus.txt" "$text"
		echo "$name: $(grep -cv '^#' "$text") inputs, $(wc -c < "$text") bytes"
	done
}

command=replay
if [ $# -gt 0 ]; then
	command=$1
	shift
fi
# wrong TEXT: what was asked for cannot be done
wrong() {
	echo "run.sh: $*" >&2
	exit 2
}

for name in RUNS SEED MUTANT_RUNS; do
	[[ ${!name} =~ ^[0-9]{1,9}$ ]] || wrong "$name=${!name} is not a number"
done
read -r -a harnesses < <(build names)
names=("$@")
[ $# -gt 0 ] || names=("${harnesses[@]}")
for name in "${names[@]}"; do
	[[ " ${harnesses[*]} " == *" $name "* ]] ||
		wrong "there is no harness $name: ${harnesses[*]}"
done
mkdir -p "$out"
case $command in
replay | fuzz) "$command" "${names[@]}" ;;
keep)
	keep "${names[@]}"
	exit
	;;
*)
	echo "usage: run.sh [replay|fuzz|keep [NAME...]]" >&2
	exit 2
	;;
esac
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
