// SPDX-License-Identifier: BSD-3-Clause
/*
 * A hash table over all PEs that is never caught in between, without epochs: it
 * keeps its own order, and opens its space with SHMEMX_PSPACE_KEEP. All PEs
 * insert and look up at the same time.
 *
 * To insert is: claim an empty slot with a compare-and-swap of its state (EMPTY
 * to BUSY); put key and value with shmemx_putmem_persist_signal(), whose signal
 * is the state FULL; make the state durable. FULL is seen only when key and
 * value are durable, so a slot that is found FULL after a cut is whole. A slot
 * that is found BUSY was in the hands of a job that is dead: it becomes DEAD,
 * which no search stops at.
 *
 *   oshrun -np 4 phash [-s SLOTS_OF_A_PE] [-k KEYS_OF_A_PE] [-r]
 */
#include <sched.h>

#include <shmemx.h>

#include "app.h"

enum state { EMPTY, BUSY, FULL, DEAD };

struct record {
	uint64_t key, value[6];
};

struct slot {
	uint64_t state;
	struct record record;
};

struct root {
	uint64_t slots;
	uint64_t table;		/* offset of the object */
	uint64_t done;		/* keys of this PE that are in the table, durably */
};

static struct {
	long slots, keys;
	int restart;
} opt = { 1 << 16, 1 << 15, 0 };

static shmemx_pspace_t space;
static struct root *root;
static struct slot *table;
static int me, npes;

/* The n-th key of a PE, and what it maps to */
static struct record record_of(int pe, uint64_t n)
{
	struct record r = { .key = (uint64_t)(pe + 1) << 40 | n };
	int i;

	for (i = 0; i < 6; i++)
		r.value[i] = app_random(i, r.key);
	return r;
}

/* Where the search for a key begins */
static uint64_t hash(uint64_t key, int *home)
{
	uint64_t h = app_random(7, key);

	*home = (h >> 48) % npes;
	return h % root->slots;
}

static uint64_t next(uint64_t i)
{
	return (i + 1) % root->slots;
}

/* Returns whether the key is there now; nothing happens when it was before. */
static int insert(const struct record *r)
{
	uint64_t i, tries, state;
	struct record there;
	int home;

	i = hash(r->key, &home);
	for (tries = 0; tries < root->slots; tries++, i = next(i)) {
		struct slot *s = &table[i];

		state = shmem_uint64_atomic_compare_swap(&s->state, EMPTY, BUSY, home);
		if (state == EMPTY) {
			shmemx_putmem_persist_signal(&s->record, r, sizeof(*r), &s->state, FULL,
						     SHMEM_SIGNAL_SET, home);
			app_must(shmemx_persist_range(&s->state, sizeof(s->state), home));
			return 1;
		}
		/* It may be this key that another PE is putting there. */
		for (; state == BUSY; state = shmem_uint64_atomic_fetch(&s->state, home))
			sched_yield();
		if (state == DEAD)
			continue;
		shmem_getmem(&there, &s->record, sizeof(there), home);
		if (there.key == r->key) {
			/* Its writer may be dead, and not have come to this. */
			app_must(shmemx_persist_range(&s->state, sizeof(s->state), home));
			return 1;
		}
	}
	return 0;
}

static int lookup(uint64_t key, struct record *r)
{
	uint64_t i, tries, state;
	int home;

	i = hash(key, &home);
	for (tries = 0; tries < root->slots; tries++, i = next(i)) {
		state = shmem_uint64_atomic_fetch(&table[i].state, home);
		if (state == EMPTY)
			return 0;
		if (state != FULL)
			continue;
		shmem_getmem(r, &table[i].record, sizeof(*r), home);
		if (r->key == key)
			return 1;
	}
	return 0;
}

static void expect(int pe, uint64_t n)
{
	struct record want = record_of(pe, n), r;

	if (!lookup(want.key, &r))
		app_die("key %lu of PE %d is lost", (unsigned long)n, pe);
	if (memcmp(&r, &want, sizeof(r)))
		app_die("key %lu of PE %d has another value", (unsigned long)n, pe);
}

