// SPDX-License-Identifier: BSD-3-Clause
/* The routines of shmemx_pmem.h, in several runs: pspace_basic PART. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <shmemx.h>

#define SIZE (256 * 1024)
#define EVERYBODY(rc) EXPECT((rc) == 0)

static int bad, me, npes;

#define EXPECT(cond) do { \
	if (!(cond)) { \
		bad++; \
		printf("PE %d: line %d: %s: %s\n", me, __LINE__, #cond, shmemx_pspace_error()); \
	} \
} while (0)

static shmemx_pspace_t space;

static int open_it(size_t size, int flags)
{
	return shmemx_pspace_open("basic", size, flags, &space);
}

/* The last word of a part that fails with a message is the message. */
static void refuse(int rc, int error)
{
	EXPECT(rc == -error);
	if (!me)
		printf("%s\n", shmemx_pspace_error());
}

static void part_new(void)
{
	struct shmemx_pspace_info info;
	struct shmemx_pspace_stat stat;
	uint64_t epoch;
	long *root;

	EXPECT(open_it(SIZE, 0) == -ENOENT);
	EXPECT(!space);
	/* Of a damaged space no more than the error is wanted. */
	if (open_it(SIZE, SHMEMX_PSPACE_CREATE | SHMEMX_PSPACE_EXCL)) {
		EXPECT(!"created");
		return;
	}
	EVERYBODY(shmemx_pspace_info(space, npes - 1, &info));
	EXPECT(info.found == SHMEMX_FOUND_NEW && info.size == SIZE && !info.epoch);
	EXPECT(shmemx_pspace_info(space, npes, &info) == -EINVAL);
	EXPECT(shmemx_pspace_durability(space) == SHMEMX_DURABLE_NONE);
	EXPECT(!shmemx_pspace_root(space, 0));
	root = shmemx_pspace_root(space, 1000);
	EXPECT(root && !root[0] && !root[124]);
	EXPECT(shmemx_pspace_root(space, 1000) == root && shmemx_pspace_root(space, 0) == root);
	EXPECT(!shmemx_pspace_root(space, 100000));
	EXPECT(shmemx_pspace_pointer(space, shmemx_pspace_offset(space, root)) == root);
	EXPECT(!shmemx_pspace_pointer(space, 0) && !shmemx_pspace_offset(space, NULL));
	root[0] = 100 + me;
	EVERYBODY(shmemx_pspace_commit(space, &epoch));
	EXPECT(epoch == 1);
	EVERYBODY(shmemx_pspace_stat("basic", &stat));
	EXPECT(stat.dirty && stat.npes == npes && stat.epoch == 1 && stat.size == SIZE);
	EVERYBODY(shmemx_pspace_close(space));
	EVERYBODY(shmemx_pspace_stat("basic", &stat));
	EXPECT(!stat.dirty);
	shmem_barrier_all();
}

static void part_again(void)
{
	struct shmemx_pspace_info info;
	long *root;

	EXPECT(open_it(SIZE, SHMEMX_PSPACE_CREATE | SHMEMX_PSPACE_EXCL) == -EEXIST);
	EVERYBODY(open_it(SIZE, SHMEMX_PSPACE_CREATE));
	EVERYBODY(shmemx_pspace_info(space, 0, &info));
	EXPECT(info.found == SHMEMX_FOUND_CLEAN && info.found_epoch == 1 && !info.rolled_back);
	root = shmemx_pspace_root(space, 1000);
	EXPECT(root && root[0] == 100 + me);
	/* Not committed: gone at the next open. */
	root[0] = 7;
	EXPECT(shmemx_pspace_malloc(space, 64));
	EVERYBODY(shmemx_pspace_close(space));
	EVERYBODY(open_it(0, 0));
	EVERYBODY(shmemx_pspace_info(space, 0, &info));
	EXPECT(info.found == SHMEMX_FOUND_DIRTY && info.rolled_back && info.allocated == 1024);
	root = shmemx_pspace_root(space, 0);
	EXPECT(root && root[0] == 100 + me);
	/* What finalize closes is closed. */
}

