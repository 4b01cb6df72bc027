// SPDX-License-Identifier: BSD-3-Clause
/*
 * A job to be killed at any moment: pspace_kill ACKED [verify]. It checks what
 * it finds against the epoch, then changes and commits until it is killed. PE 0
 * writes the number of each epoch that was committed to the file ACKED.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <shmemx.h>

#define WORDS 20000
#define SIZE (1 << 20)

/* The words that an epoch changes, and what to. */
static int first(uint64_t epoch)
{
	return epoch * 997 % 16;
}

static long expected(uint64_t epoch, int pe, int i)
{
	uint64_t e = epoch;

	for (; e > 0 && e + 16 > epoch; e--)
		if (i % 16 == first(e))
			return e * 1000 + pe;
	return 0;
}

static void verify(const long *word, uint64_t epoch)
{
	int i, me = shmem_my_pe();

	for (i = 0; i < WORDS; i++)
		if (word[i] != expected(epoch, me, i))
			errx(3, "PE %d: epoch %lu, word %d is %ld and not %ld", me, epoch, i,
			     word[i], expected(epoch, me, i));
}

int main(int argc, char **argv)
{
	struct shmemx_pspace_info info;
	int me, npes, fd, i, to;
	shmemx_pspace_t space;
	uint64_t acked = 0, epoch;
	long *word;

	if (argc < 2)
		errx(2, "usage: pspace_kill ACKED [verify]");
	shmem_init();
	me = shmem_my_pe();
	npes = shmem_n_pes();
	if (shmemx_pspace_open("kill", SIZE, SHMEMX_PSPACE_CREATE | SHMEMX_PSPACE_WAIT, &space))
		errx(3, "%s", shmemx_pspace_error());
	fd = open(argv[1], O_RDWR | O_CREAT, 0600);
	if (fd < 0 || pread(fd, &acked, sizeof(acked), 0) < 0)
		err(3, "%s", argv[1]);
	if (shmemx_pspace_info(space, me, &info))
		errx(3, "%s", shmemx_pspace_error());
	epoch = info.epoch;
	if (epoch < acked || epoch > acked + 1)
		errx(3, "PE %d: epoch %lu, and %lu was acknowledged", me, epoch, acked);
	word = shmemx_pspace_root(space, WORDS * sizeof(long));
	if (!word)
		errx(3, "%s", shmemx_pspace_error());
	verify(word, epoch);
	if (!me)
		printf("epoch %lu, %lu pages forward, %lu back\n", epoch, info.rolled_forward,
		       info.rolled_back);
	fflush(stdout);
	/* Nobody puts to whom still looks. */
	shmem_barrier_all();
	while (argc == 2) {
		to = (me + epoch) % npes;
		epoch++;
		for (i = first(epoch); i < WORDS; i += 16)
			shmem_long_p(&word[i], expected(epoch, to, i), to);
		if (shmemx_pspace_commit(space, NULL))
			errx(3, "%s", shmemx_pspace_error());
		if (!me && pwrite(fd, &epoch, sizeof(epoch), 0) != sizeof(epoch))
			err(3, "%s", argv[1]);
	}
	shmem_finalize();
	return 0;
}
