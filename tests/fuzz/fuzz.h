/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the fuzz harnesses share. A harness is one function that takes bytes,
 * gives them to a decoder, and checks what the decoder promises of them:
 * libFuzzer calls it with bytes that it makes up, replay.c with those of the
 * corpus.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property of the decoder that does not hold: the input is a finding. */
#define FUZZ_CHECK(cond)						\
	do {								\
		if (!(cond)) {						\
			fprintf(stderr, "%s:%d: %s: does not hold: %s\n", \
				__FILE__, __LINE__, __func__, #cond);	\
			abort();					\
		}							\
	} while (0)

/* The rest of an input. Behind its end there are zeroes. */
struct fuzz_in {
	const uint8_t *at;
	size_t left;
};

static inline size_t fuzz_take(struct fuzz_in *in, void *to, size_t size)
{
	size_t n = size < in->left ? size : in->left;

	memset(to, 0, size);
	if (n)
		memcpy(to, in->at, n);
	in->at += n;
	in->left -= n;
	return n;
}

static inline uint8_t fuzz_u8(struct fuzz_in *in)
{
	uint8_t v;

	fuzz_take(in, &v, sizeof(v));
	return v;
}

static inline uint16_t fuzz_u16(struct fuzz_in *in)
{
	uint16_t v;

	fuzz_take(in, &v, sizeof(v));
	return v;
}

static inline uint32_t fuzz_u32(struct fuzz_in *in)
{
	uint32_t v;

	fuzz_take(in, &v, sizeof(v));
	return v;
}

static inline uint64_t fuzz_u64(struct fuzz_in *in)
{
	uint64_t v;

	fuzz_take(in, &v, sizeof(v));
	return v;
}

/* A copy that ends where the bytes end, so that a byte too far is seen. */
static inline void *fuzz_exact(const void *data, size_t size)
{
	void *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	if (size)
		memcpy(copy, data, size);
	return copy;
}

/*
 * A change of a valid image: where, how many bytes, the bytes. What a fuzzer
 * makes of a whole image is nearly always refused at the first field.
 */
struct fuzz_patch {
	size_t at;
	size_t size;
};

/* Return: whether there was one. */
static inline bool fuzz_patch(struct fuzz_in *in, void *image, size_t size,
			      struct fuzz_patch *patch)
{
	if (in->left < 4)
		return false;
	patch->at = fuzz_u16(in) % size;
	patch->size = fuzz_u8(in);
	if (patch->size > size - patch->at)
		patch->size = size - patch->at;
	if (patch->size > in->left)
		patch->size = in->left;
	fuzz_take(in, (uint8_t *)image + patch->at, patch->size);
	return true;
}

#endif /* FUZZ_H */
