/* SPDX-License-Identifier: GPL-2.0-only */
/* RDMA FLUSH posted by a kernel client: KFI_COMMIT_NATIVE. */
#ifndef KFR_NATIVE_H
#define KFR_NATIVE_H

#include <rdma/ib_verbs.h>

/**
 * kfr_native_flush_usable() - can this kernel really post an RDMA FLUSH?
 * @dev: device
 *
 * ib_verbs.h has the opcode but no work request that would carry a flush's
 * arguments, so a driver sends whatever its queue slot held before; the
 * device's capability bit (IB_DEVICE_FLUSH_PERSISTENT) is set all the same.
 * Until the verbs have such a request this is false on every device, and
 * kfr_method_choose() never picks the method.
 *
 * Context: any.
 * Return: false.
 */
static inline bool kfr_native_flush_usable(const struct ib_device *dev)
{
	return false;
}

#endif
