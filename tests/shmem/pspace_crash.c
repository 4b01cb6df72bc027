// SPDX-License-Identifier: BSD-3-Clause
/*
 * Power losses on a modelled medium, with two PEs:
 *
 *   pspace_crash run           the workload, under the model (pspace_model.c)
 *   pspace_crash open          only opens and closes, under the model
 *   pspace_crash check LOG     opens what a power loss at each event could have
 *                              left, and looks at it
 *
 * $SAMPLES is the number of random images for each event, $SEED repeats them,
 * $NESTED a directory for images that an "open" is to be cut on.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <shmemx.h>

#include "pspace_replay.h"

#define EPOCHS 6
#define WORDS 300
#define RECORD 8
#define SIZE 65536

enum mark { BEGUN, COMMITTED, NAMED, UNNAMING, SEEN, LOCAL, REMOTE, MARKS };

struct root {
	long value[WORDS];
	uint64_t record[EPOCHS + 1][RECORD];
	uint64_t signal;
	uint64_t local;		/* counts what shmemx_persist_local() has made durable */
	uint64_t remote;	/* the same of shmemx_persist() */
};

static void mark(enum mark what, uint64_t value)
{
	if (shi_model_mark)
		shi_model_mark(what, value);
}

/* Each epoch changes a third of the words. */
static long expected(int epoch, int pe, int i)
{
	for (; epoch > 0; epoch--)
		if (epoch % 3 == i % 3)
			return epoch * 10000L + pe * 1000 + i;
	return 0;
}

static char *object_name(char *name, int epoch)
{
	sprintf(name, "object%d", epoch);
	return name;
}

static void must(int rc, const char *what)
{
	if (rc)
		errx(1, "%s: %d: %s", what, rc, shmemx_pspace_error());
}

/* An object for the epoch comes, the one before the last goes. */
static void change_objects(shmemx_pspace_t space, int epoch)
{
	char name[32];
	void *object = shmemx_pspace_malloc(space, 64 * epoch);
	int me = shmem_my_pe();

	if (!object)
		must(-1, "malloc");
	memset(object, epoch, 64 * epoch);
	must(shmemx_pspace_set_name(space, object_name(name, epoch), object), "name");
	if (!me)
		mark(NAMED, epoch);
	if (epoch < 3)
		return;
	object = shmemx_pspace_lookup(space, object_name(name, epoch - 2), NULL);
	if (!me)
		mark(UNNAMING, epoch - 2);
	must(shmemx_pspace_set_name(space, name, NULL), "unname");
	must(shmemx_pspace_free(space, object), "free");
}

static void persist_some(struct root *root, uint64_t epoch)
{
	uint64_t record[RECORD];
	int i;

	for (i = 0; i < RECORD; i++)
		record[i] = epoch * 100 + i;
	if (shmem_my_pe() == 0) {
		shmemx_putmem_persist_signal(root->record[epoch], record, sizeof(record),
					     &root->signal, epoch, SHMEM_SIGNAL_SET, 1);
		root->local = epoch;
		must(shmemx_persist_local(&root->local, sizeof(root->local)), "persist_local");
		mark(LOCAL, epoch);
	} else {
		shmem_signal_wait_until(&root->signal, SHMEM_CMP_EQ, epoch);
		mark(SEEN, epoch);
		shmem_uint64_atomic_set(&root->remote, epoch, 0);
		must(shmemx_persist(SHMEM_CTX_DEFAULT), "persist");
		mark(REMOTE, epoch);
	}
}

static void run(shmemx_pspace_t space)
{
	struct root *root = shmemx_pspace_root(space, sizeof(*root));
	int me = shmem_my_pe(), other = !me, epoch, i;
	uint64_t number;

	if (!root)
		must(-1, "root");
	for (epoch = 1; epoch <= EPOCHS; epoch++) {
		for (i = epoch % 3; i < WORDS; i += 3)
			if (i % 2)
				root->value[i] = expected(epoch, me, i);
			else
				shmem_long_p(&root->value[i], expected(epoch, other, i), other);
		change_objects(space, epoch);
		persist_some(root, epoch);
		mark(BEGUN, epoch);
		must(shmemx_pspace_commit(space, &number), "commit");
		mark(COMMITTED, number);
	}
}

/* What the log says has to be there, at least and at most. */
static struct facts {
	uint64_t last[MARKS];
	int keep, nested, stop;
	uint64_t event, seed;
	int how;
} facts;

static int bad;

#define EXPECT(cond, ...) do { \
	if (!(cond) && bad++ < 10) { \
		printf("FAIL: PE %d, event %lu, choice %d, %s, seed %lu: ", shmem_my_pe(), \
		       facts.event, facts.how, facts.keep ? "keep" : "rollback", facts.seed); \
		printf(__VA_ARGS__); \
		putchar('\n'); \
	} \
} while (0)

