#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Build the initramfs of a node; called by "kfirig image", which checks the
# options. Environment: KERNEL, MODDIR, AGENT, INIT, SCRIPT, CACHE, OUT.
# Arguments: pairs of "module NAME", "load NAME", "ko FILE", "kodir DIR",
# "bin FILE", "file HOST:GUEST".
#
# The image has two parts: a small uncompressed archive that names the kernel,
# so that "kfirig up" can read it, and the compressed archive with the rest.

set -eu -o pipefail
shopt -s nullglob
# The caller's PATH may lack the sbin folders.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

fail() {
	echo "kfirig image: $*" >&2
	exit 255
}

# Loaded at boot, in the image always.
boot_modules="virtio_pci virtio_console virtio_net virtio_rng pvpanic-pci
	configfs nfit nd_pmem virtio_pmem crc32_generic crc32c_generic
	ib_uverbs rdma_rxe"
# The same, but not part of a snapshot: ib_cm, below rdma_ucm, draws the numbers
# of its connections once, and a peer refuses a number that it knows already.
late_modules="rdma_ucm"
# In the image always, loaded when used.
base_modules="dax_pmem device_dax kmem sch_netem"
base_bins="/bin/busybox /sbin/modprobe /sbin/ip /sbin/tc /usr/bin/rdma /usr/bin/ndctl"

need=()
for tool in cpio zstd depmod modinfo ldd xz sha256sum strip; do
	command -v "$tool" > /dev/null || need+=("$tool")
done
[ ${#need[@]} = 0 ] ||
	fail "missing: ${need[*]} (packages cpio zstd kmod libc-bin xz-utils coreutils binutils)"
[ -e "$MODDIR/modules.dep" ] ||
	fail "$MODDIR has no modules.dep: install linux-image-$KERNEL, or give --moddir"

modules=() kos=() bins=() files=() loads=()
while [ $# -gt 0 ]; do
	case $1 in
	module) modules+=("$2") ;;
	ko) kos+=("$2") ;;
	kodir)
		mapfile -t -O ${#kos[@]} kos < <(find "$2" -name '*.ko' | sort)
		[ ${#kos[@]} -gt 0 ] || fail "no .ko below $2"
		;;
	bin) bins+=("$2") ;;
	file) files+=("$2") ;;
	load) loads+=("$2") ;;
	esac
	shift 2
done

