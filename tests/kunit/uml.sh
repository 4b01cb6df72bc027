#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Build and run the User-Mode-Linux kernel that carries the KUnit suites.

set -euo pipefail

prog=${0##*/}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
top=$(cd "$here/../.." && pwd -P)

package=linux-source-6.12
tarball=/usr/src/$package.tar.xz
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kfabric-pmem
upstream=$top/Documentation/upstream

# Initcalls of one level run in link order, and KUnit runs suites in link
# order: what others register with comes first, the tests come last.
folders=(
	kfabric_pmem/core
	kfabric_pmem/pmem
	prov_rdma_pmem
	kfabric_pmem/replica
	kfabric_pmem/block
	kfabric_pmem/user
	tests/bench
	tests/kunit
	tests/crash
)

usage()
{
	cat <<-END
	Usage: $prog build debug|native|fast
	       $prog run debug|native|fast [GLOB] [KERNEL-PARAMETER...]
	       $prog --help

	Build a User-Mode-Linux kernel from Debian's $package with the
	project inside, and run the project's KUnit suites in it.

	  debug   KASAN, lockdep, kmemleak, UBSAN and the other checkers
	  native  the same with the series of Documentation/upstream, which
	          lets kernel clients post RDMA FLUSH
	  fast    optimised, no checkers: for measuring

	"run" builds what has changed first.  GLOB selects suites, or cases as
	SUITE.CASE; without it every suite runs.  The last line printed is
	"N passed, N failed"; a report of the kernel (WARNING, BUG, KASAN,
	lockdep, kmemleak ...) counts as a failure, and so does a run in which
	no case passed.

	Environment:
	  KFI_KUNIT_SUITES  build only these suites, for example "wire media"
	  KFI_UML_CONFIG    more configuration, for example "CONFIG_KFI_USER=n"
	  KFI_UML_MEM       memory of the kernel (default 768M)
	  KFI_UML_SHOW      lines of the kernel that match this are shown, too
	  KFI_UML_TIMEOUT   seconds until a run is killed (default 300)
	  KFI_UML_JOBS      parallel compiler processes (default: all CPUs)

	Kernels are kept in $cache
	END
}

die()
{
	printf '%s: %s\n' "$prog" "$*" >&2
	exit 1
}

check_needs()
{
	local missing=() pair

	for pair in gcc:gcc make:make flex:flex bison:bison bc:bc xz:xz-utils \
		    rsync:rsync flock:util-linux nice:coreutils awk:mawk \
		    timeout:coreutils patch:patch; do
		command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
	done
	[ -e /usr/include/stdlib.h ] || missing+=(libc6-dev)
	[ -r "$tarball" ] || missing+=("$package")
	if [ ${#missing[@]} -gt 0 ]; then
		die "missing: ${missing[*]}
Install with: apt-get install --no-install-recommends ${missing[*]}"
	fi
}

# Count the lines of stdin that match a pattern, on one line of a terminal or,
# elsewhere, in a line every ten seconds.
progress()
{
	local what=$1 pattern=$2 done=$3 total=$4
	local line shown=-1 next=$((SECONDS + 10)) text=

	while IFS= read -r line; do
		# shellcheck disable=SC2254 # it is meant to be a pattern
		case $line in
		$pattern) ;;
		*) continue ;;
		esac
		done=$((done + 1))
		text="$what: $done"
		[ "$done" -gt "$total" ] || text+=" of about $total"
		if [ -t 2 ]; then
			[ "$SECONDS" -eq "$shown" ] || printf '\r%s\e[K' "$text" >&2
			shown=$SECONDS
		elif [ "$SECONDS" -ge "$next" ]; then
			printf '%s\n' "$text" >&2
			next=$((SECONDS + 10))
		fi
	done
	if [ -t 2 ] && [ -n "$text" ]; then
		printf '\r\e[K' >&2
	fi
}

extract_source()
{
	[ ! -d "$src" ] || return 0
	rm -rf "$src.part"
	mkdir "$src.part"
	tar -C "$src.part" --strip-components=1 -xvf "$tarball" |
		progress "extracting $package, files" '*' 0 92500
	mv "$src.part" "$src"
}

# Mend what the tests found in the kernel itself; each patch says what.
patch_source()
{
	local file

	for file in "$here"/*.patch; do
		patch -d "$src" -p1 -R -f -s --dry-run <"$file" >/dev/null 2>&1 ||
			patch -d "$src" -p1 -N -s <"$file" ||
			die "${file##*/} does not fit this kernel"
	done
}

