#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The kernel's soft-RoCE with the faults mended that end machines now and then when
# connections end under load: tests/kunit/rxe-*.patch. What it prints is the module.
# Where the kernel's source is not of the kernel's version it prints nothing: the
# nodes have soft-RoCE as it is.
#
# usage: rxe.sh KERNEL FOLDER
set -euo pipefail

kernel=$1
to=$2
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
tarball=/usr/src/linux-source-6.12.tar.xz
inside=linux-source-6.12/drivers/infiniband/sw/rxe

# version PACKAGE-OR-FILE: the kernel's version in it, 6.12.N
version() {
	grep -oE '6\.12\.[0-9]+' <<< "$1" | head -n 1
}

source=$(dpkg-query -W -f '${Version}' linux-source-6.12 2> /dev/null || true)
if [ ! -r "$tarball" ] || [ "$(version "$source")" != "$(version "$kernel")" ]; then
	echo "rxe.sh: no source of kernel $kernel: its soft-RoCE is tested as it is" >&2
	exit 0
fi
key=$({
	echo "$kernel $source"
	cat "$here"/../kunit/rxe-*.patch "${BASH_SOURCE[0]}"
} | sha256sum | cut -c 1-16)
dir=$to/rxe-$key
if [ ! -e "$dir/rdma_rxe.ko" ]; then
	mkdir -p "$to"
	new=$(mktemp -d "$dir.XXXXXX")
	echo "rxe.sh: taking soft-RoCE out of the kernel's source, and mending it" >&2
	tar -C "$new" --strip-components=5 -xf "$tarball" "$inside"
	for file in "$here"/../kunit/rxe-*.patch; do
		patch -d "$new" -p5 -R -f -s --dry-run < "$file" > /dev/null 2>&1 ||
			patch -d "$new" -p5 -N -s < "$file" >&2
	done
	make -s -C "/lib/modules/$kernel/build" M="$new" CONFIG_RDMA_RXE=m modules >&2
	strip --strip-debug "$new/rdma_rxe.ko"
	mv -T "$new" "$dir" 2> /dev/null || rm -rf "$new"
fi
echo "$dir/rdma_rxe.ko"
