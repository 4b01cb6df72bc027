// SPDX-License-Identifier: BSD-3-Clause
/*
 * An integer sort after ISx: each PE makes random keys, sends each key to the
 * PE that its value belongs to, and sorts what it has got; then all check the
 * result. Each of these phases ends with a commit, so a run that is cut begins
 * again with the phase it was in, on the keys as they were at its begin.
 *
 *   oshrun -np 4 isort [-k KEYS_OF_A_PE] [-n ROUNDS] [-r]
 */
#include <shmemx.h>

#include "app.h"

#define KEY_MAX (1U << 28)

enum phase { MAKE, SEND, SORT, CHECK, PHASES };

struct root {
	uint64_t keys, round, phase;
	uint64_t made, got;		/* offsets of the objects */
	uint64_t ngot;			/* counts up while others send */
	uint64_t sum;			/* of the keys that this PE has made */
};

static struct {
	long keys, rounds;
	int restart;
} opt = { 1 << 16, 20, 0 };

static struct root *root;
static uint32_t *made, *got;
static int me, npes;

/* Random keys are spread evenly; this much more than the mean fits everywhere. */
static size_t room(void)
{
	return opt.keys + opt.keys / 4 + 4096;
}

static int owner(uint32_t key)
{
	return (uint64_t)key * npes / KEY_MAX;
}

static void make(void)
{
	long i;

	root->ngot = root->sum = 0;
	for (i = 0; i < opt.keys; i++) {
		made[i] = app_random(root->round * npes + me, i) % KEY_MAX;
		root->sum += made[i];
	}
}

/*
 * A place at the owner for all keys that go there, with one atomic addition;
 * then the keys, with one put.
 */
static void send(void)
{
	uint32_t *sorted = malloc(opt.keys * sizeof(*sorted));
	size_t *at = calloc(npes + 1, sizeof(*at));
	uint64_t place, n;
	long i;
	int pe;

	if (!sorted || !at)
		app_die("no memory");
	for (i = 0; i < opt.keys; i++)
		at[owner(made[i]) + 1]++;
	for (pe = 0; pe < npes; pe++)
		at[pe + 1] += at[pe];
	for (i = 0; i < opt.keys; i++)
		sorted[at[owner(made[i])]++] = made[i];
	for (pe = 0; pe < npes; pe++) {
		size_t from = pe ? at[pe - 1] : 0;

		n = at[pe] - from;
		place = shmem_uint64_atomic_fetch_add(&root->ngot, n, pe);
		if (place + n > room())
			app_die("PE %d gets more than %zu keys", pe, room());
		shmem_putmem(&got[place], &sorted[from], n * sizeof(*got), pe);
	}
	free(sorted);
	free(at);
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* In order here, all of them this PE's, none lost and none changed. */
static void check(void)
{
	static uint64_t mine[3], all[3];
	uint64_t i;

	mine[0] = root->ngot;
	mine[1] = root->sum;
	mine[2] = 0;
	for (i = 0; i < root->ngot; i++) {
		if (owner(got[i]) != me)
			app_die("key %u is of PE %d", got[i], owner(got[i]));
		if (i && got[i - 1] > got[i])
			app_die("keys %lu and %lu are not in order", (unsigned long)i - 1,
				(unsigned long)i);
		mine[2] += got[i];
	}
	shmem_uint64_sum_reduce(SHMEM_TEAM_WORLD, all, mine, 3);
	if (all[0] != (uint64_t)opt.keys * npes || all[1] != all[2])
		app_die("%lu keys of %lu, their sum is %lu and not %lu", (unsigned long)all[0],
			(unsigned long)opt.keys * npes, (unsigned long)all[2],
			(unsigned long)all[1]);
}

static void *object(shmemx_pspace_t space, uint64_t *offset, size_t count)
{
	void *p = *offset ? shmemx_pspace_pointer(space, *offset) :
		shmemx_pspace_calloc(space, count, sizeof(uint32_t));

	if (!p)
		app_die("%s", shmemx_pspace_error());
	*offset = shmemx_pspace_offset(space, p);
	return p;
}

static void options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "k:n:r")) != -1)
		switch (c) {
		case 'k': opt.keys = app_number(optarg, 1L << 32); break;
		case 'n': opt.rounds = app_number(optarg, 1L << 40); break;
		case 'r': opt.restart = 1; break;
		default: app_die("usage: isort [-k KEYS] [-n ROUNDS] [-r]");
		}
}

int main(int argc, char **argv)
{
	shmemx_pspace_t space;

	shmem_init();
	me = shmem_my_pe();
	npes = shmem_n_pes();
	options(argc, argv);
	space = app_open("isort", (opt.keys + room()) * sizeof(uint32_t) + 65536, 0, opt.restart);
	root = shmemx_pspace_root(space, sizeof(*root));
	if (!root)
		app_die("%s", shmemx_pspace_error());
	if (root->keys && root->keys != (uint64_t)opt.keys)
		app_die("the space has %lu keys of a PE: -r begins anew", (unsigned long)root->keys);
	made = object(space, &root->made, opt.keys);
	got = object(space, &root->got, room());
	root->keys = opt.keys;
	if (!me)
		printf("isort: begins at round %lu of %ld, phase %lu\n", (unsigned long)root->round,
		       opt.rounds, (unsigned long)root->phase);
	/* Nobody sends to whom still looks at what was found. */
	shmem_barrier_all();
	while (root->round < (uint64_t)opt.rounds) {
		switch (root->phase) {
		case MAKE: make(); break;
		case SEND: send(); break;
		case SORT: qsort(got, root->ngot, sizeof(*got), by_value); break;
		case CHECK: check(); break;
		}
		root->phase = (root->phase + 1) % PHASES;
		root->round += !root->phase;
		app_must(shmemx_pspace_commit(space, NULL));
	}
	check();
	if (!me)
		printf("isort: %ld keys, %lu rounds, verified\n", opt.keys * npes,
		       (unsigned long)root->round);
	app_must(shmemx_pspace_close(space));
	shmem_finalize();
	return 0;
}
