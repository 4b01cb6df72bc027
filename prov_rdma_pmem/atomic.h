/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KFR_ATOMIC_H
#define KFR_ATOMIC_H

#include "kfi_atomic.h"
#include "kfr.h"

int kfr_query_atomic(struct kfid_domain *domain, enum kfi_datatype datatype,
		     enum kfi_op op, struct kfi_atomic_attr *attr, u64 flags);

#endif
