/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cuts the power of a node that ran a workload, at every point of its trace, and
 * has each image judged: what the judges of the workloads share.
 */
#ifndef MICROSCOPE_CUTS_H
#define MICROSCOPE_CUTS_H

#include <stdbool.h>
#include <stdint.h>

struct cuts {
	uint64_t where;			/* in the NVDIMM, as find() told */
	bool target;			/* the workload ran on another node */
	bool began;
	unsigned int acknowledged;	/* operations; a target has no count */
	uint64_t images;
	uint64_t violations;
};

struct judge {
	const char *name;		/* of the program */
	/*
	 * Where what the workload writes is, in what the CPUs saw at the end.
	 * False: it is not there. A target's first acknowledgement at this place
	 * is where judging begins.
	 */
	bool (*find)(const uint8_t *bytes, uint64_t size, uint64_t *where);
	/* What is wrong with an image, and with which operation; or NULL */
	const char *(*violation)(const struct cuts *cuts, const uint8_t *bytes,
				 unsigned int *operation);
};

/* main() of a judge: returns 0, 1 with violations, 2 when nothing was judged. */
int cuts_main(int argc, char **argv, const struct judge *judge);

#endif
