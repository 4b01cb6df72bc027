/* SPDX-License-Identifier: GPL-2.0-only */
/* The family's own: what changes is in netlink.c, what is read in netlink_get.c. */
#ifndef KFI_USER_NETLINK_H
#define KFI_USER_NETLINK_H

#include <linux/netlink.h>
#include <net/genetlink.h>

extern struct genl_family ku_genl_family;

/* Moves with every change, so that a list in several parts can be doubted. */
unsigned int ku_change_seq(void);

int ku_nl_dump_start(struct netlink_callback *cb);
int ku_nl_pool_get(struct sk_buff *skb, struct netlink_callback *cb);
int ku_nl_region_get(struct sk_buff *skb, struct netlink_callback *cb);
int ku_nl_export_get(struct sk_buff *skb, struct netlink_callback *cb);
int ku_nl_attachment_get(struct sk_buff *skb, struct netlink_callback *cb);
int ku_nl_stats_get(struct sk_buff *skb, struct netlink_callback *cb);
int ku_nl_status_get(struct sk_buff *skb, struct genl_info *info);

#endif /* KFI_USER_NETLINK_H */