# The native flavour has a source of its own. Linked, as whoever changes a file
# puts a new one in its place; files of an earlier series are taken back first.
native_source()
{
	local stock=$src series patch file

	src=$stock-native
	if [ ! -d "$src" ]; then
		rm -rf "$src.part"
		cp -al "$stock" "$src.part"
		mv "$src.part" "$src"
	fi
	series=$(cat "$upstream"/*.patch | sha256sum)
	[ "$series" != "$(cat "$src/.series" 2>/dev/null)" ] || return 0
	rm -f "$src/.series"
	sed -n 's|^+++ b/||p' "$upstream"/*.patch >>"$src/.series-files"
	sort -u "$src/.series-files" | while IFS= read -r file; do
		cp --remove-destination "$stock/$file" "$src/$file"
	done
	sed -n 's|^+++ b/||p' "$upstream"/*.patch >"$src/.series-files"
	for patch in "$upstream"/000[1-9]-*.patch; do
		patch -d "$src" -p1 -N -s <"$patch" ||
			die "${patch##*/} does not fit this kernel"
	done
	echo "$series" >"$src/.series"
}

# Write stdin to a file, and leave the file alone when it holds that already:
# kbuild goes by time stamps.
write_if_changed()
{
	local file=$1

	cat >"$file.new"
	if cmp -s "$file.new" "$file"; then
		rm "$file.new"
	else
		mv "$file.new" "$file"
	fi
}

# Copies, not links: two checkouts share this source, and a file that is saved
# half way through a build is seen either old or new by all of it.  Without -t
# a changed file is newer than its object even when it came from an older
# checkout.
sync_project()
{
	local dir kfi=$src/drivers/kfi

	mkdir -p "$kfi"
	for dir in include kfabric_pmem prov_rdma_pmem tests/bench tests/kunit tests/crash; do
		if [ -d "$top/$dir" ]; then
			mkdir -p "$kfi/$dir"
			rsync -rlc --delete --prune-empty-dirs \
				--exclude='.*' --exclude='*.mod.c' \
				--include='*/' --include='*.[chS]' \
				--include=Kbuild --include=Kconfig \
				--exclude='*' "$top/$dir/" "$kfi/$dir/"
		else
			rm -rf "${kfi:?}/$dir"
		fi
	done

	{
		echo "# Generated by tests/kunit/uml.sh"
		echo "subdir-ccflags-y += -Werror"
		for dir in "${folders[@]}"; do
			[ ! -e "$kfi/$dir/Kbuild" ] || echo "obj-y += $dir/"
		done
	} | write_if_changed "$kfi/Makefile"
	{
		echo "# Generated by tests/kunit/uml.sh"
		for dir in "${folders[@]}"; do
			[ ! -e "$kfi/$dir/Kconfig" ] ||
				echo "source \"drivers/kfi/$dir/Kconfig\""
		done
	} | write_if_changed "$kfi/Kconfig"

	grep -q '^source "drivers/kfi/Kconfig"' "$src/drivers/Kconfig" ||
		sed -i '$ i source "drivers/kfi/Kconfig"' "$src/drivers/Kconfig"
	grep -q '+= kfi/' "$src/drivers/Makefile" ||
		echo 'obj-y += kfi/' >>"$src/drivers/Makefile"
}

# Every module of the project goes in; its bool options keep their defaults.
project_symbols()
{
	local dir

	for dir in "${folders[@]}"; do
		[ -e "$src/drivers/kfi/$dir/Kconfig" ] || continue
		awk '$1 ~ /^(menu)?config$/ { symbol = $2 }
		     $1 == "tristate" { print "CONFIG_" symbol "=y" }' \
			"$src/drivers/kfi/$dir/Kconfig"
	done
	[ ! -e "$src/drivers/kfi/tests/kunit/Kconfig" ] ||
		echo CONFIG_KFI_KUNIT_TEST=y
}

