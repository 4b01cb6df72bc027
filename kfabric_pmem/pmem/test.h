/* SPDX-License-Identifier: GPL-2.0-only */
/* What tests can do to a RAM pool. */
#ifndef KFI_PMEM_TEST_H
#define KFI_PMEM_TEST_H

#include <linux/types.h>

#include "kfi_pmem.h"

int kfi_pool_test_power_cut(const char *name);
int kfi_pool_test_poison(const char *name, u64 offset, u64 length);
void *kfi_pool_test_medium(const char *name);
int kfi_pool_test_attest(const char *name, enum kfi_pmem_domain domain);

#endif
