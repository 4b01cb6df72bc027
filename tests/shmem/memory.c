// SPDX-License-Identifier: BSD-3-Clause
/* Memory management, and which of the program's variables are symmetric. */
#include <stdint.h>

#include "harness.h"

/* Variables of all kinds; the names my_pe and num_pes are the program's. */
int my_pe, num_pes;
int in_data = 17;
static double in_bss[100];
const long constant[4] = { 2, 3, 5, 7 };
static const char *const relocated[] = { "alpha", "beta" };
static struct { char c; long l; short s[3]; } record = { 'x', 8, { 1, 2, 3 } };
static char odd[7] = "sixchr";
static long aligned[64] __attribute__((__aligned__(4096)));
static char huge[300L << 20];
static __thread int of_thread;
static long early;

__attribute__((__constructor__))
static void before_main(void)
{
	early = 4711;
}

/* Each PE's own copy; what is put there arrives in the variable itself. */
static void variables(void)
{
	static int in_function = 5;
	static int in_function_bss;
	long got[4];
	char text[7];

	CHECK(in_data == 17 && in_function == 5 && record.l == 8 && !strcmp(odd, "sixchr"));
	CHECK(early == 4711 + me && in_bss[7] == me);
	shmem_barrier_all();
	shmem_int_p(&in_data, 100 + me, right);
	shmem_int_p(&in_function, 200 + me, right);
	shmem_int_p(&in_function_bss, 300 + me, right);
	shmem_double_p(&in_bss[99], me + .5, right);
	shmem_short_p(&record.s[1], 400 + me, right);
	shmem_char_p(&odd[5], 'A' + me, right);
	shmem_long_p(&aligned[63], me, right);
	shmem_int_p(&num_pes, npes, right);
	shmem_char_p(&huge[250L << 20], me + 1, right);
	shmem_barrier_all();
	CHECK(in_data == 100 + left && in_function == 200 + left);
	CHECK(in_function_bss == 300 + left && in_bss[99] == left + .5);
	CHECK(record.s[1] == 400 + left && record.s[0] == 1 && record.s[2] == 3);
	CHECK(odd[5] == 'A' + left && odd[6] == 0 && aligned[63] == left && num_pes == npes);
	CHECK(huge[250L << 20] == left + 1 && !huge[(250L << 20) + 1]);
	result("symmetric variables", ".data .bss static struct odd aligned, 300 MB");

	shmem_long_get(got, constant, 4, right);
	CHECK(got[0] == 2 && got[3] == 7);
	shmem_getmem(text, relocated[1], 5, right);
	CHECK(!strcmp(text, "beta"));
	result("symmetric variables", "constants as a source");
}

static void accessible(void)
{
	int on_stack, pe;
	char *p = shmem_malloc(100);

	for (pe = 0; pe < npes; pe++) {
		CHECK(shmem_pe_accessible(pe) == 1);
		CHECK(shmem_addr_accessible(&in_data, pe) && shmem_addr_accessible(p + 99, pe));
		CHECK(!shmem_addr_accessible(&on_stack, pe));
		CHECK(!shmem_addr_accessible(&of_thread, pe));
		CHECK(!shmem_addr_accessible(stdout, pe) && !shmem_ptr(&on_stack, pe));
		CHECK(!shmem_addr_accessible(NULL, pe) && !shmem_ptr(NULL, pe));
		CHECK(shmem_ptr(p, pe) && shmem_ptr(&in_data, pe));
		CHECK(shmem_team_ptr(SHMEM_TEAM_WORLD, p, pe) == shmem_ptr(p, pe));
	}
	CHECK(!shmem_pe_accessible(-1) && !shmem_pe_accessible(npes));
	CHECK(!shmem_addr_accessible(p, npes) && !shmem_ptr(p, npes) && !shmem_ptr(p, -1));
	CHECK(!shmem_team_ptr(SHMEM_TEAM_INVALID, p, 0));
	CHECK(!shmem_team_ptr(SHMEM_TEAM_WORLD, p, npes));
	CHECK(shmem_ptr(p, me) == p && shmem_ptr(&in_data, me) == &in_data);
	result("accessibility", "pe_accessible addr_accessible ptr team_ptr");

	/* Plain loads and stores */
	if (shmem_ptr(p, right)) {
		memset(shmem_ptr(p, right), 'a' + me, 100);
		*(int *)shmem_ptr(&in_data, right) = 900 + me;
	}
	shmem_barrier_all();
	CHECK_ARRAY(p, 100, 'a' + left);
	CHECK(in_data == 900 + left);
	shmem_free(p);
	result("accessibility", "stores through shmem_ptr()");
}

/* The same object at all PEs: what is put to it arrives there. */
static void check_symmetric(char *p, size_t len)
{
	shmem_char_p(p, me, right);
	shmem_char_p(p + len - 1, 1 + me, right);
	shmem_barrier_all();
	CHECK(len == 1 || (p[0] == left && p[len - 1] == 1 + left));
	shmem_barrier_all();
}

