// SPDX-License-Identifier: BSD-3-Clause
/*
 * The network of a rig: a bridge with a tap device for each node that has
 * power, in a network namespace that lives as long as the supervisor.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kfirig.h"

#define BRIDGE "rig"

static void set_name(struct ifreq *req, const char *name)
{
	snprintf(req->ifr_name, sizeof(req->ifr_name), "%s", name);
}

static int net_fail(const char *what)
{
	fprintf(stderr, "kfirig: %s: %s\n", what, strerror(errno));
	return -1;
}

static bool write_proc(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok;

	if (fd < 0)
		return false;
	ok = write_all(fd, text, strlen(text));
	close(fd);
	return ok;
}

/*
 * A user namespace gives the right to make a network namespace. Where it is
 * forbidden root can do without.
 */
int net_enter(void)
{
	uid_t uid = getuid();
	gid_t gid = getgid();
	char map[64];

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET)) {
		if (!unshare(CLONE_NEWNET))
			return 0;
		return net_fail("cannot make a network namespace; allow user namespaces (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone) or run as root");
	}
	snprintf(map, sizeof(map), "0 %u 1", uid);
	if (!write_proc("/proc/self/uid_map", map))
		return net_fail("cannot write /proc/self/uid_map");
	snprintf(map, sizeof(map), "0 %u 1", gid);
	if (!write_proc("/proc/self/setgroups", "deny") ||
	    !write_proc("/proc/self/gid_map", map))
		return net_fail("cannot write /proc/self/gid_map");
	return 0;
}

static int net_socket(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? net_fail("cannot make a socket") : fd;
}

static int set_up(int fd, const char *name, bool up)
{
	struct ifreq req = { 0 };

	set_name(&req, name);
	if (ioctl(fd, SIOCGIFFLAGS, &req))
		return -1;
	if (up)
		req.ifr_flags |= IFF_UP;
	else
		req.ifr_flags &= ~IFF_UP;
	return ioctl(fd, SIOCSIFFLAGS, &req);
}

static int set_mtu(int fd, const char *name, unsigned int mtu)
{
	struct ifreq req = { .ifr_mtu = mtu };

	set_name(&req, name);
	return ioctl(fd, SIOCSIFMTU, &req);
}

int net_bridge_create(unsigned int mtu)
{
	int fd = net_socket();
	int ret = 0;

	if (fd < 0)
		return -1;
	if (ioctl(fd, SIOCBRADDBR, BRIDGE))
		ret = net_fail("cannot make a bridge; load the kernel's module bridge");
	else if (set_mtu(fd, BRIDGE, mtu) || set_up(fd, BRIDGE, true))
		ret = net_fail("cannot set the bridge up");
	close(fd);
	return ret;
}

/* The device exists while the descriptor is open: a node without power has none. */
int net_tap_open(unsigned int index, unsigned int mtu)
{
	struct ifreq req = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int tap, fd;

	tap = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (tap < 0)
		return net_fail("cannot open /dev/net/tun; load the kernel's module tun");
	fd = net_socket();
	if (fd < 0) {
		close(tap);
		return -1;
	}
	/*
	 * The kernel puts a number behind it: a child of ours that is about to
	 * become another node may still hold the device that this one had.
	 */
	snprintf(req.ifr_name, IFNAMSIZ, "node%u.%%d", index + 1);
	if (ioctl(tap, TUNSETIFF, &req)) {
		net_fail("cannot make a tap device");
		goto err_close;
	}
	if (set_mtu(fd, req.ifr_name, mtu)) {
		net_fail("cannot set the MTU of a tap device");
		goto err_close;
	}
	req.ifr_ifindex = if_nametoindex(req.ifr_name);
	set_name(&req, BRIDGE);
	if (ioctl(fd, SIOCBRADDIF, &req)) {
		net_fail("cannot add a tap device to the bridge");
		goto err_close;
	}
	close(fd);
	return tap;
err_close:
	close(fd);
	close(tap);
	return -1;
}

int net_tap_link(int tap, bool up)
{
	struct ifreq req = { 0 };
	int fd = net_socket();
	int ret;

	if (fd < 0)
		return -1;
	ret = ioctl(tap, TUNGETIFF, &req);
	if (!ret)
		ret = set_up(fd, req.ifr_name, up);
	if (ret)
		net_fail("cannot change the state of a tap device");
	close(fd);
	return ret;
}
