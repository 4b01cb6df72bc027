# shellcheck shell=sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Block devices on the command line. Sourced by run.sh.
#
# What run.sh has set, and exports:
# shellcheck disable=SC2154,SC2034

KFIPMEM_FAKE=ok
refuse 2 "something is missing" blk add
refuse 2 "does not start with" blk add /dev/kfiblk0
refuse 2 "unexpected word" blk add a b
refuse 2 "neither 512 nor 4096" blk add t --block-size 1024
refuse 2 "neither 512 nor 4096" blk add t --block-size 4K
refuse 2 "is not a block device" blk add t --number x
refuse 2 "is not a block device" blk add t --number -1
refuse 2 "unrecognized option" blk add t --force
sends "26 2=t" blk add t
sends "26 2=t 1=7 3=512 4=" blk add t --block-size 512 --read-only --number 7
sends "26 2=t 3=4096" blk add t --block-size 4096
"$kfipmem" blk add t >stdout 2>stderr
says "/dev/kfiblk3"
json '.ok and .node == "/dev/kfiblk3" and .number == 3' blk add t

for command in del resize; do
	refuse 2 "something is missing" blk $command
	refuse 2 "unexpected word" blk $command 1 2
	for device in '' x -- 0x3 /dev/3 /dev/kfiblk /dev/sda kfiblk3p1 \
		99999999999 /dev/kfiblk/3 "' 3'"; do
		[ "$device" != -- ] || continue
		refuse 2 "is not a block device" blk $command "$device"
	done
done
refuse 2 "unrecognized option" blk resize 3 --force
sends "27 1=3" blk del 3
sends "27 1=3" blk del kfiblk3
sends "27 1=10" blk del kfiblk010
sends "27 1=0 5=" blk del /dev/kfiblk0 --force
sends "28 1=12" blk resize /dev/kfiblk12
json '.ok' blk del 3
json '.ok' blk resize 3

refuse 2 "unexpected word" blk list t
json '.devices | length == 2 and .[0].node == "/dev/kfiblk3" and .[0].set == "data" and .[1].read_only' blk list
json '.devices[0] | .size == 1073741824 and .block_size == 4096 and .opens == 1 and (.read_only | not)' blk list
"$kfipmem" blk list >stdout 2>stderr
says "/dev/kfiblk3     data                           1G   4096 rw         1"
KFIPMEM_FAKE=empty
json '.devices == []' blk list
KFIPMEM_FAKE=refuse
refuse 1 "kfipmem: blk add t: the object is busy" blk add t
refuse 1 "kfipmem: blk del /dev/kfiblk3: the object is busy" blk del 3
refuse 1 "kfipmem: blk resize /dev/kfiblk3: the object is busy" blk resize 3
KFIPMEM_FAKE=nofamily
refuse 3 "modprobe kfi_user" blk list
KFIPMEM_FAKE=ok
