// SPDX-License-Identifier: BSD-3-Clause
/*
 * Heat that spreads in a square plate: a five-point stencil, rows divided over
 * the PEs. The field is in a persistent space, and every few steps all PEs
 * commit it as one epoch. Killed at any moment, the next run goes on from the
 * last epoch: its field and its number of steps belong together, since both are
 * of that epoch.
 *
 *   oshrun -np 4 heat [-n SIDE] [-s STEPS] [-e STEPS_OF_AN_EPOCH]
 *                     [-p EPOCHS_OF_A_PICTURE] [-o PICTURES] [-r] [-v]
 *
 * Pictures are PICTURES-<step>.png: where a run begins, every -p epochs, at the
 * end. -r begins anew; -v computes it again on one PE and compares all bits.
 */
#include <shmemx.h>

#include "app.h"
#include "png.h"

/* The same at all PEs, except for the rows. */
struct root {
	uint64_t side, step;
	uint64_t field[2];	/* offsets of the objects: this step's and the next */
};

static struct {
	long side, steps, epoch, picture;
	const char *pictures;
	int restart, verify;
} opt = { 256, 2000, 20, 0, NULL, 0, 0 };

static shmemx_pspace_t space;
static struct root *root;
static double *field[2];	/* rows + 2, the first and the last are the neighbours' */
static int me, npes;
static long rows;

static long row_first(int pe)
{
	return opt.side * pe / npes;
}

static double *row_at(double *f, long row)
{
	return f + row * opt.side;
}

/* A hot spot left of the middle, a cold one below, and hot edges above. */
static double begin_at(long y, long x)
{
	double s = opt.side, dx = x / s - 0.3, dy = y / s - 0.4, ex = x / s - 0.7, ey = y / s - 0.75;

	if (!y)
		return 1;
	if (dx * dx + dy * dy < 0.02)
		return 1;
	return ex * ex + ey * ey < 0.015 ? -1 : 0;
}

/* One step of rows from..to-1 of a plate whose rows "f" has from row "top" on. */
static void step_rows(const double *f, double *next, long top, long from, long to)
{
	long x, y, n = opt.side;

	for (y = from; y < to; y++)
		for (x = 0; x < n; x++) {
			const double *p = f + (y - top) * n + x;
			double *q = next + (y - top) * n + x;

			if (!y || y == n - 1 || !x || x == n - 1)
				*q = *p;
			else
				*q = *p + 0.2 * (p[-n] + p[n] + p[-1] + p[1] - 4 * *p);
		}
}

/* The edge rows go to the neighbours. */
static void exchange(double *f)
{
	size_t len = opt.side * sizeof(double);

	if (me > 0)
		shmem_putmem(row_at(f, row_first(me) - row_first(me - 1) + 1), row_at(f, 1), len,
			     me - 1);
	if (me < npes - 1)
		shmem_putmem(row_at(f, 0), row_at(f, rows), len, me + 1);
	shmem_barrier_all();
}

static void color(double t, uint8_t rgb[3])
{
	double warm = t > 0 ? t : 0, cold = t < 0 ? -t : 0;

	rgb[0] = 255 * (warm > 0.5 ? 1 : 2 * warm);
	rgb[1] = 255 * (warm > 0.5 ? 2 * warm - 1 : cold > 0.5 ? 2 * cold - 1 : 0);
	rgb[2] = 255 * (cold > 0.5 ? 1 : 2 * cold);
}

/* PE 0 gets the rows of all. */
static void picture(void)
{
	double *line = malloc(opt.side * sizeof(double));
	uint8_t *rgb = malloc(opt.side * 3);
	char path[4096];
	struct png png;
	long x, y;
	int pe;

	shmem_barrier_all();
	if (!me && opt.pictures) {
		snprintf(path, sizeof(path), "%s-%06lu.png", opt.pictures,
			 (unsigned long)root->step);
		if (!line || !rgb || !png_begin(&png, path, opt.side, opt.side))
			app_die("%s: cannot be written", path);
		for (pe = 0; pe < npes; pe++)
			for (y = row_first(pe); y < row_first(pe + 1); y++) {
				shmem_getmem(line, row_at(field[root->step % 2], y - row_first(pe) + 1),
					     opt.side * sizeof(double), pe);
				for (x = 0; x < opt.side; x++)
					color(line[x], rgb + 3 * x);
				png_row(&png, rgb, opt.side, y == opt.side - 1);
			}
		if (!png_end(&png))
			app_die("%s: not all could be written", path);
		printf("heat: picture %s\n", path);
	}
	free(line);
	free(rgb);
	shmem_barrier_all();
}