# A symbol whose dependencies are not met disappears without a word.
check_config()
{
	local line symbol bad=0

	while read -r line; do
		case $line in
		CONFIG_*=n) symbol=${line%=n} ;;
		CONFIG_KFI_*=y | CONFIG_KFABRIC=y)
			grep -qxF "$line" "$out/.config" ||
				echo "$prog: left out, its dependencies are not met: $line" >&2
			continue
			;;
		CONFIG_*=*)
			grep -qxF "$line" "$out/.config" ||
				{ echo "$prog: not granted: $line" >&2; bad=1; }
			continue
			;;
		'# CONFIG_'*' is not set')
			symbol=${line#\# }
			symbol=${symbol%% *}
			;;
		*) continue ;;
		esac
		! grep -q "^$symbol=" "$out/.config" ||
			{ echo "$prog: cannot be switched off: $symbol" >&2; bad=1; }
	done < <(awk -F '[= ]' '
		# the last line about a symbol is the one that counts
		/^CONFIG_/ { last[$1] = $0 }
		/^# CONFIG_.* is not set$/ { last[$2] = $0 }
		END { for (s in last) print last[s] }' "$out/all.config")
	return "$bad"
}

configure()
{
	local stamp

	{
		cat "$here/uml.config" "$here/uml-$config.config"
		project_symbols
		[ -z "${KFI_UML_CONFIG-}" ] || tr ' ' '\n' <<<"$KFI_UML_CONFIG"
	} >"$out/all.config"
	stamp=$({
		cat "$out/all.config"
		find "$src/drivers/kfi" -name Kconfig -print0 | sort -z | xargs -0 cat
	} | sha256sum)
	if [ -e "$out/.config" ] && [ "$stamp" = "$(cat "$out/stamp" 2>/dev/null)" ]; then
		return
	fi
	rm -f "$out/stamp"
	kmake -s KCONFIG_ALLCONFIG="$out/all.config" allnoconfig \
		>"$out/build.log" 2>&1 || { cat "$out/build.log" >&2; die "configuration failed"; }
	check_config || die "the kernel refuses part of the configuration"
	echo "$stamp" >"$out/stamp"
}

kmake()
{
	nice make -C "$src" ARCH=um O="$out" "$@"
}

compile()
{
	local start=$SECONDS have want=0

	have=$(find "$out" -name '*.o' 2>/dev/null | wc -l)
	if [ ! -e "$out/complete" ]; then
		want=$estimate
	else
		have=0
	fi
	if ! kmake -j"${KFI_UML_JOBS:-$(nproc)}" vmlinux 2>"$out/build.err" |
	     tee "$out/build.log" |
	     progress "compiling the $flavour kernel, objects" '  CC*' "$have" "$want"; then
		# the first errors, without the warnings of other people's code
		awk '/error:|undefined reference|multiple definition|No rule/ { left = 7 }
		     left-- > 0 && lines++ < 60
		     { all = all $0 "\n" }
		     END { if (!lines) printf "%s", all }' "$out/build.err" >&2
		die "the build failed; all of it is in $out/build.err and build.log"
	fi
	touch "$out/complete"
	[ $((SECONDS - start)) -lt 30 ] ||
		echo "$flavour kernel built in $((SECONDS - start)) s" >&2
}

# kbuild rebuilds what a changed configuration concerns, so any earlier kernel of
# this source is a head start: one of the flavour, or else of its configuration.
head_start()
{
	local from dir other=

	for from in "$flavour" "$config"; do
		for dir in "$cache/uml-$from"-*/; do
			if grep -qsxF "$version" "$dir/version" &&
			   { [ -z "$other" ] || [ "$dir" -nt "$other" ]; }; then
				other=$dir
			fi
		done
		[ -z "$other" ] || break
	done
	[ -n "$other" ] || return 0
	rm -rf "$out.part"
	cp -a --reflink=auto "$other" "$out.part"
	rm -rf "$out.part/complete" "$out.part/runs"
	if [ "$from" != "$flavour" ]; then
		# its objects are as good, but know their source by its path
		find "$out.part" -name '*.cmd' -exec \
			sed -i -E "s#$cache/source-$version([^-]|\$)#$src\1#g" {} +
	fi
	mv "$out.part" "$out"
}

