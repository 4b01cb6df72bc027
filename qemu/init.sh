#!/bin/busybox sh
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=dash
#
# Process 1 of a node until the node is usable; then the agent takes its place.
# busybox's shell prefers its own applets to $PATH: everything else is called
# by its path.

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/root

/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox mount -t devtmpfs dev /dev 2>/dev/null
/bin/busybox mkdir -p /dev/pts /dev/shm
/bin/busybox mount -t devpts devpts /dev/pts
/bin/busybox mount -t tmpfs tmpfs /dev/shm
/bin/busybox mount -t tmpfs tmpfs /tmp
/bin/busybox mount -t tmpfs tmpfs /run
/bin/busybox mount -t configfs configfs /sys/kernel/config 2>/dev/null
/bin/busybox mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
exec 0</dev/null 1>/dev/console 2>&1

serve() {
	exec /sbin/kfirig-agent serve "$@"
}

fail() {
	echo "kfirig: $*"
	serve "$*"
}

# The value of parameter $1 of the kernel's command line.
parameter() {
	for word in $cmdline; do
		case $word in "$1="*) echo "${word#*=}"; return ;; esac
	done
}

cmdline=$(cat /proc/cmdline)
node=$(parameter kfirig.node)
ip=$(parameter kfirig.ip)
hostname "$node"

version=$(uname -r)
[ -d "/lib/modules/$version" ] ||
	fail "the image has no modules for kernel $version: build it with kfirig image --kernel $version"

load() {
	# One call for all: each start of modprobe reads the indices anew.
	# shellcheck disable=SC2046
	/sbin/modprobe -a $(cat "$@") || fail "modprobe failed, see the console"
}

# What is loaded late draws numbers that no two boots may share.
standby=$(parameter kfirig.standby)
if [ -n "$standby" ]; then
	load /etc/kfirig/load
else
	load /etc/kfirig/load /etc/kfirig/load-late
fi

{
	echo "127.0.0.1 localhost"
	parameter kfirig.hosts | tr ',' '\n' | while IFS='=' read -r name address; do
		echo "$address $name"
	done
} > /etc/hosts

/sbin/ip link set lo up
if [ -n "$ip" ]; then
	[ -e /sys/class/net/eth0 ] || fail "no network device eth0"
	mtu=$(parameter kfirig.mtu)
	/sbin/ip link set eth0 mtu "${mtu:-1500}" up || fail "cannot set eth0 up"
	/sbin/ip address add "$ip" dev eth0 || fail "cannot set the address $ip"
	/usr/bin/rdma link add rxe0 type rxe netdev eth0 || fail "cannot create rxe0"
fi

# Scanning is asynchronous: reading wait_probe returns when it is done.
cat /sys/bus/nd/devices/ndbus*/wait_probe > /dev/null 2>&1
wanted=$(parameter kfirig.nvdimms)
found=0
for namespace in /sys/bus/nd/devices/namespace*; do
	[ -e "$namespace/size" ] || continue
	[ "$(cat "$namespace/size")" != 0 ] || continue
	found=$((found + 1))
	[ "$(cat "$namespace/mode")" != memory ] || continue
	/usr/bin/ndctl create-namespace -f -e "${namespace##*/}" -m fsdax -M mem > /dev/null ||
		fail "cannot make ${namespace##*/} an fsdax namespace"
done
[ "$found" = "${wanted:-0}" ] || fail "found $found of $wanted NVDIMMs"

# The snapshot is taken, and restored, at "standby". Nothing of a medium may be
# in memory then: what is read later is what the medium has later.
if [ -n "$standby" ]; then
	for device in /dev/pmem*; do
		[ ! -b "$device" ] || blockdev --flushbufs "$device"
	done
	/sbin/kfirig-agent standby || fail "cannot go on after the snapshot, see the console"
	load /etc/kfirig/load-late
fi

serve
