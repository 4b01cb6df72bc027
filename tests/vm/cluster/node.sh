#!/bin/busybox sh
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=dash
#
# Runs on a node, at each boot: makes it a machine with Corosync and Pacemaker,
# of the files that the host shares. node.sh start | environment
#
# What has no package database, no users and no init needs some of each.

here=/mnt/cluster
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LD_LIBRARY_PATH=$here/lib
log=/var/log/pacemaker.log

environment()
{
	[ -e $here/lib ] || {
		/sbin/modprobe -a 9pnet_virtio 9p &&
			mount -t 9p -o trans=virtio,ro,cache=loose share /mnt
	} || exit 1
	[ ! -e /usr/lib/ocf ] || return 0
	for file in "$here"/usr/sbin/*; do
		ln -sf "$file" /usr/sbin/
	done
	for dir in ocf pacemaker resource-agents; do
		for there in "$here"/usr/*/"$dir"; do
			mkdir -p "$(dirname "${there#"$here"}")"
			ln -s "$there" "${there#"$here"}"
		done
	done
	cat >> /etc/passwd <<-END
		hacluster:x:189:189::/var/lib/pacemaker:/bin/false
		nobody:x:65534:65534:nobody:/:/bin/sh
	END
	cat >> /etc/group <<-END
		haclient:x:189:
		nogroup:x:65534:
	END
	# The libraries also for what is started as another user.
	echo "export LD_LIBRARY_PATH=$LD_LIBRARY_PATH" > /etc/profile
	mkdir -p /var/log /var/run /var/lib/corosync /var/lock /run/resource-agents \
		/run/crm /var/lib/pacemaker/cib /var/lib/pacemaker/pengine \
		/var/lib/pacemaker/cores /var/lib/pacemaker/blackbox \
		/var/log/pacemaker /var/lib/heartbeat
	mkdir -p /etc/corosync /srv
	mv /root/corosync.conf /etc/corosync/
	mv /root/cib.xml /var/lib/pacemaker/cib/
	chown -R hacluster:haclient /var/lib/pacemaker /var/log/pacemaker /run/crm
	chmod 755 /
}

# Tell what keeps a daemon from starting, not only that it does not.
start()
{
	corosync || {
		cat /var/log/corosync.log
		exit 1
	}
	PCMK_logfile=$log PCMK_logfacility=none \
		pacemakerd -f > /var/log/pacemakerd.out 2>&1 < /dev/null &
	n=0
	until crm_mon -1 > /dev/null 2>&1; do
		n=$((n + 1))
		[ $n -lt 300 ] || {
			cat /var/log/pacemakerd.out $log
			exit 1
		}
		sleep 0.2
	done
}

"$@"
