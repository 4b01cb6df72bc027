/* SPDX-License-Identifier: BSD-3-Clause */
/* Where old programs look. */
#ifndef MPP_SHMEM_H
#define MPP_SHMEM_H

#include <shmem.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Not in <shmem.h>: these names are free for variables of today's programs. */
SHMEM_EXPORT_ int my_pe(void) __attribute__((__weak__));
SHMEM_EXPORT_ int num_pes(void) __attribute__((__weak__));

#ifdef __cplusplus
}
#endif

#endif
