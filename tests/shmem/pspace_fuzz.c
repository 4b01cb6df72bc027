// SPDX-License-Identifier: BSD-3-Clause
/*
 * Damaged media:
 *
 *   pspace_fuzz decode SEED N   the decoders alone, on random damage
 *   pspace_fuzz open SEED N     a space of one PE, whose part is damaged: it is
 *                               refused, or is what it was
 *   pspace_fuzz states          parts that are whole, and from elsewhere: another
 *                               boot, another time, half of a rollback
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <shmemx.h>

#include "pmedia.h"

#define SIZE 65536

static uint64_t seed;

static uint64_t rnd(uint64_t below)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (seed * 0x2545f4914f6cdd1dULL >> 11) % below;
}

static void damage(void *data, size_t len)
{
	unsigned char *p = data;
	size_t at = rnd(len), n = 1 + rnd(16);

	for (; n && at < len; n--, at++)
		p[at] = rnd(3) ? rnd(256) : rnd(2) ? 0 : 255;
}

/*
 * Nothing that is damaged may be taken for something else; who damages and sets
 * the checksum right gets a layout that makes sense, or a refusal.
 */
static int fuzz_decode(int n)
{
	static const uint8_t uuid[16] = { 1, 2, 3 };
	static char head[2 * PM_PAGE];
	struct pm_super super, read;
	uint64_t bitmap[8] = { 5 };
	int taken = 0;
	const char *why;

	for (; n > 0; n--) {
		struct pm_slot slot = { .kind = PM_NAMED, .at = 128, .name = "name" }, good;
		struct pm_record record = { .epoch = 3, .pages = 100, .changed = 2 };
		struct pm_journal journal = { .number = rnd(80) };

		pm_super_init(&super, "fuzz", uuid, 4, rnd(4), (1 + rnd(1000)) * PM_PAGE);
		super.sequence = 1 + rnd(5);
		super.copy = 1;
		pm_super_seal(&super);
		read = super;
		damage(&read, sizeof(read));
		if (memcmp(&read, &super, sizeof(read)) && !pm_super_check(&read, 1))
			errx(1, "a damaged superblock is taken");
		pm_super_seal(&read);
		if (!pm_super_check(&read, 1)) {
			taken++;
			if (read.part_size != read.committed_at + pm_image_size(&read) ||
			    read.work_at < PM_BITMAP_AT || read.pe >= read.npes ||
			    !memchr(read.name, 0, sizeof(read.name)))
				errx(1, "a superblock that makes no sense is taken");
		}
		memset(head, 0, sizeof(head));
		memcpy(head + PM_PAGE, &super, sizeof(super));
		damage(head, sizeof(head));
		damage(head + PM_PAGE, sizeof(super));
		if (pm_super_read(head, &read, &why) == PM_VALID &&
		    memcmp(&read, &super, sizeof(read)))
			errx(1, "a damaged part is valid");

		good = slot;
		pm_slot_seal(&good, 7);
		slot = good;
		damage(&slot, sizeof(slot));
		if (memcmp(&slot, &good, sizeof(slot)) && !pm_slot_check(&slot, 7, SIZE) &&
		    slot.kind != PM_FREE)
			errx(1, "a damaged slot is taken");
		pm_slot_seal(&slot, 7);
		if (!pm_slot_check(&slot, 7, SIZE) && slot.kind != PM_FREE &&
		    (slot.at >= SIZE || slot.len > SIZE - slot.at ||
		     slot.name[PM_OBJECT_NAME - 1]))
			errx(1, "a slot that makes no sense is taken");
		pm_record_seal(&record, bitmap);
		damage(&record, sizeof(record));
		pm_record_ok(&record, bitmap, 512, 3);
		pm_journal_seal(&journal);
		damage(&journal, sizeof(journal));
		if (pm_journal_ok(&journal, 64) && journal.number >= 64)
			errx(1, "a journal's change is behind the table");
	}
	printf("%d superblocks with a right checksum were taken\n", taken);
	return 0;
}

static shmemx_pspace_t space;

static int open_it(int flags)
{
	return shmemx_pspace_open("fuzz", SIZE, flags, &space);
}

static void make(void)
{
	unsigned char *object;
	int i;

	if (open_it(SHMEMX_PSPACE_CREATE))
		errx(1, "%s", shmemx_pspace_error());
	object = shmemx_pspace_malloc(space, 10000);
	if (!object || shmemx_pspace_set_name(space, "object", object))
		errx(1, "%s", shmemx_pspace_error());
	for (i = 0; i < 10000; i++)
		object[i] = i * 7;
	if (shmemx_pspace_commit(space, NULL))
		errx(1, "%s", shmemx_pspace_error());
	/* Something to undo */
	memset(object, 1, 5000);
	if (!shmemx_pspace_malloc(space, 300) || shmemx_pspace_close(space))
		errx(1, "%s", shmemx_pspace_error());
}

static void transfer(int out, char *image, size_t *len)
{
	char path[4096];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/fuzz.0.pspace", getenv("SHMEM_PMEM_DIR"));
	fd = open(path, out ? O_WRONLY | O_CREAT | O_TRUNC : O_RDONLY, 0600);
	n = fd < 0 ? -1 : out ? write(fd, image, *len) : read(fd, image, *len);
	if (n < 0)
		err(1, "%s", path);
	*len = n;
	close(fd);
}

