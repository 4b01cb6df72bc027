/* SPDX-License-Identifier: BSD-3-Clause */
/* Where old profilers look. */
#include <shmem.h>