static void check_names(shmemx_pspace_t space, int epoch)
{
	char name[32];
	int i, k;

	for (i = 1; i <= EPOCHS; i++) {
		size_t size = 0;
		unsigned char *object = shmemx_pspace_lookup(space, object_name(name, i), &size);
		int there = i == epoch || (i == epoch - 1 && i > 0);

		EXPECT(!!object == there, "epoch %d: %s is %s", epoch, name,
		       object ? "there" : "not there");
		EXPECT(!object || size == 64UL * i, "epoch %d: %s has %zu bytes", epoch, name, size);
		for (k = 0; object && there && k < 64 * i; k++)
			if (object[k] != i) {
				EXPECT(0, "epoch %d: %s has a byte %d", epoch, name, object[k]);
				break;
			}
	}
}

static void check_rollback(shmemx_pspace_t space, struct root *root, uint64_t epoch)
{
	int me = shmem_my_pe(), i;

	/* In a nested log nothing is marked; its epoch is that of all images. */
	if (!facts.nested) {
		EXPECT(epoch >= facts.last[COMMITTED], "epoch %lu of %lu that is committed", epoch,
		       facts.last[COMMITTED]);
		EXPECT(epoch <= facts.last[BEGUN], "epoch %lu of %lu that is begun", epoch,
		       facts.last[BEGUN]);
	}
	check_names(space, epoch);
	EXPECT(!!root == (epoch > 0), "epoch %lu: the root", epoch);
	if (!root)
		return;
	for (i = 0; i < WORDS; i++)
		if (root->value[i] != expected(epoch, me, i)) {
			EXPECT(0, "epoch %lu: word %d is %ld", epoch, i, root->value[i]);
			break;
		}
	EXPECT(me != 1 || root->signal == epoch, "epoch %lu: signal %lu", epoch, root->signal);
	EXPECT(me || root->local == epoch, "epoch %lu: local %lu", epoch, root->local);
	EXPECT(me || root->remote == epoch, "epoch %lu: remote %lu", epoch, root->remote);
}

static void check_keep(shmemx_pspace_t space, struct root *root)
{
	uint64_t i, k, named = facts.last[NAMED], gone = facts.last[UNNAMING];
	char name[32];

	for (i = gone + 1; i <= named; i++)
		EXPECT(shmemx_pspace_lookup(space, object_name(name, i), NULL),
		       "%s was named and is not there", name);
	if (!root) {
		EXPECT(!facts.last[LOCAL] && !named, "there is no root");
		return;
	}
	if (shmem_my_pe() == 0) {
		EXPECT(root->local >= facts.last[LOCAL], "local %lu", root->local);
		EXPECT(root->remote >= facts.last[REMOTE], "remote %lu", root->remote);
		return;
	}
	EXPECT(root->signal <= EPOCHS, "signal %lu", root->signal);
	/* The signal that is found, and all that were seen. */
	for (i = 1; i <= EPOCHS; i++)
		for (k = 0; k < RECORD && (i == root->signal || i <= facts.last[SEEN]); k++)
			EXPECT(root->record[i][k] == i * 100 + k,
			       "signal %lu, and word %lu of record %lu is %lu", root->signal, k, i,
			       root->record[i][k]);
}

static void part_path(char *path, const char *dir, int part)
{
	snprintf(path, 4096, "%s/crash.%d.pspace", dir, part);
}

static void write_images(const struct replay *r, const char *dir, enum choice how)
{
	uint64_t seed = facts.seed;
	char path[4096], *image;
	int part, fd;

	for (part = 0; part < 2; part++) {
		image = malloc(replay_size(r, part));
		replay_image(r, part, image, how, &seed);
		part_path(path, dir, part);
		fd = open(path, O_WRONLY | O_CREAT, 0600);
		if (fd < 0 || write(fd, image, replay_size(r, part)) < 0)
			err(1, "%s", path);
		close(fd);
		free(image);
	}
}

static struct { uint64_t epoch, state; int forward; } mine, both[2];

/* FNV-1a: of what a PE has found. */
static uint64_t state_of(const struct root *root, uint64_t epoch)
{
	const unsigned char *byte = (const unsigned char *)root;
	uint64_t hash = 0xcbf29ce484222325 ^ epoch;
	size_t i;

	for (i = 0; root && i < sizeof(*root); i++)
		hash = (hash ^ byte[i]) * 0x100000001b3;
	return hash;
}

