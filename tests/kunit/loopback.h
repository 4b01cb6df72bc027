/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A soft-RoCE device on a dummy network device: an RDMA device for suites
 * that talk to themselves.
 */
#ifndef KFI_TESTS_LOOPBACK_H
#define KFI_TESTS_LOOPBACK_H

#include <linux/types.h>

int kfi_loopback_up(const char *netdev, const char *ibdev);
void kfi_loopback_down(const char *ibdev);
__be32 kfi_loopback_addr(const char *ibdev);

#endif
