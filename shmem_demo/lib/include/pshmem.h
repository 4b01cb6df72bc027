/* SPDX-License-Identifier: BSD-3-Clause */
/* Where profilers look: <shmem.h> declares each routine by both its names. */
#include <shmem.h>
