/* SPDX-License-Identifier: BSD-3-Clause */
/* The extensions: persistent symmetric memory, and what programs written for others count on. */
#ifndef SHMEMX_H
#define SHMEMX_H

#pragma GCC system_header

#include <shmem.h>
#include <shmemx_pmem.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Seconds since some time in the past, for measuring. */
#define HAVE_SHMEMX_WTIME 1
SHMEM_F_(double, shmemx_wtime, (void))

#ifdef __cplusplus
}
#endif

#endif
