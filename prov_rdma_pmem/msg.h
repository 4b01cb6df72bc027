/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KFR_MSG_H
#define KFR_MSG_H

#include "kfr.h"

int kfr_rx_create(struct kfr_ep *ep);
void kfr_rx_destroy(struct kfr_ep *ep);
void kfr_rx_work(struct work_struct *work);
ssize_t kfr_cancel(struct kfid *fid, void *context);

#endif
