/* SPDX-License-Identifier: GPL-2.0-only */
/* Where KFI_MUTANT_ACK_BEFORE_QUORUM breaks the promise; nothing without it. */
#ifndef KFS_MUTANT_H
#define KFS_MUTANT_H

#include <kfi_replica.h>

#ifdef KFI_MUTANT_ACK_BEFORE_QUORUM
struct kfi_set_io *kfs_mutant_io(struct kfi_set_io *orig);
void kfs_mutant_ack(struct kfi_set_io *io);
#else
static inline struct kfi_set_io *kfs_mutant_io(struct kfi_set_io *orig)
{
	return orig;
}

static inline void kfs_mutant_ack(struct kfi_set_io *io)
{
}
#endif

#endif