# lock DESCRIPTOR FILE: kept until the descriptor is closed
lock()
{
	eval "exec $1>\"\$2\""
	if ! flock -n "$1"; then
		echo "$prog: waiting for another build to finish" >&2
		flock "$1"
	fi
}

build()
{
	local key

	check_needs
	# shellcheck disable=SC2016 # dpkg-query's own variable
	version=$(dpkg-query -W -f '${Version}' "$package" 2>/dev/null) ||
		version=$(stat -c %Y-%s "$tarball")
	version=${version//[^A-Za-z0-9.-]/_}
	key=$({ echo "$version"; cat "$here/uml.config" "$here/uml-$config.config"; } |
	      sha256sum | cut -c1-12)
	src=$cache/source-$version
	out=$cache/uml-$flavour-$key

	mkdir -p "$cache"
	# A source has one user at a time. Of the stock one, which the native one
	# is made from, that takes a moment.
	[ "$flavour" != native ] || lock 8 "$cache/lock-native"
	lock 9 "$cache/lock"
	extract_source
	patch_source
	[ "$flavour" != native ] || native_source
	if [ ! -d "$out" ]; then
		head_start
		mkdir -p "$out"
		echo "$version" >"$out/version"
		find "$cache" -maxdepth 1 -name "uml-$flavour-*" -mtime +14 \
			-exec rm -rf {} +
	fi
	[ "$flavour" != native ] || exec 9>&-
	sync_project
	touch "$out"
	configure
	compile
}

# Follow the console: every failed case with what was logged in it, every suite
# with its counts, every report of the kernel.  The counts go to the last line.
parse_console()
{
	local awk=(awk)

	# mawk would read the console by the block, long after it was written
	! awk -W version 2>&1 | grep -q mawk || awk+=(-W interactive)
	# shellcheck disable=SC2016 # the dollars are awk's
	"${awk[@]}" -v timeout="$timeout" -v show_also="${KFI_UML_SHOW-}" '
	function flush_suite() {
		if (suite == "")
			return
		printf "%s: no result, it crashed or hung\n", suite
		if (log_text != "")
			printf "%s", log_text
		broken++
		all_passed += passed
		all_failed += failed
		suite = log_text = ""
	}
	/^KTAP version/ { started = 1; next }
	started && plan == "" && /^1\.\.[0-9]+$/ { plan = substr($0, 4) + 0; next }

	# a suite begins
	/^    # Subtest: / {
		flush_suite()
		suite = substr($0, 16)
		passed = failed = skipped = 0
		cases = -1
		log_text = ""
		next
	}
	suite != "" && /^    1\.\.[0-9]+$/ { cases = substr($0, 8) + 0; next }
	suite != "" && /^    KTAP version|^    # module: / { next }

	# a case ends
	suite != "" && /^    (not )?ok [0-9]+ / {
		name = $0
		sub(/^    (not )?ok [0-9]+ /, "", name)
		if ($0 ~ /^    not ok/) {
			failed++
			printf "FAILED %s.%s\n%s", suite, name, log_text
		} else if ($0 ~ /# SKIP/) {
			skipped++
			printf "skipped %s.%s\n", suite, name
		} else {
			passed++
		}
		fflush()
		log_text = ""
		show = 0
		next
	}

	# a suite ends
	/^(not )?ok [0-9]+ / {
		name = $0
		sub(/^(not )?ok [0-9]+ /, "", name)
		sub(/ #.*/, "", name)
		suites++
		if (name != suite) {
			printf "FAILED %s: it ended before its first case\n%s", name, log_text
			broken++
		} else {
			printf "%s: %d passed, %d failed, %d skipped\n", \
				suite, passed, failed, skipped
			if (cases != passed + failed + skipped) {
				printf "FAILED %s: %d cases announced\n", suite, cases
				broken++
			} else if ($0 ~ /^not ok/ && !failed) {
				printf "FAILED %s: in its set-up or clean-up\n%s", suite, log_text
				broken++
			}
		}
		all_passed += passed
		all_failed += failed
		passed = failed = skipped = 0
		suite = log_text = ""
		show = 0
		fflush()
		next
	}
	/System halted/ { halted = 1; show = 0 }

	# the kernel complains
	!/^ *(not ok|ok|#) / && /WARNING: |(^|[^A-Z_])BUG[: ]|KASAN: |UBSAN: |ODEBUG: |INFO: |DEBUG_LOCKS_WARN_ON|refcount_t: |list_(add|del) corruption|Kernel panic|Oops|Bad page|sleeping function|scheduling while atomic|unreferenced object|suspected memory leaks|[Ss]egfault|Kernel mode fault|bad unlock balance|Attempted to kill|rcu.* stall/ {
		reports++
		show = reports < 4 ? 40 : 8
		if (reports <= 20)
			printf "REPORT%s\n", suite == "" ? "" : " during " suite
	}
	# guesses of the stack dumper hide the calls that were made
	/\] \? / { next }
	show_also != "" && $0 ~ show_also { print; fflush() }
	show > 0 {
		if (reports <= 20)
			print "  " $0
		show--
		if (/---\[ end trace/)
			show = 0
		fflush()
		next
	}
	started { log_text = log_text "  " $0 "\n"; next }
	{ boot[boots++ % 20] = $0 }

	END {
		flush_suite()
		if (!started) {
			print "FAILED: the kernel did not reach its tests"
			for (i = boots > 20 ? boots - 20 : 0; i < boots; i++)
				print "  " boot[i % 20]
			broken++
		} else if (!halted) {
			printf "the kernel did not halt: it panicked, or was killed after %d s\n", timeout
			broken += !broken
		} else if (suites != plan && !broken) {
			printf "FAILED: %d suites announced, %d ended\n", plan, suites
			broken++
		}
		if (!all_passed && !all_failed && !broken) {
			print "FAILED: no test ran"
			broken++
		}
		if (reports)
			printf "%d reports of the kernel\n", reports
		failures = all_failed + broken + reports
		printf "%d passed, %d failed\n", all_passed, failures
		exit (failures || !all_passed)
	}'
}

# The kernel and timeout are process groups of their own, which no Ctrl-C reaches.
boot()
{
	local pid status=0

	timeout -k 5 "$timeout" "$kernel" "$@" &
	pid=$!
	trap 'kill "$pid" 2>/dev/null' INT TERM HUP
	wait "$pid" || status=$?
	# for the rest of its time, where a signal ended the first one
	wait "$pid" 2>/dev/null || true
	return "$status"
}

run()
{
	local glob=${1-} console status=0

	[ $# -eq 0 ] || shift
	timeout=${KFI_UML_TIMEOUT:-300}

	build
	mkdir -p "$out/runs"
	find "$out/runs" -type f -mmin +720 -delete
	console=$(mktemp "$out/runs/console.XXXXXX")
	kernel=$(mktemp "$out/runs/vmlinux.XXXXXX")
	trap 'rm -f "$kernel"' EXIT
	cp --reflink=auto "$out/vmlinux" "$kernel"
	chmod +x "$kernel"
	exec 8>&- 9>&-

	trap 'exit 130' INT TERM HUP
	boot mem="${KFI_UML_MEM:-768M}" \
		kunit_shutdown=halt \
		dummy.numdummies=2 kmemleak.verbose=1 \
		${glob:+kunit.filter_glob="$glob"} "$@" </dev/null 2>&1 |
		tr -d '\r' | tee "$console" | parse_console || status=$?
	[ "$status" -eq 0 ] || echo "$prog: the whole console is in $console" >&2
	return "$status"
}

main()
{
	local action=${1-}

	case $action in
	-h | --help | help)
		usage
		return
		;;
	esac

	flavour=${2-}
	config=$flavour
	case $flavour in
	debug) estimate=830 ;;
	native) estimate=830 config=debug ;;
	fast) estimate=770 ;;
	*)
		usage >&2
		return 2
		;;
	esac
	shift 2

	case $action in
	build) build ;;
	run) run "$@" ;;
	*)
		usage >&2
		return 2
		;;
	esac
}

# On one line: bash reads no further, should the script be edited meanwhile.
main "$@"; exit
