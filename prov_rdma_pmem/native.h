/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * RDMA FLUSH posted by a kernel client: KFI_COMMIT_NATIVE.
 *
 * The one place that knows whether the kernel's verbs have a work request for
 * it, which Kbuild looks up. Stock kernels have the opcode alone: a driver
 * sends whatever its queue slot held before, and the device's capability bit
 * (IB_DEVICE_FLUSH_PERSISTENT) is set all the same. Documentation/upstream has
 * the series that mends this.
 */
#ifndef KFR_NATIVE_H
#define KFR_NATIVE_H

#include <rdma/ib_verbs.h>

/* Room for any work request of an operation. */
union kfr_wr {
	struct ib_send_wr send;
	struct ib_rdma_wr rdma;
#ifdef KFR_IB_FLUSH_WR
	struct ib_flush_wr flush;
#endif
};

/**
 * kfr_native_flush_built() - does this kernel have a FLUSH for its clients?
 *
 * Context: any.
 * Return: whether.
 */
static inline bool kfr_native_flush_built(void)
{
#ifdef KFR_IB_FLUSH_WR
	return true;
#else
	return false;
#endif
}

/**
 * kfr_native_flush_usable() - can a kernel client really post an RDMA FLUSH?
 * @dev: device
 *
 * A driver that says so also carries out what its peers post: IBK_FLUSH and
 * the mended responder are one series.
 *
 * Context: any.
 * Return: whether a FLUSH makes writes persistent on both sides of @dev.
 */
static inline bool kfr_native_flush_usable(const struct ib_device *dev)
{
#ifdef KFR_IB_FLUSH_WR
	return dev->attrs.kernel_cap_flags & IBK_FLUSH &&
	       dev->attrs.device_cap_flags & IB_DEVICE_FLUSH_PERSISTENT;
#else
	return false;
#endif
}

/**
 * kfr_native_flush_fill() - make a work request a FLUSH of a range
 * @wr: zeroed work request
 * @addr: first byte
 * @len: bytes
 * @rkey: hardware key
 *
 * Context: any; the device is usable.
 */
static inline void kfr_native_flush_fill(union kfr_wr *wr, u64 addr, u32 len,
					 u32 rkey)
{
#ifdef KFR_IB_FLUSH_WR
	wr->flush.wr.opcode = IB_WR_FLUSH;
	wr->flush.remote_addr = addr;
	wr->flush.length = len;
	wr->flush.rkey = rkey;
	wr->flush.type = IB_FLUSH_PERSISTENT;
	wr->flush.level = IB_FLUSH_RANGE;
#else
	WARN_ON_ONCE(1);
#endif
}

#endif
