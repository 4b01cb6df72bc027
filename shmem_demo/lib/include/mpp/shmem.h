/* SPDX-License-Identifier: BSD-3-Clause */
/* Where old programs look. */
#include <shmem.h>
