// SPDX-License-Identifier: BSD-3-Clause
/* A C++ program: the C interface, by type and size, and symmetric objects. */
#include <cassert>
#include <complex>
#include <vector>

extern "C" {
#include <shmem.h>	/* as old programs do it */
}

#include "harness.h"

namespace {

struct point {
	int x, y;
	point() : x(3), y(4) { }
	static long shared;
};

long point::shared = 5;
point global;

template <typename T> struct holder {
	static T value;
};
template <typename T> T holder<T>::value = T(7);

void objects()
{
	static point local;

	CHECK(global.x == 3 && local.y == 4 && point::shared == 5 && holder<int>::value == 7);
	shmem_barrier_all();
	shmem_int_p(&global.x, 10 + me, right);
	shmem_int_p(&local.y, 20 + me, right);
	shmem_long_p(&point::shared, 30 + me, right);
	shmem_int_p(&holder<int>::value, 40 + me, right);
	shmem_barrier_all();
	CHECK(global.x == 10 + left && local.y == 20 + left);
	CHECK(point::shared == 30 + left && holder<int>::value == 40 + left);
	result("C++", "constructed globals, static members, templates");
}

void routines()
{
	static std::complex<double> sum, mine;
	std::vector<long> data(100, me);
	long *heap = static_cast<long *>(shmem_malloc(100 * sizeof(long)));
	static long psync[SHMEM_BARRIER_SYNC_SIZE], word;
	shmem_ctx_t ctx;

	shmem_long_put(heap, data.data(), 100, right);
	shmem_barrier_all();
	CHECK_ARRAY(heap, 100, left);
	CHECK(!shmem_ctx_create(SHMEM_CTX_PRIVATE, &ctx));
	shmem_ctx_long_atomic_add(ctx, &word, 2, 0);
	shmem_ctx_destroy(ctx);
	shmem_barrier_all();
	CHECK(me || word == 2 * npes);
	mine = std::complex<double>(me, 1);
	CHECK(!shmem_complexd_sum_reduce(SHMEM_TEAM_WORLD,
					 reinterpret_cast<double _Complex *>(&sum),
					 reinterpret_cast<double _Complex *>(&mine), 1));
	CHECK(sum == std::complex<double>(npes * (npes - 1) / 2, npes));
	CHECK(!shmem_complexd_prod_reduce(SHMEM_TEAM_WORLD, &sum, &mine, 1));
	CHECK(!shmem_sum_reduce(SHMEM_TEAM_WORLD, &sum, &mine, 1));
	CHECK(sum == std::complex<double>(npes * (npes - 1) / 2, npes));
	shmem_put(heap, data.data(), 50, me);
	CHECK(heap[49] == me && shmem_g(heap, me) == me);
	CHECK(!shmem_team_sync(SHMEM_TEAM_WORLD));
	shmem_barrier(0, 0, npes, psync);
	shmem_free(heap);
	result("C++", "put, context, atomic, complex reduction, active set");
}

} // namespace

int main()
{
	shmem_init();
	suite_begin();
	objects();
	routines();
	return suite_end();
}
