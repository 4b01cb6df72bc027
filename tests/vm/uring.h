/* SPDX-License-Identifier: BSD-3-Clause */
/* What the parts of the program uring share. */
#ifndef URING_H
#define URING_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include "libkfipmem.h"

/* fail(TEXT...): say it and end */
#define fail(...)							\
	do {								\
		fprintf(stderr, "uring: line %d: ", __LINE__);		\
		fprintf(stderr, __VA_ARGS__);				\
		fputc('\n', stderr);					\
		exit(1);						\
	} while (0)

/* want(VALUE, EXPRESSION): as a number; errors are negative */
#define want(value, expression)						\
	do {								\
		long long want_have = (expression);			\
		long long want_value = (value);				\
									\
		if (want_have != want_value)				\
			fail("%s: %lld (%s), not %lld", #expression,	\
			     want_have, want_have < 0 ?			\
			     kfipmem_strerror(want_have) : "",		\
			     want_value);				\
	} while (0)

#define DEPTH	256		/* of the ring */
#define BIG	(9U << 19)	/* more than one command carries at once */

extern struct io_uring ring;

struct io_uring_sqe *sqe_get(void);
int run(void);
int complete(uint64_t *data);
void fill(void *p, size_t length, unsigned int seed);
void *pages(size_t length);
void has(struct kfipmem_node *node, uint64_t offset, const void *data,
	 size_t length);
uint64_t word_at(struct kfipmem_node *node, uint64_t offset);
void put_get(struct kfipmem_node *node, size_t length, unsigned int flags);
void vectors(struct kfipmem_node *node);

void atomics(struct kfipmem_node *node);
void errors(struct kfipmem_node *node);
void many(struct kfipmem_node *node, unsigned int number);
void count(struct kfipmem_node *node, unsigned int number);
void limit(struct kfipmem_node *node);
void forked(struct kfipmem_node *node);
void unmapped(struct kfipmem_node *node, const char *local);
int flood(struct kfipmem_node *node);

#endif
