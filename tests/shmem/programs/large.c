// SPDX-License-Identifier: BSD-3-Clause
/* Arrays of gigabytes of which little is used cost what is used. */
// seconds: 5
#include <shmem.h>

static double a[200 << 20];
static char b[500 << 20] = "";
static int filled[1 << 20] = { 7 };

int main(void)
{
	int right, left;

	shmem_init();
	right = (shmem_my_pe() + 1) % shmem_n_pes();
	left = (shmem_my_pe() + shmem_n_pes() - 1) % shmem_n_pes();
	shmem_double_p(&a[199 << 20], shmem_my_pe() + .5, right);
	shmem_char_p(&b[499 << 20], 'x', right);
	shmem_barrier_all();
	if (a[199 << 20] != left + .5 || b[499 << 20] != 'x' || filled[0] != 7)
		return 1;
	shmem_finalize();
	return 0;
}
