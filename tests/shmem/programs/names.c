// SPDX-License-Identifier: BSD-3-Clause
/* Variables may have names that old libraries used, and <complex.h> is there. */
// flags: -std=c11 -pedantic-errors -Wall -Wextra -Werror -Wundef -Wstrict-prototypes
#include <shmem.h>

int my_pe, num_pes;
double complex mine, sum;

int main(void)
{
	shmem_init();
	my_pe = shmem_my_pe();
	num_pes = shmem_n_pes();
	mine = 1 + my_pe * I;
	shmem_complexd_sum_reduce(SHMEM_TEAM_WORLD, &sum, &mine, 1);
	if (creal(sum) != num_pes || cimag(sum) != num_pes * (num_pes - 1) / 2)
		shmem_global_exit(1);
	shmem_finalize();
	return 0;
}