static void allocate(void)
{
	static const size_t sizes[] = { 1, 7, 64, 65, 4095, 4096, 100000, 10 << 20 };
	char *p[8];
	size_t i, k;

	for (i = 0; i < 8; i++) {
		p[i] = shmem_malloc(sizes[i]);
		CHECK(p[i] && (uintptr_t)p[i] % 16 == 0);
		for (k = 0; k < i; k++)
			CHECK(p[k] + sizes[k] <= p[i] || p[i] + sizes[i] <= p[k]);
	}
	for (i = 0; i < 8; i++)
		check_symmetric(p[i], sizes[i]);
	for (i = 0; i < 8; i++)
		shmem_free(p[(i * 3) % 8]);
	CHECK(!shmem_malloc(0) && !shmem_calloc(0, 8) && !shmem_calloc(8, 0));
	shmem_free(NULL);
	result("memory", "malloc free, of nothing");

	for (i = sizeof(void *); i <= 1 << 20; i *= 2) {
		p[0] = shmem_align(i, 100);
		CHECK(p[0] && !((uintptr_t)p[0] % i));
		check_symmetric(p[0], 100);
		shmem_free(p[0]);
	}
	CHECK(!shmem_align(24, 100) && !shmem_align(1, 100));
	result("memory", "align, to no power of two");

	p[0] = shmem_malloc(100000);
	memset(p[0], 0xff, 100000);
	shmem_free(p[0]);
	p[0] = shmem_calloc(1000, 100);
	CHECK_ARRAY(p[0], 100000, 0);
	shmem_free(p[0]);
	p[0] = shmem_malloc_with_hints(100, SHMEM_MALLOC_ATOMICS_REMOTE | SHMEM_MALLOC_SIGNAL_REMOTE);
	p[1] = shmem_malloc_with_hints(100, 0);
	CHECK(p[0] && p[1] && !shmem_malloc_with_hints(0, 0));
	check_symmetric(p[0], 100);
	shmem_free(p[1]);
	shmem_free(p[0]);
	result("memory", "calloc, malloc_with_hints");
}

static void reallocate(void)
{
	char *p = shmem_realloc(NULL, 1000), *q, *fence;

	FILL(p, 1000, (char)(i + me));
	fence = shmem_malloc(10);
	p = shmem_realloc(p, 100000);
	CHECK_ARRAY(p, 1000, (char)(i + me));
	check_symmetric(p + 1000, 99000);
	p = shmem_realloc(p, 50);
	CHECK_ARRAY(p, 50, (char)(i + me));
	q = shmem_malloc(90000);
	check_symmetric(p + 40, 10);
	shmem_free(q);
	p = shmem_realloc(p, 70000);
	CHECK_ARRAY(p, 40, (char)(i + me));
	/* What cannot be had leaves the block alone. */
	CHECK(!shmem_realloc(p, SIZE_MAX));
	CHECK(!shmem_realloc(p, SIZE_MAX - 63));
	CHECK(!shmem_realloc(p, 1L << 45));
	CHECK_ARRAY(p, 40, (char)(i + me));
	q = shmem_malloc(100);
	CHECK(q >= p + 70000 || q + 100 <= p);
	shmem_free(q);
	CHECK(!shmem_realloc(p, 0));
	shmem_free(fence);
	result("memory", "realloc: grow, shrink, nothing, too much");
}

/* Blocks of random sizes, the same at all PEs; nobody's bytes change. */
static void churn(void)
{
	static struct { unsigned char *p; size_t len; } blocks[64];
	unsigned int seed = 12345, round, k;
	size_t free_before, free_after;
	void *all;

	for (free_before = 1UL << 30; !(all = shmem_malloc(free_before)); free_before -= 1 << 16)
		;
	shmem_free(all);
	for (round = 0; round < 2000; round++) {
		k = rand_r(&seed) % 64;
		if (blocks[k].p) {
			CHECK_ARRAY(blocks[k].p, blocks[k].len,
				    (unsigned char)(blocks[k].len + me));
			if (rand_r(&seed) % 3) {
				shmem_free(blocks[k].p);
				blocks[k].p = NULL;
				continue;
			}
			blocks[k].len = rand_r(&seed) % 5000 + 1;
			blocks[k].p = shmem_realloc(blocks[k].p, blocks[k].len);
		} else {
			blocks[k].len = rand_r(&seed) % 5000 + 1;
			blocks[k].p = rand_r(&seed) % 2 ? shmem_malloc(blocks[k].len) :
				shmem_align(8 << rand_r(&seed) % 8, blocks[k].len);
		}
		CHECK(blocks[k].p);
		if (!blocks[k].p)
			break;
		memset(blocks[k].p, blocks[k].len + me, blocks[k].len);
	}
	for (k = 0; k < 64; k++)
		shmem_free(blocks[k].p);
	for (free_after = 1UL << 30; !(all = shmem_malloc(free_after)); free_after -= 1 << 16)
		;
	shmem_free(all);
	CHECK(free_after == free_before);
	result("memory", "2000 random allocations, and all of the heap again");
}

static void exhaust(void)
{
	char *p, *q;

	CHECK(!shmem_malloc(1L << 40) && !shmem_malloc(SIZE_MAX) && !shmem_malloc(SIZE_MAX - 62));
	CHECK(!shmem_calloc(1L << 40, 1L << 40));
	p = shmem_malloc(600 << 20);
	q = shmem_malloc(600 << 20);
	CHECK(p && !q);
	shmem_free(p);
	p = shmem_malloc(600 << 20);
	CHECK(p);
	shmem_free(p);
	result("memory", "more than there is");
}

int main(void)
{
	my_pe = -1;
	early += shmem_my_pe();		/* before shmem_init(), too */
	in_bss[7] = shmem_my_pe();
	shmem_init();
	suite_begin();
	CHECK(my_pe == -1);
	variables();
	accessible();
	allocate();
	reallocate();
	churn();
	exhaust();
	return suite_end();
}