static void verify(void)
{
	size_t len = opt.side * opt.side * sizeof(double);
	double *f[2] = { malloc(len), malloc(len) };
	long y, x;
	uint64_t i;

	if (!f[0] || !f[1])
		app_die("no memory");
	for (y = 0; y < opt.side; y++)
		for (x = 0; x < opt.side; x++)
			f[0][y * opt.side + x] = begin_at(y, x);
	for (i = 0; i < root->step; i++)
		step_rows(f[i % 2], f[!(i % 2)], 0, 0, opt.side);
	if (memcmp(row_at(field[i % 2], 1), f[i % 2] + row_first(me) * opt.side,
		   rows * opt.side * sizeof(double)))
		app_die("the field differs from what it has to be");
	free(f[0]);
	free(f[1]);
}

static void options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "n:s:e:p:o:rv")) != -1)
		switch (c) {
		case 'n': opt.side = app_number(optarg, 20000); break;
		case 's': opt.steps = app_number(optarg, 1L << 40); break;
		case 'e': opt.epoch = app_number(optarg, 1L << 40); break;
		case 'p': opt.picture = app_number(optarg, 1L << 40); break;
		case 'o': opt.pictures = optarg; break;
		case 'r': opt.restart = 1; break;
		case 'v': opt.verify = 1; break;
		default: app_die("usage: heat [-n SIDE] [-s STEPS] [-e STEPS] [-p EPOCHS] [-o PICTURES] [-r] [-v]");
		}
	if (opt.side < npes)
		app_die("%ld rows are too few for %d PEs", opt.side, npes);
}

/* All that makes the plate: in a new space it is made, in an old one found. */
static void set_up(void)
{
	size_t most = (opt.side / npes + 3) * opt.side * sizeof(double);
	long y, x;
	int i;

	space = app_open("heat", 2 * most + 65536, 0, opt.restart);
	root = shmemx_pspace_root(space, sizeof(*root));
	if (!root)
		app_die("%s", shmemx_pspace_error());
	rows = row_first(me + 1) - row_first(me);
	for (i = 0; i < 2; i++) {
		if (root->side)
			field[i] = shmemx_pspace_pointer(space, root->field[i]);
		else
			field[i] = shmemx_pspace_calloc(space, 1, most);
		if (!field[i])
			app_die("%s", shmemx_pspace_error());
	}
	if (root->side && root->side != (uint64_t)opt.side)
		app_die("the plate has a side of %lu: -r begins anew", (unsigned long)root->side);
	if (root->side)
		return;
	for (y = 0; y < rows; y++)
		for (x = 0; x < opt.side; x++)
			row_at(field[0], y + 1)[x] = begin_at(row_first(me) + y, x);
	for (i = 0; i < 2; i++)
		root->field[i] = shmemx_pspace_offset(space, field[i]);
	root->side = opt.side;
	app_must(shmemx_pspace_commit(space, NULL));
}

int main(int argc, char **argv)
{
	uint64_t epoch;

	shmem_init();
	me = shmem_my_pe();
	npes = shmem_n_pes();
	options(argc, argv);
	set_up();
	if (!me)
		printf("heat: begins at step %lu of %ld\n", (unsigned long)root->step, opt.steps);
	picture();
	while (root->step < (uint64_t)opt.steps) {
		double *f = field[root->step % 2], *next = field[!(root->step % 2)];

		exchange(f);
		step_rows(f, next, row_first(me) - 1, row_first(me), row_first(me) + rows);
		root->step++;
		if (root->step % opt.epoch && root->step < (uint64_t)opt.steps)
			continue;
		app_must(shmemx_pspace_commit(space, &epoch));
		if (opt.picture && epoch % opt.picture == 0)
			picture();
	}
	picture();
	if (opt.verify)
		verify();
	shmem_barrier_all();
	if (!me)
		printf("heat: %lu steps%s\n", (unsigned long)root->step, opt.verify ? ", verified" : "");
	app_must(shmemx_pspace_close(space));
	shmem_finalize();
	return 0;
}
