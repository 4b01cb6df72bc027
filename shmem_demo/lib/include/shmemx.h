/* SPDX-License-Identifier: BSD-3-Clause */
/* The extensions: persistent symmetric memory. */
#ifndef SHMEMX_H
#define SHMEMX_H

#include <shmem.h>
#include <shmemx_pmem.h>

#endif
