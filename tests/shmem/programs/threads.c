// SPDX-License-Identifier: BSD-3-Clause
/* OpenMP, a context of each thread, a wait that another thread's store ends. */
// flags: -fopenmp
#include <omp.h>
#include <shmem.h>

static long count;
static int word;

int main(void)
{
	long all = 0;
	int provided, i, n, me;

	if (shmem_init_thread(SHMEM_THREAD_MULTIPLE, &provided) ||
	    provided != SHMEM_THREAD_MULTIPLE)
		return 1;
	me = shmem_my_pe();
	n = shmem_n_pes();
#pragma omp parallel num_threads(4)
	{
		shmem_ctx_t ctx;
		int k;

		if (shmem_ctx_create(SHMEM_CTX_PRIVATE, &ctx))
			ctx = SHMEM_CTX_DEFAULT;
		for (k = 0; k < 100; k++)
			shmem_ctx_long_atomic_inc(ctx, &count, (me + k) % n);
		shmem_ctx_quiet(ctx);
		if (ctx != SHMEM_CTX_DEFAULT)
			shmem_ctx_destroy(ctx);
		if (omp_get_thread_num() == 1) {
			__atomic_store_n(&word, 1, __ATOMIC_RELEASE);
			shmem_quiet();
		} else {
			shmem_int_wait_until(&word, SHMEM_CMP_EQ, 1);
		}
	}
	shmem_barrier_all();
	for (i = 0; i < n; i++)
		all += shmem_long_g(&count, i);
	if (all != 400L * n)
		return 2;
	shmem_finalize();
	return 0;
}
