/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KFR_RMA_H
#define KFR_RMA_H

#include "kfr.h"

ssize_t kfr_commit(struct kfid_ep *fid, const struct kfi_rma_iov *iov,
		   size_t count, kfi_addr_t addr, enum kfi_commit_level level,
		   void *context);
ssize_t kfr_publish(struct kfid_ep *fid, const struct kfi_msg_publish *msg,
		    u64 flags);

#endif