find_program() {
	case $1 in
	*/*) [ -x "$1" ] && echo "$1" && return ;;
	*) command -v "$1" && return ;;
	esac
	fail "program $1 not found"
}

# Libraries of a dynamic program, its loader included; nothing for a static one.
libraries() {
	local list

	list=$(ldd "$1" 2> /dev/null) || return 0
	awk -v program="$1" '
		$2 == "=>" && $3 == "not" {
			print "kfirig image: " program " needs " $1 \
			      ", which is not installed" > "/dev/stderr"
			bad = 1
		}
		$2 == "=>" && $3 ~ /^\// { print $3 }
		$1 ~ /^\// { print $1 }
		END { exit bad }' <<< "$list" || exit 255
}

declare -A path_of deps_of
while IFS=: read -r path deps; do
	name=${path##*/}
	name=${name%%.ko*}
	name=${name//-/_}
	path_of[$name]=$path
	deps_of[$name]=$deps
done < "$MODDIR/modules.dep"
declare -A builtin
[ ! -e "$MODDIR/modules.builtin" ] || while read -r path; do
	name=${path##*/}
	name=${name%.ko}
	builtin[${name//-/_}]=1
done < "$MODDIR/modules.builtin"

declare -A ko_names
for ko in "${kos[@]}"; do
	[ -r "$ko" ] || fail "cannot read module $ko"
	name=${ko##*/}
	name=${name%%.ko*}
	magic=$(modinfo -F vermagic "$ko")
	[ "${magic%% *}" = "$KERNEL" ] ||
		fail "$ko is built for kernel ${magic%% *}, not $KERNEL: build it against that kernel's headers"
	ko_names[${name//-/_}]=$ko
done

declare -A wanted	# paths below MODDIR
want() {
	local name=${1//-/_} path
	[ -z "${ko_names[$name]-}" ] || return 0
	[ -z "${builtin[$name]-}" ] || return 0
	[ -n "${path_of[$name]-}" ] || return 1
	for path in ${path_of[$name]} ${deps_of[$name]}; do
		wanted[$path]=1
	done
}
loadable=""
for name in $boot_modules; do
	# A kernel of one's own may be built without some of these.
	want "$name" && loadable+="$name "
done
late=""
for name in $late_modules; do
	want "$name" || continue
	late+="$name "
done
for name in $base_modules; do
	want "$name" || true
done
for name in "${modules[@]}" "${loads[@]}"; do
	want "$name" || fail "kernel $KERNEL has no module $name in $MODDIR"
done
for ko in "${kos[@]}"; do
	for name in $(modinfo -F depends "$ko" | tr , ' '); do
		want "$name" ||
			fail "$ko needs module $name, which neither $MODDIR nor a --modules option has"
	done
done

programs=()
for name in $base_bins "${bins[@]}"; do
	programs+=("$(find_program "$name")")
done
declare -A libs
add_libraries() {
	local list lib

	list=$(libraries "$1")
	for lib in $list; do
		libs[$lib]=1
	done
}
for program in "${programs[@]}"; do
	add_libraries "$program"
done
for pair in "${files[@]}"; do
	[ -r "${pair%%:*}" ] || fail "cannot read ${pair%%:*}"
	[ -f "${pair%%:*}" ] || fail "${pair%%:*} is not a file"
	# A program given as a file needs its libraries as well.
	[ ! -x "${pair%%:*}" ] || add_libraries "${pair%%:*}"
done

key=$({
	echo "$KERNEL $MODDIR" "${modules[@]}" "${loads[@]}" "${bins[@]}"
	printf '%s\n' "${files[@]}" "${programs[@]}"
	cat "$SCRIPT"
	sha256sum < "$AGENT"
	sha256sum < "$INIT"
	sha256sum "${programs[@]}" "${!libs[@]}" "${kos[@]}"
	for pair in "${files[@]}"; do
		stat -c %a "${pair%%:*}"
		sha256sum "${pair%%:*}"
	done
	cd "$MODDIR" && sha256sum modules.dep "${!wanted[@]}"
} | sha256sum | cut -d ' ' -f 1)

cached=$CACHE/$key.img
mkdir -p "$CACHE"
publish() {
	# Who knows the file by its time (kfirig run --snapshots) is to see that it
	# is the same.
	! cmp -s "$cached" "$OUT" || return 0
	# rename() and not a copy: a node may be reading the old image.
	cp --reflink=auto "$cached" "$OUT.$$"
	mv -f "$OUT.$$" "$OUT"
}
if [ -e "$cached" ]; then
	touch "$cached"
	publish
	exit 0
fi

root=$(mktemp -d "${TMPDIR:-/tmp}/kfirig-image.XXXXXX")
trap 'rm -rf "$root" "$cached.$$"' EXIT
trap 'exit 130' INT TERM HUP
guest=$root/guest
mkdir -p "$guest"/{dev,proc,sys,tmp,run,root,mnt,etc/kfirig,usr/bin,usr/sbin,usr/lib,usr/lib64}
# Debian's merged layout, so that one copy serves both names of a path.
for dir in bin sbin lib lib64; do
	ln -s "usr/$dir" "$guest/$dir"
done

for program in "${programs[@]}"; do
	# $HOME and build folders mean nothing in the guest.
	case $program in
	/bin/* | /sbin/* | /usr/bin/* | /usr/sbin/*) dest=$guest$program ;;
	*) dest=$guest/usr/bin/${program##*/} ;;
	esac
	cp -L "$program" "$dest"
	chmod 755 "$dest"
done
for lib in "${!libs[@]}"; do
	case $lib in
	/lib/* | /lib64/* | /usr/lib/* | /usr/lib64/*) dest=$guest$lib ;;
	*) dest=$guest/usr/lib/x86_64-linux-gnu/${lib##*/} ;;
	esac
	mkdir -p "${dest%/*}"
	cp -L "$lib" "$dest"
done
# modprobe is a link to kmod that looks at its own name.
for name in insmod rmmod lsmod depmod modinfo; do
	ln -sf modprobe "$guest/usr/sbin/$name"
done
for applet in $(/bin/busybox --list); do
	[ -e "$guest/usr/bin/$applet" ] || [ -e "$guest/usr/sbin/$applet" ] ||
		ln -s busybox "$guest/usr/bin/$applet"
done
cp "$AGENT" "$guest/usr/sbin/kfirig-agent"
cp "$INIT" "$guest/init"
chmod 755 "$guest/init" "$guest/usr/sbin/kfirig-agent"
for name in "${loads[@]}"; do
	late+="$name "
done
echo "$loadable" > "$guest/etc/kfirig/load"
echo "$late" > "$guest/etc/kfirig/load-late"
echo "root:x:0:0:root:/root:/bin/sh" > "$guest/etc/passwd"
echo "root:x:0:" > "$guest/etc/group"
echo "hosts: files" > "$guest/etc/nsswitch.conf"

tree=$guest/lib/modules/$KERNEL
mkdir -p "$tree/extra"
for path in "${!wanted[@]}"; do
	dest=$tree/$path
	mkdir -p "${dest%/*}"
	case $path in
	*.xz) xz -dc "$MODDIR/$path" > "${dest%.xz}" ;;
	*.zst) zstd -qdc "$MODDIR/$path" > "${dest%.zst}" ;;
	*.gz) gzip -dc "$MODDIR/$path" > "${dest%.gz}" ;;
	*) cp "$MODDIR/$path" "$dest" ;;
	esac
done
for ko in "${kos[@]}"; do
	strip --strip-debug -o "$tree/extra/${ko##*/}" "$ko"
done
for index in modules.builtin modules.builtin.modinfo modules.order; do
	[ ! -e "$MODDIR/$index" ] || cp "$MODDIR/$index" "$tree/"
done
depmod -b "$guest" "$KERNEL"

for pair in "${files[@]}"; do
	dest=$guest/${pair#*:}
	[ "${dest%/}" = "$dest" ] || dest=$dest${pair##*/}
	[ ! -d "$dest" ] || dest=$dest/$(basename "${pair%%:*}")
	mkdir -p "${dest%/*}"
	cp -L "${pair%%:*}" "$dest"
done

# The same content makes the same image.
archive() {
	find "$1" -exec touch -h -d @0 {} +
	(cd "$1" && find . -mindepth 1 -print0 | LC_ALL=C sort -z |
		cpio -0 -o -H newc -R 0:0 --reproducible --quiet)
}
mkdir -p "$root/name"
echo "$KERNEL" > "$root/name/kfirig-kernel"
{
	# The kernel skips zeros between two archives.
	archive "$root/name" | dd bs=512 conv=sync status=none
	archive "$guest" | zstd -q -T0 -1
} > "$cached.$$"
mv "$cached.$$" "$cached"
publish
# The cache is bounded: an image is quick to build again.
find "$CACHE" -name '*.img' -mtime +7 -delete
