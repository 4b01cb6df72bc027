// SPDX-License-Identifier: GPL-2.0-only
/*
 * No userspace runs in the kernel of the tests, so this does what "ip" and
 * "rdma link add" do: it sends the same netlink messages.
 */
#include <linux/if_addr.h>
#include <linux/inetdevice.h>
#include <linux/mutex.h>
#include <linux/net.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/wait.h>
#include <net/netlink.h>
#include <net/sock.h>
#include <rdma/ib_addr.h>
#include <rdma/ib_cache.h>
#include <rdma/ib_verbs.h>
#include <rdma/rdma_netlink.h>

#include "loopback.h"

#define LOOPBACK_MAX 4
#define LOOPBACK_TIMEOUT (10 * HZ)
#define LOOPBACK_PREFIX_LEN 24

struct loopback {
	char ibdev[IB_DEVICE_NAME_MAX];
	struct net_device *netdev;
	unsigned int users;
};

/* The links, and which of them are in use. */
static DEFINE_MUTEX(loopback_lock);
static struct loopback loopbacks[LOOPBACK_MAX];

static DECLARE_WAIT_QUEUE_HEAD(loopback_wait);

static __be32 loopback_addr(const struct loopback *lb)
{
	return htonl(0x0a630001 + ((lb - loopbacks) << 8)); /* 10.99.<n>.1 */
}

/* Send one request on a socket of @protocol, and return what the ack says. */
static int netlink_request(int protocol, struct sk_buff *skb)
{
	/*
	 * An explicit destination makes netlink ask for the capability of the
	 * sending task alone; it would also ask the socket's file, which a
	 * socket of the kernel has not.
	 */
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct msghdr msg = {
		.msg_name = &kernel,
		.msg_namelen = sizeof(kernel),
	};
	struct {
		struct nlmsghdr nlh;
		struct nlmsgerr err;
	} ack;
	struct kvec iov = { .iov_base = skb->data, .iov_len = skb->len };
	struct socket *sock;
	int ret;

	ret = sock_create_kern(&init_net, AF_NETLINK, SOCK_RAW, protocol, &sock);
	if (ret)
		goto free_skb;

	ret = kernel_sendmsg(sock, &msg, &iov, 1, iov.iov_len);
	if (ret < 0)
		goto release_sock;

	/* The kernel handled the request, and queued the ack, in sendmsg. */
	iov.iov_base = &ack;
	iov.iov_len = sizeof(ack);
	ret = kernel_recvmsg(sock, &msg, &iov, 1, iov.iov_len, MSG_DONTWAIT);
	if (ret < 0)
		goto release_sock;

	if (ret < sizeof(ack) || ack.nlh.nlmsg_type != NLMSG_ERROR)
		ret = -EPROTO;
	else
		ret = ack.err.error;

release_sock:
	sock_release(sock);
free_skb:
	nlmsg_free(skb);
	return ret;
}

static int set_address(struct net_device *netdev, __be32 addr)
{
	struct nlmsghdr *nlh;
	struct ifaddrmsg *ifa;
	struct sk_buff *skb;
	int ret;

	skb = nlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb)
		return -ENOMEM;

	nlh = nlmsg_put(skb, 0, 0, RTM_NEWADDR, sizeof(*ifa),
			NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE);
	if (!nlh) {
		ret = -EMSGSIZE;
		goto free_skb;
	}
	ifa = nlmsg_data(nlh);
	memset(ifa, 0, sizeof(*ifa));
	ifa->ifa_family = AF_INET;
	ifa->ifa_prefixlen = LOOPBACK_PREFIX_LEN;
	ifa->ifa_index = netdev->ifindex;
	ret = nla_put_in_addr(skb, IFA_LOCAL, addr) ?:
	      nla_put_in_addr(skb, IFA_ADDRESS, addr);
	if (ret)
		goto free_skb;
	nlmsg_end(skb, nlh);

	return netlink_request(NETLINK_ROUTE, skb);

free_skb:
	nlmsg_free(skb);
	return ret;
}

static int bring_up(struct net_device *netdev)
{
	int ret;

	rtnl_lock();
	ret = dev_change_flags(netdev, netdev->flags | IFF_UP, NULL);
	rtnl_unlock();
	return ret;
}

static int add_link(const char *netdev, const char *ibdev)
{
	struct nlmsghdr *nlh;
	struct sk_buff *skb;
	int ret;

	skb = nlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb)
		return -ENOMEM;

	nlh = nlmsg_put(skb, 0, 0,
			RDMA_NL_GET_TYPE(RDMA_NL_NLDEV, RDMA_NLDEV_CMD_NEWLINK),
			0, NLM_F_REQUEST | NLM_F_ACK);
	if (!nlh) {
		ret = -EMSGSIZE;
		goto free_skb;
	}
	ret = nla_put_string(skb, RDMA_NLDEV_ATTR_DEV_NAME, ibdev) ?:
	      nla_put_string(skb, RDMA_NLDEV_ATTR_LINK_TYPE, "rxe") ?:
	      nla_put_string(skb, RDMA_NLDEV_ATTR_NDEV_NAME, netdev);
	if (ret)
		goto free_skb;
	nlmsg_end(skb, nlh);

	return netlink_request(NETLINK_RDMA, skb);

free_skb:
	nlmsg_free(skb);
	return ret;
}