static void part_names(void)
{
	char name[SHMEMX_PSPACE_OBJECT_NAME_MAX + 2];
	struct shmemx_pspace_info info;
	void *a, *b, *c;
	size_t size;
	int i;

	EVERYBODY(open_it(0, 0));
	a = shmemx_pspace_malloc(space, 100);
	b = shmemx_pspace_align(space, 4096, 5000);
	c = shmemx_pspace_calloc(space, 10, 10);
	EXPECT(a && b && c && !((uintptr_t)b % 4096) && !((uintptr_t)a % 64));
	EXPECT(!shmemx_pspace_align(space, 48, 8) && !shmemx_pspace_malloc(space, 0));
	EXPECT(!shmemx_pspace_malloc(space, SIZE) && !shmemx_pspace_malloc(space, -1));
	EXPECT(!shmemx_pspace_calloc(space, 1UL << 33, 1UL << 33));
	EVERYBODY(shmemx_pspace_set_name(space, "one", a));
	EVERYBODY(shmemx_pspace_set_name(space, "two", b));
	EXPECT(shmemx_pspace_lookup(space, "one", &size) == a && size == 128);
	EXPECT(!shmemx_pspace_lookup(space, "three", NULL));
	EVERYBODY(shmemx_pspace_set_name(space, "one", c));
	EXPECT(shmemx_pspace_lookup(space, "one", NULL) == c);
	EXPECT(shmemx_pspace_set_name(space, "three", (char *)a + 8) == -EINVAL);
	EXPECT(shmemx_pspace_set_name(space, "three", NULL) == -ENOENT);
	EXPECT(shmemx_pspace_set_name(space, "", a) == -EINVAL);
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = 0;
	EXPECT(shmemx_pspace_set_name(space, name, a) == -EINVAL);
	name[sizeof(name) - 2] = 0;
	EVERYBODY(shmemx_pspace_set_name(space, name, a));
	EXPECT(shmemx_pspace_free(space, a) == -EBUSY);
	EXPECT(shmemx_pspace_free(space, shmemx_pspace_root(space, 0)) == -EBUSY);
	EXPECT(shmemx_pspace_free(space, (char *)a + 64) == -EINVAL);
	EVERYBODY(shmemx_pspace_set_name(space, name, NULL));
	EVERYBODY(shmemx_pspace_free(space, a));
	EVERYBODY(shmemx_pspace_free(space, NULL));
	EXPECT(shmemx_pspace_malloc(space, 128) == a);
	EVERYBODY(shmemx_pspace_free(space, a));
	/* Until the table is full, and again */
	for (i = 0; shmemx_pspace_malloc(space, 64); i++)
		;
	EXPECT(i > 200);
	EVERYBODY(shmemx_pspace_rollback(space));
	EVERYBODY(shmemx_pspace_info(space, 0, &info));
	EXPECT(info.allocated == 1024 && !shmemx_pspace_lookup(space, "one", NULL));
	a = shmemx_pspace_malloc(space, 4000);
	memset(a, 1 + me, 4000);
	EVERYBODY(shmemx_pspace_set_name(space, "memory", a));
	EVERYBODY(shmemx_pspace_commit(space, NULL));
}

/* Everything that works on symmetric memory works on a space's. */
static void part_memory(void)
{
	int to = (me + 1) % npes, from = (me + npes - 1) % npes, i;
	struct { long word, sum; uint64_t signal; long lock, all[64], row[64]; } *m;
	long one = 1;

	EVERYBODY(open_it(0, 0));
	m = shmemx_pspace_lookup(space, "memory", NULL);
	EXPECT(((char *)m)[3999] == 1 + me);
	memset(m, 0, sizeof(*m));
	EXPECT(shmem_addr_accessible(m, to) && shmem_ptr(m, to));
	EXPECT(!shmem_ptr((char *)m + SIZE, to));
	shmem_barrier_all();
	shmem_long_p(&m->word, 1000 + me, to);
	shmem_barrier_all();
	EXPECT(m->word == 1000 + from && shmem_long_g(&m->word, to) == 1000 + me);
	for (i = 0; i < 100; i++)
		shmem_long_atomic_add(&m->sum, me + 1, i % npes);
	shmem_barrier_all();
	EXPECT(me || m->sum == (100 + npes - 1) / npes * (npes * (npes + 1L) / 2));
	shmem_putmem_signal(m->row, &one, sizeof(one), &m->signal, 5, SHMEM_SIGNAL_SET, to);
	EXPECT(shmem_signal_wait_until(&m->signal, SHMEM_CMP_EQ, 5) == 5 && m->row[0] == 1);
	m->row[0] = me;
	shmem_fcollectmem(SHMEM_TEAM_WORLD, m->all, m->row, sizeof(long));
	EXPECT(m->all[0] == 0 && m->all[npes - 1] == npes - 1);
	shmem_long_sum_reduce(SHMEM_TEAM_WORLD, m->all, m->row, 1);
	EXPECT(m->all[0] == npes * (npes - 1L) / 2);
	shmem_set_lock(&m->lock);
	shmem_long_p(&m->word, shmem_long_g(&m->word, 0) + 1, 0);
	shmem_quiet();
	shmem_clear_lock(&m->lock);
	shmem_barrier_all();
	EXPECT(me || m->word == 1000 + npes - 1 + npes);
	EVERYBODY(shmemx_pspace_rollback(space));
	EXPECT(((char *)m)[3999] == 1 + me && ((char *)m)[0] == 1 + me);
}

