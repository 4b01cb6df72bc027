// SPDX-License-Identifier: BSD-3-Clause
/*
 * Random updates that are counted exactly. Each PE adds 1 to words of a table
 * that is spread over all PEs; which words is a stream of random numbers of its
 * own. After every few thousand updates all PEs commit. A PE's count of its
 * updates is in the space too: after a cut both are those of the last epoch, so
 * the next run repeats the updates that are undone, and no others.
 *
 *   oshrun -np 4 gups [-w WORDS_OF_A_PE] [-u UPDATES_OF_A_PE] [-c UPDATES_OF_AN_EPOCH] [-r]
 */
#include <shmemx.h>

#include "app.h"

struct root {
	uint64_t words;
	uint64_t done;		/* updates by this PE */
	uint64_t table;		/* offset of the object */
};

static struct {
	long words, updates, chunk;
	int restart;
} opt = { 1 << 14, 1 << 20, 1 << 12, 0 };

static uint64_t *table;
static int me, npes;

/* Where an update of a PE goes. */
static uint64_t target(int from, uint64_t n, int *pe)
{
	uint64_t r = app_random(from, n);

	*pe = (r >> 40) % npes;
	return r % opt.words;
}

/* Every word, against all streams; and so their sum. */
static void verify(void)
{
	uint64_t *count = calloc(opt.words, sizeof(*count)), i;
	static uint64_t sum, total;
	int from, pe;

	if (!count)
		app_die("no memory");
	for (from = 0; from < npes; from++)
		for (i = 0; i < (uint64_t)opt.updates; i++) {
			uint64_t word = target(from, i, &pe);

			if (pe == me)
				count[word]++;
		}
	sum = 0;
	for (i = 0; i < (uint64_t)opt.words; i++) {
		if (table[i] != count[i])
			app_die("word %lu has %lu updates and not %lu", (unsigned long)i,
				(unsigned long)table[i], (unsigned long)count[i]);
		sum += table[i];
	}
	free(count);
	shmem_uint64_sum_reduce(SHMEM_TEAM_WORLD, &total, &sum, 1);
	if (total != (uint64_t)opt.updates * npes)
		app_die("%lu updates and not %lu", (unsigned long)total,
			(unsigned long)opt.updates * npes);
	if (!me)
		printf("gups: %lu updates, each exactly once, verified\n", (unsigned long)total);
}

static void options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "w:u:c:r")) != -1)
		switch (c) {
		case 'w': opt.words = app_number(optarg, 1L << 34); break;
		case 'u': opt.updates = app_number(optarg, 1L << 38); break;
		case 'c': opt.chunk = app_number(optarg, 1L << 38); break;
		case 'r': opt.restart = 1; break;
		default: app_die("usage: gups [-w WORDS] [-u UPDATES] [-c UPDATES] [-r]");
		}
}

int main(int argc, char **argv)
{
	shmemx_pspace_t space;
	struct root *root;
	uint64_t n, word;
	int pe;

	shmem_init();
	me = shmem_my_pe();
	npes = shmem_n_pes();
	options(argc, argv);
	space = app_open("gups", opt.words * sizeof(*table) + 65536, 0, opt.restart);
	root = shmemx_pspace_root(space, sizeof(*root));
	if (!root)
		app_die("%s", shmemx_pspace_error());
	if (!root->words) {
		table = shmemx_pspace_calloc(space, opt.words, sizeof(*table));
		if (!table)
			app_die("%s", shmemx_pspace_error());
		root->table = shmemx_pspace_offset(space, table);
		root->words = opt.words;
		app_must(shmemx_pspace_commit(space, NULL));
	}
	if (root->words != (uint64_t)opt.words)
		app_die("the table has %lu words: -r begins anew", (unsigned long)root->words);
	table = shmemx_pspace_pointer(space, root->table);
	if (!me)
		printf("gups: begins at update %lu of %ld\n", (unsigned long)root->done, opt.updates);
	while (root->done < (uint64_t)opt.updates) {
		uint64_t end = root->done + opt.chunk;

		if (end > (uint64_t)opt.updates)
			end = opt.updates;
		for (n = root->done; n < end; n++) {
			word = target(me, n, &pe);
			shmem_uint64_atomic_inc(&table[word], pe);
		}
		root->done = end;
		app_must(shmemx_pspace_commit(space, NULL));
	}
	verify();
	app_must(shmemx_pspace_close(space));
	shmem_finalize();
	return 0;
}