static void remove_link(const char *ibdev)
{
	struct ib_device *dev;

	dev = ib_device_get_by_name(ibdev, RDMA_DRIVER_RXE);
	if (dev)
		ib_unregister_device_and_put(dev);
}

static void wake_waiter(struct ib_event_handler *handler, struct ib_event *event)
{
	wake_up_all(&loopback_wait);
}

static bool has_gid(struct ib_device *dev, const struct loopback *lb)
{
	const struct ib_gid_attr *attr;
	union ib_gid gid;

	ipv6_addr_set_v4mapped(loopback_addr(lb), (struct in6_addr *)&gid);
	attr = rdma_find_gid_by_port(dev, &gid, IB_GID_TYPE_ROCE_UDP_ENCAP, 1,
				     lb->netdev);
	if (IS_ERR(attr))
		return false;
	rdma_put_gid_attr(attr);
	return true;
}

/* The GID of an address is added by a work item of ib_core. */
static int wait_for_gid(const struct loopback *lb)
{
	struct ib_event_handler handler;
	struct ib_device *dev;
	long left;

	dev = ib_device_get_by_name(lb->ibdev, RDMA_DRIVER_RXE);
	if (!dev)
		return -ENODEV;

	INIT_IB_EVENT_HANDLER(&handler, dev, wake_waiter);
	ib_register_event_handler(&handler);
	left = wait_event_timeout(loopback_wait, has_gid(dev, lb),
				  LOOPBACK_TIMEOUT);
	ib_unregister_event_handler(&handler);
	ib_device_put(dev);
	return left ? 0 : -ETIMEDOUT;
}

static struct loopback *find_loopback(const char *ibdev)
{
	struct loopback *lb;

	lockdep_assert_held(&loopback_lock);
	for (lb = loopbacks; lb < loopbacks + LOOPBACK_MAX; lb++)
		if (lb->users && (!ibdev || !strcmp(lb->ibdev, ibdev)))
			return lb;
	return NULL;
}

static struct loopback *find_unused_loopback(void)
{
	struct loopback *lb;

	lockdep_assert_held(&loopback_lock);
	for (lb = loopbacks; lb < loopbacks + LOOPBACK_MAX; lb++)
		if (!lb->users)
			return lb;
	return NULL;
}

static int loopback_up_locked(const char *netdev, const char *ibdev)
{
	struct loopback *lb;
	int ret;

	lockdep_assert_held(&loopback_lock);

	lb = find_loopback(ibdev);
	if (lb) {
		if (strcmp(lb->netdev->name, netdev))
			return -EEXIST;
		lb->users++;
		return 0;
	}

	lb = find_unused_loopback();
	if (!lb)
		return -ENOSPC;
	if (strscpy(lb->ibdev, ibdev) < 0)
		return -ENAMETOOLONG;
	lb->netdev = dev_get_by_name(&init_net, netdev);
	if (!lb->netdev)
		return -ENODEV;

	ret = bring_up(lb->netdev);
	if (ret)
		goto put_netdev;
	ret = set_address(lb->netdev, loopback_addr(lb));
	if (ret)
		goto put_netdev;
	ret = add_link(netdev, ibdev);
	if (ret)
		goto put_netdev;
	ret = wait_for_gid(lb);
	if (ret)
		goto remove_link;

	lb->users = 1;
	return 0;

remove_link:
	remove_link(ibdev);
put_netdev:
	dev_put(lb->netdev);
	return ret;
}

/**
 * kfi_loopback_up() - have an RDMA device that reaches itself
 * @netdev: name of the network device to put it on, for example "dummy0"
 * @ibdev: name of the RDMA device, for example "rxe0"
 *
 * Sets an address on @netdev, makes a soft-RoCE device on it, and waits until
 * connections to that address can be made. A further call for the same pair
 * only counts.
 *
 * Context: May sleep. Takes the RTNL.
 * Return: 0, or a negative error number: -EEXIST when @ibdev is on another
 * network device, -ENODEV when there is no @netdev, -ETIMEDOUT when the device
 * did not become usable.
 */
int kfi_loopback_up(const char *netdev, const char *ibdev)
{
	int ret;

	mutex_lock(&loopback_lock);
	ret = loopback_up_locked(netdev, ibdev);
	mutex_unlock(&loopback_lock);
	return ret;
}

/**
 * kfi_loopback_down() - undo one kfi_loopback_up()
 * @ibdev: the RDMA device
 *
 * The last call removes the device, and returns when it is gone: every client
 * of it has been told, and has let go.
 *
 * Context: May sleep. Takes the RTNL.
 */
void kfi_loopback_down(const char *ibdev)
{
	struct loopback *lb;

	mutex_lock(&loopback_lock);
	lb = find_loopback(ibdev);
	if (lb && !--lb->users) {
		remove_link(lb->ibdev);
		dev_put(lb->netdev);
	}
	mutex_unlock(&loopback_lock);
}

/**
 * kfi_loopback_addr() - the address by which a device reaches itself
 * @ibdev: the RDMA device, or NULL for any
 *
 * Context: May sleep.
 * Return: The IPv4 address, 10.99.0.1 for the first device, or INADDR_ANY when
 * kfi_loopback_up() was not called.
 */
__be32 kfi_loopback_addr(const char *ibdev)
{
	struct loopback *lb;
	__be32 addr;

	mutex_lock(&loopback_lock);
	lb = find_loopback(ibdev);
	addr = lb ? loopback_addr(lb) : htonl(INADDR_ANY);
	mutex_unlock(&loopback_lock);
	return addr;
}
