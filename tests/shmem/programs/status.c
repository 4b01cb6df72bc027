// SPDX-License-Identifier: BSD-3-Clause
/* main() gives 1 in every PE, without shmem_finalize(): all get to say their word. */
// status: 1
// lines: 4
#include <stdio.h>
#include <shmem.h>

int main(void)
{
	shmem_init();
	shmem_barrier_all();
	printf("PE %d was here\n", shmem_my_pe());
	return 1;
}
