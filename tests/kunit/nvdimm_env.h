/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A RAM pool that passes for NVDIMMs, for the suites that commit by RDMA FLUSH: its
 * regions attest the memory controller's domain, drivers find their pages among
 * the persistent memory, and a cache line that anybody writes back goes
 * through the cache model to the medium. So a power cut loses what was not.
 */
#ifndef KFI_NVDIMM_ENV_H
#define KFI_NVDIMM_ENV_H

int nvdimm_up(const char *pool, const char *region);
void nvdimm_down(void);

#endif
