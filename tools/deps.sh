#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The Debian packages that the project's commands need.

set -euo pipefail

prog=${0##*/}
release=$(
	# shellcheck disable=SC1091
	. /etc/os-release 2> /dev/null && echo "${ID:-}-${VERSION_ID:-}"
) || release=

usage() {
	cat <<-END
	Usage: $prog install GROUP...
	       $prog fetch GROUP DIR
	       $prog list GROUP...
	       $prog kernel

	"install" installs what is missing of the groups with apt-get, after
	saying so; with nothing missing it does nothing. "fetch" unpacks a
	group below DIR, with what it needs that is not installed, and
	installs nothing. "list" prints the packages. "kernel" prints the newest installed 6.12 kernel that has
	its headers.

	  build   compiler, kernel headers: modules and tools
	  rig     QEMU, the nodes' kernel and programs
	  kunit   kernel source, for User-Mode Linux
	  test    what runs in the nodes
	  shmem   what tests libshmem: C++, sanitizers
	  bench   peers for the storage bench
	  bench-shmem
	          the peer of libshmem: Open MPI's OSHMEM
	  model   the model checker
	  fuzz    clang with libFuzzer and its coverage
	  style   checkers
	  cluster Corosync and Pacemaker, for the nodes of a test: to be
	          fetched, since installed they start services here

	KFI_NO_INSTALL=1 makes a missing package an error.
	END
}

die() {
	printf '%s: %s\n' "$prog" "$*" >&2
	exit 1
}

packages() {
	local headers image

	# 6.12 is the kernel of Debian 13; Debian 12 has it beside its own.
	case $release in
	debian-12) headers=linux-headers-6.12-amd64 image=linux-image-6.12-amd64 ;;
	*) headers=linux-headers-amd64 image=linux-image-amd64 ;;
	esac
	case $1 in
	build)
		echo gcc make libc6-dev rsync pkg-config libmnl-dev kmod libpmem2-dev \
			liburing-dev $headers
		;;
	rig)
		echo qemu-system-x86 busybox-static kmod iproute2 rdma-core \
			ndctl cpio zstd xz-utils binutils util-linux $image
		;;
	kunit)
		echo gcc make libc6-dev flex bison bc patch xz-utils rsync mawk \
			libelf-dev linux-source-6.12
		;;
	test)
		echo jq fio libpmem2-dev libsqlite3-dev e2fsprogs xfsprogs gcc \
			libc6-dev pkg-config systemd
		;;
	bench) echo mdadm drbd-utils util-linux procps ;;
	shmem) echo gcc g++ make libc6-dev binutils procps python3 ;;
	bench-shmem) echo openmpi-bin libopenmpi-dev ;;
	model) echo spin gcc libc6-dev ;;
	fuzz) echo clang libclang-rt-dev llvm libmnl-dev pkg-config ;;
	style) echo sparse shellcheck perl python3 xz-utils linux-source-6.12 ;;
	cluster)
		echo corosync pacemaker pacemaker-cli-utils resource-agents \
			libxml2-utils psmisc
		;;
	*) die "there is no group '$1'" ;;
	esac
}

missing() {
	local name state

	for name; do
		state=$(dpkg-query -W -f '${db:Status-Status}' "$name" 2> /dev/null) || true
		[ "$state" = installed ] || echo "$name"
	done
}

apt() {
	local sudo=

	[ "$(id -u)" -eq 0 ] || sudo=sudo
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
		-o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@" >&2
}

install() {
	local group want=() need=()

	for group; do
		read -r -a names < <(packages "$group")
		want+=("${names[@]}")
	done
	mapfile -t need < <(missing "${want[@]}" | sort -u)
	[ ${#need[@]} -gt 0 ] || return 0

	[ -z "${KFI_NO_INSTALL:-}" ] || die "missing packages: ${need[*]}"
	case $release in
	debian-12 | debian-13) ;;
	*) die "this is not Debian 12 or 13 but '${release:-unknown}'; missing are what Debian has in: ${need[*]}" ;;
	esac
	[ "$(dpkg --print-architecture)" = amd64 ] || die "amd64 only"
	if [ "$(id -u)" -ne 0 ] && ! command -v sudo > /dev/null; then
		die "missing packages: ${need[*]}; install them as root"
	fi
	printf '%s: installing for %s: %s\n' "$prog" "$*" "${need[*]}" >&2
	# Lists that know all of them are good enough.
	if ! apt-cache show --no-all-versions "${need[@]}" > /dev/null 2>&1; then
		apt update
	fi
	apt install --no-install-recommends "${need[@]}" && return
	# Lists may know a package that the archive has replaced since.
	apt update
	apt install --no-install-recommends "${need[@]}"
}

# fetch GROUP DIR
fetch() {
	local deb names archives dir=$2

	read -r -a names < <(packages "$1")
	[ "$(cat "$dir/complete" 2> /dev/null)" != "$release ${names[*]}" ] || return 0
	[ -z "${KFI_NO_INSTALL:-}" ] || die "not fetched: ${names[*]}"
	printf '%s: fetching for %s, without installing: %s\n' "$prog" "$1" "${names[*]}" >&2
	archives=$dir.debs
	rm -rf "$dir" "$archives"
	mkdir -p "$dir" "$archives/partial"
	archives=$(cd "$archives" && pwd -P)
	if ! apt-cache show --no-all-versions "${names[@]}" > /dev/null 2>&1; then
		apt update
	fi
	fetch_archives || { apt update && fetch_archives; } || die "cannot fetch ${names[*]}"
	for deb in "$archives"/*.deb; do
		dpkg-deb -x "$deb" "$dir"
	done
	rm -rf "$archives"
	echo "$release ${names[*]}" > "$dir/complete"
}

# Also what is installed: the archive has it as it was.
fetch_archives() {
	apt install --download-only --reinstall --no-install-recommends \
		-o Dir::Cache::archives="$archives" -o APT::Sandbox::User=root \
		"${names[@]}"
}

kernel() {
	local dir version found=

	while IFS= read -r dir; do
		version=${dir#/lib/modules/}
		version=${version%/build}
		case $version in
		*-rt-* | *-cloud-*) continue ;;
		esac
		[ ! -e "$dir/Makefile" ] || found=$version
	done < <(printf '%s\n' /lib/modules/6.12*-amd64/build | sort -V)
	[ -n "$found" ] ||
		die "no headers of a 6.12 kernel; '$prog install build' installs them"
	echo "$found"
}

command=${1:-}
[ $# -eq 0 ] || shift
case $command in
install) install "$@" ;;
fetch)
	[ $# -eq 2 ] || {
		usage >&2
		exit 2
	}
	fetch "$@"
	;;
list) for group; do packages "$group"; done ;;
kernel) kernel ;;
-h | --help) usage ;;
*)
	usage >&2
	exit 2
	;;
esac
