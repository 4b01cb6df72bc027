/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SHMEMX_H
#define SHMEMX_H

/* Extensions: none yet. */
#include <shmem.h>

#endif