/* A key that some PE says is there */
static void read_some(uint64_t n)
{
	int pe = app_random(me + 100, n) % npes;
	uint64_t done = shmem_uint64_atomic_fetch(&root->done, pe);

	if (done)
		expect(pe, app_random(me + 200, n) % done);
}

/* What a job that is dead had in its hands */
static uint64_t recover(void)
{
	uint64_t i, dead = 0;

	for (i = 0; i < root->slots; i++) {
		if (table[i].state != BUSY)
			continue;
		table[i].state = DEAD;
		dead++;
		app_must(shmemx_persist_local(&table[i].state, sizeof(table[i].state)));
	}
	return dead;
}

static void verify(void)
{
	static uint64_t mine, all;
	uint64_t i;
	int pe;

	shmem_barrier_all();
	for (i = 0, mine = 0; i < root->slots; i++)
		mine += table[i].state == FULL;
	shmem_uint64_sum_reduce(SHMEM_TEAM_WORLD, &all, &mine, 1);
	if (all != (uint64_t)opt.keys * npes)
		app_die("%lu keys and not %lu", (unsigned long)all, (unsigned long)opt.keys * npes);
	/* Each PE those of its neighbour */
	pe = (me + 1) % npes;
	for (i = 0; i < (uint64_t)opt.keys; i++)
		expect(pe, i);
	shmem_barrier_all();
}

static void options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "s:k:r")) != -1)
		switch (c) {
		case 's': opt.slots = app_number(optarg, 1L << 34); break;
		case 'k': opt.keys = app_number(optarg, 1L << 34); break;
		case 'r': opt.restart = 1; break;
		default: app_die("usage: phash [-s SLOTS] [-k KEYS] [-r]");
		}
	if (opt.keys > opt.slots * 3 / 4)
		app_die("%ld keys are too many for %ld slots", opt.keys, opt.slots);
}

/* To make the empty table is one epoch; half of it is undone. */
static void set_up(void)
{
	struct shmemx_pspace_info info;

	space = app_open("phash", opt.slots * sizeof(*table) + 65536, SHMEMX_PSPACE_KEEP,
			 opt.restart);
	app_must(shmemx_pspace_info(space, me, &info));
	if (!info.epoch)
		app_must(shmemx_pspace_rollback(space));
	root = shmemx_pspace_root(space, sizeof(*root));
	if (!root)
		app_die("%s", shmemx_pspace_error());
	if (!info.epoch) {
		table = shmemx_pspace_calloc(space, opt.slots, sizeof(*table));
		if (!table)
			app_die("%s", shmemx_pspace_error());
		root->table = shmemx_pspace_offset(space, table);
		root->slots = opt.slots;
		app_must(shmemx_pspace_commit(space, NULL));
	}
	table = shmemx_pspace_pointer(space, root->table);
	if (root->slots != (uint64_t)opt.slots)
		app_die("the table has %lu slots of a PE: -r begins anew", (unsigned long)root->slots);
}

int main(int argc, char **argv)
{
	static uint64_t dead, all_dead;
	struct record r;
	uint64_t n;

	shmem_init();
	me = shmem_my_pe();
	npes = shmem_n_pes();
	options(argc, argv);
	set_up();
	dead = recover();
	shmem_uint64_sum_reduce(SHMEM_TEAM_WORLD, &all_dead, &dead, 1);
	if (!me)
		printf("phash: begins at key %lu of %ld, %lu inserts were cut\n",
		       (unsigned long)root->done, opt.keys, (unsigned long)all_dead);
	for (n = root->done; n < (uint64_t)opt.keys; n++) {
		r = record_of(me, n);
		if (!insert(&r))
			app_die("the table is full");
		shmem_uint64_atomic_set(&root->done, n + 1, me);
		app_must(shmemx_persist_local(&root->done, sizeof(root->done)));
		read_some(n);
	}
	verify();
	app_must(shmemx_pspace_commit(space, NULL));
	if (!me)
		printf("phash: %ld keys, each found, verified\n", opt.keys * npes);
	app_must(shmemx_pspace_close(space));
	shmem_finalize();
	return 0;
}