static void part_persist(void)
{
	int to = (me + 1) % npes, local[2];
	static long not_in_space;
	struct { long word[8]; uint64_t signal; } *m;
	long data[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	shmem_ctx_t ctx;

	EVERYBODY(open_it(0, 0));
	m = shmemx_pspace_lookup(space, "memory", NULL);
	m->signal = 0;
	shmem_barrier_all();
	shmemx_putmem_persist_signal(m->word, data, sizeof(data), &m->signal, 1,
				     SHMEM_SIGNAL_ADD, to);
	shmem_signal_wait_until(&m->signal, SHMEM_CMP_EQ, 1);
	EXPECT(!memcmp(m->word, data, sizeof(data)));
	shmem_barrier_all();
	EVERYBODY(shmem_ctx_create(0, &ctx));
	shmem_ctx_long_p(ctx, &m->word[1], me, to);
	shmemx_ctx_putmem_persist_signal(ctx, m->word, data, 8, &m->signal, 3,
					 SHMEM_SIGNAL_SET, to);
	EVERYBODY(shmemx_persist(ctx));
	EVERYBODY(shmemx_persist_nbi(SHMEM_CTX_DEFAULT));
	EVERYBODY(shmemx_persist(SHMEM_CTX_DEFAULT));
	EVERYBODY(shmemx_pe_persist(ctx, &to, 1));
	EVERYBODY(shmemx_pe_persist(ctx, NULL, 0));
	shmem_ctx_destroy(ctx);
	EVERYBODY(shmemx_persist_range(m, sizeof(*m), to));
	EVERYBODY(shmemx_persist_local(m, sizeof(*m)));
	EVERYBODY(shmemx_persist_local(&not_in_space, 0));
	EXPECT(shmemx_persist_local(&not_in_space, 8) == -EINVAL);
	EXPECT(shmemx_persist_local(local, 8) == -EINVAL);
	EXPECT(shmemx_persist_range(m, SIZE * 2, to) == -EINVAL);
	EXPECT(shmemx_persist_range(m, 8, npes) == -EINVAL);
	shmem_barrier_all();
}

static void part_rollback(void)
{
	struct shmemx_pspace_info info;
	uint64_t epoch, first;
	long *m;
	int i;

	EVERYBODY(open_it(0, 0));
	m = shmemx_pspace_lookup(space, "memory", NULL);
	EVERYBODY(shmemx_pspace_commit(space, &first));
	for (i = 1; i <= 5; i++) {
		shmem_barrier_all();
		shmem_long_p(m, i, (me + 1) % npes);
		EVERYBODY(shmemx_pspace_commit(space, &epoch));
		EXPECT(epoch == first + i);
		m[0] = -1;
		EVERYBODY(shmemx_pspace_rollback(space));
		EXPECT(m[0] == i);
		EVERYBODY(shmemx_pspace_info(space, npes - 1, &info));
		EXPECT(info.rolled_back == 1 && info.epoch == epoch);
	}
}

static void part_keep(void)
{
	struct shmemx_pspace_info info;
	long *m;
	int i;

	for (i = 0; i < 2; i++) {
		EVERYBODY(open_it(0, SHMEMX_PSPACE_KEEP));
		m = shmemx_pspace_lookup(space, "memory", NULL);
		EXPECT(m[0] == (i ? 99 + me : 5));
		EVERYBODY(shmemx_pspace_info(space, 0, &info));
		EXPECT(!info.rolled_back && !info.rolled_forward);
		m[0] = 99 + me;
		EVERYBODY(shmemx_persist_local(m, 8));
		EVERYBODY(shmemx_pspace_close(space));
	}
	EVERYBODY(open_it(0, 0));
	EXPECT(*(long *)shmemx_pspace_lookup(space, "memory", NULL) == 5);
	/* Two at a time */
	EVERYBODY(shmemx_pspace_open("other", 4096, SHMEMX_PSPACE_CREATE, &space));
	EXPECT(shmemx_pspace_root(space, 4096));
	EXPECT(open_it(0, 0) == -EBUSY);
	EXPECT(shmemx_pspace_unlink("basic") == -EBUSY);
	EVERYBODY(shmemx_pspace_open("third", 1, SHMEMX_PSPACE_CREATE, &space));
	EVERYBODY(shmemx_pspace_close(space));
	EVERYBODY(shmemx_pspace_unlink("third"));
}

static void part_unlink(void)
{
	struct shmemx_pspace_stat stat;

	EVERYBODY(shmemx_pspace_unlink("basic"));
	EXPECT(shmemx_pspace_unlink("basic") == -ENOENT);
	EXPECT(shmemx_pspace_stat("basic", &stat) == -ENOENT);
}

static void part_other(void)
{
	EVERYBODY(shmemx_pspace_unlink("other"));
}

/* The library, begun again, has another heap and no open space. */
static void part_twice(void)
{
	long *root;

	EVERYBODY(open_it(SIZE, SHMEMX_PSPACE_CREATE));
	root = shmemx_pspace_root(space, 64);
	root[0] = me;
	EVERYBODY(shmemx_pspace_commit(space, NULL));
	shmem_finalize();
	shmem_init();
	EXPECT(shmem_malloc(100));
	EVERYBODY(open_it(0, 0));
	root = shmemx_pspace_root(space, 0);
	EXPECT(root && root[0] == me);
	EVERYBODY(shmemx_pspace_close(space));
	EVERYBODY(shmemx_pspace_unlink("basic"));
}

static void part_open(void)
{
	int rc = open_it(0, 0);

	EXPECT(rc < 0);
	refuse(rc, -rc);
}

static void part_size(void)
{
	refuse(open_it(2 * SIZE, 0), EINVAL);
}

static void part_badname(void)
{
	refuse(shmemx_pspace_open("a/b", SIZE, SHMEMX_PSPACE_CREATE, &space), EINVAL);
	EXPECT(shmemx_pspace_open(".a", SIZE, SHMEMX_PSPACE_CREATE, &space) == -EINVAL);
	EXPECT(shmemx_pspace_open("a", SIZE, 1 << 20, &space) == -EINVAL);
	EXPECT(shmemx_pspace_open("a", 0, SHMEMX_PSPACE_CREATE, &space) == -EINVAL);
	EXPECT(shmemx_pspace_open("a", ~0UL, SHMEMX_PSPACE_CREATE, &space) == -EINVAL);
}

static void part_differ(void)
{
	EVERYBODY(open_it(SIZE, SHMEMX_PSPACE_CREATE));
	EXPECT(!shmemx_pspace_malloc(space, 64 + me));
	if (!me)
		printf("%s\n", shmemx_pspace_error());
	EXPECT(shmemx_pspace_malloc(space, 64));
	EVERYBODY(shmemx_pspace_close(space));
	EVERYBODY(shmemx_pspace_unlink("basic"));
}

static const char *self;

/* Another job: not a PE of this one. */
static void part_busy(void)
{
	char command[4096];

	EVERYBODY(open_it(SIZE, SHMEMX_PSPACE_CREATE));
	fflush(stdout);
	snprintf(command, sizeof(command), "env -u KFI_SHMEM_JOB -u KFI_SHMEM_RANK '%s' open", self);
	EXPECT(system(command) == 0);
	EVERYBODY(shmemx_pspace_close(space));
	EVERYBODY(shmemx_pspace_unlink("basic"));
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} part[] = {
		{ "new", part_new }, { "again", part_again }, { "names", part_names },
		{ "memory", part_memory }, { "persist", part_persist },
		{ "rollback", part_rollback }, { "keep", part_keep },
		{ "unlink", part_unlink }, { "other", part_other }, { "twice", part_twice },
		{ "open", part_open }, { "size", part_size },
		{ "badname", part_badname }, { "differ", part_differ }, { "busy", part_busy },
	};
	unsigned int i;

	self = argv[0];
	shmem_init();
	me = shmem_my_pe();
	npes = shmem_n_pes();
	for (i = 0; i < sizeof(part) / sizeof(part[0]); i++)
		if (argc == 2 && !strcmp(argv[1], part[i].name)) {
			part[i].run();
			shmem_finalize();
			return !!bad;
		}
	fprintf(stderr, "usage: pspace_basic PART\n");
	return 2;
}