static void check_image(void)
{
	struct shmemx_pspace_info info;
	shmemx_pspace_t space;
	struct root *root;
	int rc;

	shmem_broadcastmem(SHMEM_TEAM_WORLD, &facts, &facts, sizeof(facts), 0);
	if (facts.stop)
		return;
	rc = shmemx_pspace_open("crash", SIZE, SHMEMX_PSPACE_CREATE | SHMEMX_PSPACE_FORCE |
				(facts.keep ? SHMEMX_PSPACE_KEEP : 0), &space);
	EXPECT(!rc, "open: %d: %s", rc, shmemx_pspace_error());
	if (rc)
		return;
	must(shmemx_pspace_info(space, shmem_my_pe(), &info), "info");
	root = shmemx_pspace_root(space, 0);
	mine.epoch = info.epoch;
	mine.forward = info.rolled_forward > 0;
	mine.state = state_of(root, info.epoch);
	shmem_fcollectmem(SHMEM_TEAM_WORLD, both, &mine, sizeof(mine));
	EXPECT(both[0].epoch == both[1].epoch, "the PEs are of epochs %lu and %lu", both[0].epoch,
	       both[1].epoch);
	if (facts.keep)
		check_keep(space, root);
	else
		check_rollback(space, root, info.epoch);
	must(shmemx_pspace_close(space), "close");
}

static void save(const struct replay *r, enum choice how, int *saved)
{
	static int last_forward = -1;
	int forward = both[0].forward + 2 * both[1].forward;
	const char *dir = getenv("NESTED");
	char path[4096];

	/* One for each way to be half done. */
	if (!dir || facts.nested || facts.keep || (forward == last_forward && *saved) ||
	    *saved >= 8)
		return;
	last_forward = forward;
	snprintf(path, sizeof(path), "%s/%d", dir, *saved);
	if (access(path, W_OK))
		return;
	write_images(r, path, how);
	(*saved)++;
}

/* The states of all images, those that differ. */
static int distinct(uint64_t state)
{
	static uint64_t *known;
	static int states;
	int i;

	for (i = states; i--;)
		if (known[i] == state)
			return states;
	if (!(states & (states - 1))) {
		known = realloc(known, (states ? 2 * states : 1) * sizeof(*known));
		if (!known)
			err(1, "states");
	}
	known[states++] = state;
	return states;
}

static void lead(const char *log)
{
	struct replay *r = replay_open(log, 2);
	int samples = getenv("SAMPLES") ? atoi(getenv("SAMPLES")) : 2, images = 0, saved = 0;
	int forward = 0, states = 0, i;
	uint64_t seed = strtoull(getenv("SEED"), NULL, 0) | 1;
	const char *dir = getenv("SHMEM_PMEM_DIR");
	const struct model_event *e;
	uint64_t pending[MARKS] = { 0 };

	for (facts.event = 0; (e = replay_next(r)); facts.event++) {
		if (e->kind == MODEL_MARK && pending[e->part] < e->value)
			facts.last[e->part] = pending[e->part] = e->value;
		/* Stores change an image when something comes between them. */
		if (e->kind == MODEL_STORE)
			continue;
		for (i = 0; i < 2 + samples; i++) {
			enum choice how = i < 2 ? (size_t)i : 2 + replay_random(&seed) % (CHOICES - 2);

			facts.seed = replay_random(&seed);
			facts.keep = !facts.nested && replay_random(&seed) >> 63;
			facts.how = how;
			write_images(r, dir, how);
			images++;
			check_image();
			forward += both[0].forward || both[1].forward;
			states = distinct(both[0].state * 3 + both[1].state);
			save(r, how, &saved);
		}
	}
	printf("spaces: %lu events, %d images, %d of a commit to complete, %d distinct states, seed %s\n",
	       replay_events(r), images, forward, states, getenv("SEED"));
	EXPECT(facts.nested || forward, "no image had a commit to complete");
	facts.stop = 1;
	check_image();
}

int main(int argc, char **argv)
{
	shmemx_pspace_t space;

	if (argc < 2)
		errx(2, "usage: pspace_crash run|open|check LOG");
	shmem_init();
	if (shmem_n_pes() != 2)
		errx(2, "two PEs, please");
	if (!strcmp(argv[1], "check") && argc == 3) {
		if (!getenv("SEED"))
			errx(2, "SEED is not set");
		facts.nested = !!getenv("IS_NESTED");
		if (!shmem_my_pe())
			lead(argv[2]);
		else
			while (!facts.stop)
				check_image();
		if (!shmem_my_pe())
			shmem_int_p(&bad, bad + shmem_int_g(&bad, 1), 0);
		shmem_barrier_all();
		if (!shmem_my_pe())
			printf("%s\n", bad ? "lost" : "kept");
		shmem_finalize();
		return 0;
	}
	must(shmemx_pspace_open("crash", SIZE, SHMEMX_PSPACE_CREATE, &space), "open");
	if (!strcmp(argv[1], "run"))
		run(space);
	must(shmemx_pspace_close(space), "close");
	shmem_finalize();
	return 0;
}
