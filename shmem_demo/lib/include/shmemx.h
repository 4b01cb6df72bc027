/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Extensions that programs written for other libraries count on. Persistent
 * spaces are not here: they have a header of their own.
 */
#ifndef SHMEMX_H
#define SHMEMX_H

#include <shmem.h>

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
