#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Build the nodes' debugging kernel, once for each source, configuration and set of
# patches. Prints the folder of its modules, named after its version, which has
# the kernel and a link to what modules are built with, too.
#
# usage: kernel.sh kasan|kcsan

set -euo pipefail

prog=${0##*/}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
package=linux-source-6.12
tarball=/usr/src/$package.tar.xz
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kfabric-pmem
flavour=${1:-}
# depmod is there, for those who are not root, too.
PATH=$PATH:/usr/sbin:/sbin
# About; for who waits.
objects=1500

# Variables of the make that called this would be those of the kernel's, too.
unset MAKEFLAGS MAKEOVERRIDES MAKELEVEL DEBUG

die() {
	printf '%s: %s\n' "$prog" "$*" >&2
	exit 1
}

case $flavour in
# The modules are watched, not the kernel, whose own races are many.
kcsan) kernel_only=(KCSAN_SANITIZE=n) ;;
kasan) kernel_only=() ;;
*) die "there is no flavour '$flavour': kasan, kcsan" ;;
esac
[ -r "$tarball" ] || die "there is no $tarball: install $package"

# Those of User-Mode Linux are of no use here.
patches=()
for file in "$here"/../kunit/*.patch; do
	case ${file##*/} in
	um-*) ;;
	*) patches+=("$file") ;;
	esac
done

# Without what no configuration of these has: it is a third of the source.
extract_source() {
	local new file

	[ ! -d "$src" ] || return 0
	echo "$prog: extracting $package" >&2
	new=$(mktemp -d "$src.XXXXXX")
	tar -C "$new" --strip-components=1 -xf "$tarball" \
		--exclude="$package/Documentation/*/*" \
		--exclude="$package/drivers/gpu/*.[ch]" \
		--exclude="$package/sound/*.[ch]" \
		--exclude="$package/tools/testing/*" \
		--exclude="$package/arch/[!x]*/*.[chS]" \
		--exclude="$package/arch/*.dts*"
	for file in "${patches[@]}"; do
		# The kernel may have been mended meanwhile.
		patch -d "$new" -p1 -R -f -s --dry-run < "$file" > /dev/null 2>&1 ||
			patch -d "$new" -p1 -N -s < "$file" >&2 ||
			die "${file##*/} does not fit this kernel"
	done
	mv "$new" "$src"
}

# kbuild compiles anew what another configuration concerns, and no more.
head_start() {
	local dir other=

	for dir in "$cache/vm-debug-$flavour"-*/build; do
		if [ "$(readlink -f "$dir/source")" = "$src" ] &&
			{ [ -z "$other" ] || [ "$dir" -nt "$other" ]; }; then
			other=$dir
		fi
	done
	rm -rf "$out.part"
	mkdir -p "$out.part"
	if [ -n "$other" ]; then
		cp -a --reflink=auto "$other" "$out.part/build"
		# The tools of the build know their objects by the whole path; were
		# they new, every object would be compiled anew.
		find "$out.part/build/tools" -name '*.cmd' \
			-exec sed -i "s#$other#$out/build#g" {} +
	else
		mkdir "$out.part/build"
	fi
	mv "$out.part" "$out"
	find "$cache" -maxdepth 1 -name 'vm-debug-*' -mtime +14 -exec rm -rf {} +
}

kmake() {
	nice make -C "$src" ARCH=x86_64 O="$out/build" "${kernel_only[@]}" "$@"
}

# A symbol whose dependencies are not met disappears without a word.
configure() {
	local line refused=()

	cat "$here/vm.config" "$here/$flavour.config" > "$out/all.config"
	echo "CONFIG_LOCALVERSION=\"-$flavour-$key\"" >> "$out/all.config"
	kmake -s KCONFIG_ALLCONFIG="$out/all.config" allnoconfig >&2
	while read -r line; do
		case $line in
		CONFIG_*) grep -qxF "$line" "$out/build/.config" || refused+=("$line") ;;
		'# CONFIG_'*' is not set')
			line=${line#\# }
			! grep -q "^${line%% *}=" "$out/build/.config" || refused+=("no ${line%% *}")
			;;
		esac
	done < "$out/all.config"
	[ ${#refused[@]} -eq 0 ] || die "the kernel refuses: ${refused[*]}"
}

compile() {
	local begin=$SECONDS

	echo "$prog: building the $flavour kernel, about $objects objects" >&2
	kmake -j"${JOBS:-$(nproc)}" vmlinux modules 2> "$out/build.err" |
		awk -v of="$objects" '/^  (CC|AS)/ && !(++n % 100) {
			print "objects: " n " of about " of
			fflush()
		}' >&2 || {
		grep -E -A 6 'error:|undefined|No rule' "$out/build.err" | head -n 60 >&2 || true
		die "the build failed; all it said is in $out/build.err"
	}
	kmake -s INSTALL_MOD_PATH="$out" INSTALL_MOD_STRIP=1 modules_install > "$out/install.log" 2>&1 ||
		die "the modules cannot be installed, see $out/install.log"
	# QEMU starts the ELF file, see qemu/kernel.c: nobody has to pack and unpack it.
	cp "$out/build/vmlinux" "$moddir/vmlinuz"
	touch "$out/complete"
	echo "$prog: built in $((SECONDS - begin)) s" >&2
}

# shellcheck disable=SC2016 # dpkg-query's own variable
version=$(dpkg-query -W -f '${Version}' "$package" 2> /dev/null) ||
	version=$(stat -c %Y-%s "$tarball")
version=${version//[^A-Za-z0-9.-]/_}
source_key=$({
	echo "$version"
	sed -n '/^extract_source/,/^}/p' "${BASH_SOURCE[0]}"
	cat "${patches[@]}"
} | sha256sum | cut -c 1-8)
key=$({
	echo "$source_key ${kernel_only[*]}"
	cat "$here/vm.config" "$here/$flavour.config"
} | sha256sum | cut -c 1-8)
src=$cache/vm-debug-source-$source_key
out=$cache/vm-debug-$flavour-$key

mkdir -p "$cache"
exec 9> "$cache/lock-vm-debug"
flock -n 9 || {
	echo "$prog: waiting for another build to finish" >&2
	flock 9
}
if [ ! -e "$out/complete" ]; then
	extract_source
	[ -d "$out" ] || head_start
	configure
	moddir=$out/lib/modules/$(kmake -s kernelrelease)
	compile
fi
touch "$src" "$out"
echo "$out"/lib/modules/*
