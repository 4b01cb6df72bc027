#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# qemu10.sh: prints the path of a QEMU 10, whose plugins can read registers.
#
# Debian 13 has it installed as its QEMU. Debian 12 has an older one, which all
# that does not need the newer goes on with: the newer comes from the backports,
# of the mirror that this machine uses, and is unpacked in the cache. Nothing is
# installed and the machine's list of sources stays as it is.

set -euo pipefail

prog=${0##*/}
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kfabric-pmem
names=(qemu-system-x86 qemu-system-common qemu-system-data seabios)

die() {
	printf '%s: %s\n' "$prog" "$*" >&2
	exit 1
}

# is_10 PROGRAM
is_10() {
	local version

	version=$("$1" --version 2> /dev/null |
		sed -n 's/^QEMU emulator version \([0-9]*\)\..*/\1/p') || true
	[ "${version:-0}" -ge 10 ]
}

# cached: one that was unpacked before
cached() {
	local program

	while IFS= read -r program; do
		! is_10 "$program" || { echo "$program" && return; }
	done < <(printf '%s\n' "$cache"/qemu10-*/qemu-system-x86_64 | sort -rV)
	return 1
}

# sources: the backports, from where the machine has Debian from
sources() {
	local mirror codename=$1

	mirror=$(apt-get indextargets --format \
		"\$(ORIGIN)|\$(CODENAME)|\$(COMPONENT)|\$(REPO_URI)" |
		sed -n "s/^Debian|$codename|main|//p" | head -n 1)
	[ -n "$mirror" ] ||
		die "apt does not know where $codename comes from; run 'apt-get update'"
	printf '%s\n' "Types: deb" "URIs: $mirror" \
		"Suites: $codename $codename-updates $codename-backports" \
		"Components: main" \
		"Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg"
}

# wrap DIR: a program that finds the firmware beside it
wrap() {
	cat > "$1/qemu-system-x86_64" <<-'END'
	#!/bin/sh
	dir=$(dirname "$(readlink -f "$0")")
	exec "$dir/usr/bin/qemu-system-x86_64" -L "$dir/usr/share/qemu" \
		-L "$dir/usr/share/seabios" "$@"
	END
	chmod 755 "$1/qemu-system-x86_64"
}

# fetch: the packages of the backports, unpacked
fetch() {
	local work=$1 codename=$2 version deb apt

	mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/archives" "$work/root"
	sources "$codename" > "$work/backports.sources"
	printf '%s: fetching QEMU 10 from %s-backports, without installing: %s\n' \
		"$prog" "$codename" "${names[*]}" >&2
	apt=(apt-get -q -y -o Dir::Etc::sourcelist="$work/backports.sources"
		-o Dir::Etc::sourceparts=- -o Dir::State::lists="$work/lists"
		-o Dir::Cache="$work/cache"
		-o APT::Sandbox::User=root)
	"${apt[@]}" update >&2
	# Not what they depend on: libraries are those of this Debian.
	(cd "$work/archives" && "${apt[@]}" download \
		"${names[@]/%//$codename-backports}" >&2)
	for deb in "$work"/archives/*.deb; do
		dpkg-deb -x "$deb" "$work/root"
	done
	wrap "$work/root"
	is_10 "$work/root/qemu-system-x86_64" ||
		die "QEMU of $codename-backports does not run here: $(
			ldd "$work/root/usr/bin/qemu-system-x86_64" | grep 'not found' | tr -s ' \t\n' ' ')"
	version=$(dpkg-deb -f "$work"/archives/qemu-system-x86_*.deb Version)
	version=${version#*:}
	rm -rf "$cache/qemu10-$version"
	mv "$work/root" "$cache/qemu10-$version"
}

case ${1:-} in
'') ;;
*)
	sed -n '4,10s/^# \?//p' "$0"
	exit
	;;
esac

if [ -n "${KFIRIG_QEMU:-}" ] && is_10 "$KFIRIG_QEMU"; then
	echo "$KFIRIG_QEMU"
	exit
fi
"$top/tools/deps.sh" install rig >&2
if is_10 qemu-system-x86_64; then
	command -v qemu-system-x86_64
	exit
fi
cached && exit
[ -z "${KFI_NO_INSTALL:-}" ] || die "there is no QEMU 10 here"
mkdir -p "$cache"
exec 9> "$cache/qemu10.lock"
flock 9
if ! cached; then
	# shellcheck disable=SC1091
	codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
	work=$(mktemp -d "$cache/qemu10.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	fetch "$work" "$codename"
	cached || die "QEMU 10 is not where it was put"
fi
