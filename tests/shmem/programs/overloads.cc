// SPDX-License-Identifier: BSD-3-Clause
/* C++: names without a type, complex numbers of the library, a profiler's name. */
// flags: -std=c++17 -pedantic-errors -Wall -Wextra -Werror
#include <complex>
#include <vector>
#include <shmem.h>

static long wide;
static int narrow;
static double pair[2];
static std::complex<double> mine, sum, together;
inline int counter;

static_assert(SHMEM_CMP_EQ != SHMEM_CMP_NE, "constants are constant");

int main()
{
	shmem_init();
	int me = shmem_my_pe(), n = shmem_n_pes(), right = (me + 1) % n;

	shmem_p(&wide, 5L, right);
	shmem_wait_until(&wide, SHMEM_CMP_EQ, 5);
	shmem_p(SHMEM_CTX_DEFAULT, &narrow, 3, right);
	shmem_wait_until(&narrow, SHMEM_CMP_EQ, 3);
	if (shmem_swap(&wide, 6L, me) != 5 || shmem_swap(&narrow, 4, me) != 3)
		return 1;
	if (!shmem_test(&wide, SHMEM_CMP_GT, 5L) || shmem_g(&wide, me) != 6)
		return 2;
	std::vector<double> values(2, me);
	shmem_put(pair, values.data(), 2, right);
	shmem_atomic_add(&counter, 1, 0);
	mine = { 1.0 * me, 1 };
	shmem_complexd_sum_reduce(SHMEM_TEAM_WORLD, &sum, &mine, 1);
	shmem_sum_reduce(SHMEM_TEAM_WORLD, &together, &mine, 1);
	shmem_sync(SHMEM_TEAM_WORLD);
	if (sum != together || sum.imag() != n || pair[1] != (me + n - 1) % n)
		return 3;
	if (shmem_atomic_fetch(&counter, 0) != n)
		return 4;
	shmem_finalize();
	return 0;
}