/* All but the objects themselves is checked; those are the program's. */
static int fuzz_open(int n)
{
	static char good[1 << 20], image[1 << 20];
	size_t len = sizeof(good), size;
	int refused = 0, taken = 0, rc, i;
	struct pm_super super;
	const char *why;
	unsigned char *object;

	make();
	transfer(0, good, &len);
	if (pm_super_read(good, &super, &why) != PM_VALID)
		errx(1, "%s", why);
	for (; n > 0; n--) {
		size_t lists = pm_objects_at(super.slots);
		int place = rnd(4);

		memcpy(image, good, len);
		for (i = rnd(3); i >= 0; i--)
			switch (place) {
			case 0: damage(image, super.work_at); break;
			case 1: damage(image + super.work_at, lists); break;
			case 2: damage(image + super.committed_at, lists); break;
			case 3: damage(image + PM_WORD_AT(0), PM_PAGE); break;
			}
		size = rnd(20) ? len : rnd(len);
		transfer(1, image, &size);
		rc = open_it(rnd(2) ? SHMEMX_PSPACE_KEEP : 0);
		if (rc) {
			refused++;
			if (rc != -EUCLEAN && rc != -EINVAL && rc != -ENOENT)
				errx(1, "%d: %s", rc, shmemx_pspace_error());
			if (!strstr(shmemx_pspace_error(), "fuzz"))
				errx(1, "no object is named: %s", shmemx_pspace_error());
			continue;
		}
		taken++;
		object = shmemx_pspace_lookup(space, "object", &size);
		if (object && size != 10048)
			errx(1, "an object of %zu bytes", size);
		for (i = 5000; object && i < 10000; i++)
			if (object[i] != (unsigned char)(i * 7))
				errx(1, "byte %d of the object is damaged", i);
		if (shmemx_pspace_close(space))
			errx(1, "%s", shmemx_pspace_error());
	}
	printf("%d refused, %d taken\n", refused, taken);
	return !refused || !taken;
}

/* Both superblocks, as if they had been written so */
static void reseal(char *image, int state, int boot)
{
	struct pm_super *super;
	int i;

	for (i = 0; i < 2; i++) {
		super = (struct pm_super *)(image + PM_SUPER_AT(i));
		if (pm_super_check(super, i))
			continue;
		super->state = state;
		memset(super->boot, boot, sizeof(super->boot));
		pm_super_seal(super);
	}
}

static void refused(int flags, const char *text)
{
	int rc = open_it(flags);

	if (rc != -EUCLEAN || !strstr(shmemx_pspace_error(), text))
		errx(1, "not refused because of '%s' but %d: %s", text, rc, shmemx_pspace_error());
}

/* Which of the contents: the committed one of make(), or the later one */
static void taken(int flags, int committed)
{
	unsigned char *object;

	if (open_it(flags))
		errx(1, "%s", shmemx_pspace_error());
	object = shmemx_pspace_lookup(space, "object", NULL);
	if (!object || object[4999] != (committed ? (unsigned char)(4999 * 7) : 1))
		errx(1, "not the content that is wanted: flags %d, byte %d", flags,
		     object ? object[4999] : -1);
	if (shmemx_pspace_close(space))
		errx(1, "%s", shmemx_pspace_error());
}

static int states(void)
{
	static char good[1 << 20], image[1 << 20];
	size_t len = sizeof(good);
	struct pm_super super;
	const char *why;
	uint64_t *word;

	make();
	transfer(0, good, &len);
	if (pm_super_read(good, &super, &why) != PM_VALID)
		errx(1, "%s", why);

	memcpy(image, good, len);
	reseal(image, PM_DIRTY, 0x55);
	transfer(1, image, &len);
	refused(0, "the machine was restarted");
	refused(SHMEMX_PSPACE_KEEP, "the machine was restarted");
	taken(SHMEMX_PSPACE_FORCE | SHMEMX_PSPACE_KEEP, 0);
	taken(0, 1);

	/* KEEP keeps, but not half of a rollback. */
	transfer(1, good, &len);
	taken(SHMEMX_PSPACE_KEEP, 0);
	memcpy(image, good, len);
	reseal(image, PM_ROLLBACK, 0);
	transfer(1, image, &len);
	taken(SHMEMX_PSPACE_KEEP, 1);

	memcpy(image, good, len);
	word = (uint64_t *)(image + PM_WORD_AT(PM_DECIDED));
	*word = pm_word_make(super.uuid, PM_DECIDED, 7);
	transfer(1, image, &len);
	refused(0, "is of another time");
	*word = pm_word_make(super.uuid, PM_DECIDED, 2);
	transfer(1, image, &len);
	refused(0, "has lost its record of epoch 2");
	*word ^= 1;
	transfer(1, image, &len);
	refused(0, "is damaged at byte 8192");
	return 0;
}

int main(int argc, char **argv)
{
	int rc;

	if (argc == 2 && !strcmp(argv[1], "states")) {
		shmem_init();
		rc = states();
		shmem_finalize();
		return rc;
	}

	if (argc != 4)
		errx(2, "usage: pspace_fuzz decode|open SEED N, or states");
	seed = strtoull(argv[2], NULL, 0) * 2 + 1;
	if (!strcmp(argv[1], "decode"))
		return fuzz_decode(atoi(argv[3]));
	shmem_init();
	rc = fuzz_open(atoi(argv[3]));
	shmem_finalize();
	return rc;
}
