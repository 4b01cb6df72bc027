/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libkfipmem: persistent memory behind /dev/kfi/<name>, for programs.
 *
 * A node is a region of this machine, one of another machine that is attached
 * here, or a replica set. Calls that do something return 0 when all of it is
 * done, or a negative errno, which kfipmem_strerror() explains. Nodes may be
 * used by several threads at a time. See libkfipmem(3) and kfi(4).
 */
#ifndef LIBKFIPMEM_H
#define LIBKFIPMEM_H

#include <stddef.h>
#include <stdint.h>
#include <liburing.h>
#include <kfi_user.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kfipmem_node;

/* Flags of kfipmem_open(). */
#define KFIPMEM_READ_ONLY	(1U << 0)

/*
 * Flags of operations: KFI_URING_F_DURABLE, KFI_URING_F_DEEP and
 * KFI_URING_F_ADD of kfi_user.h, where kfi(4) says so.
 */

/* name: below /dev/kfi, or a path. */
int kfipmem_open(const char *name, unsigned int flags,
		 struct kfipmem_node **node);
void kfipmem_close(struct kfipmem_node *node);
int kfipmem_fd(const struct kfipmem_node *node);
uint64_t kfipmem_size(const struct kfipmem_node *node);

/* The facts of now: epoch and generation may have moved since the open. */
int kfipmem_info(const struct kfipmem_node *node, struct kfi_ioc_info *info);

/* --- one after the other --- */

int kfipmem_put(struct kfipmem_node *node, uint64_t offset, const void *data,
		size_t length, unsigned int flags);
int kfipmem_get(struct kfipmem_node *node, uint64_t offset, void *data,
		size_t length);
int kfipmem_commit(struct kfipmem_node *node, uint64_t offset, uint64_t length,
		   unsigned int flags);
int kfipmem_publish(struct kfipmem_node *node, uint64_t offset,
		    const void *data, size_t length, uint64_t word_offset,
		    uint64_t word);

/**
 * struct kfipmem_atomic - an atomic operation
 * @op: enum kfipmem_atomic_op
 * @type: enum kfipmem_type
 * @offset: of the first element, a multiple of its size
 * @count: elements
 * @operand: one for each, or NULL where the operation has none
 * @compare: one for each, or NULL where the operation has none
 * @result: where the old values go, or NULL
 */
struct kfipmem_atomic {
	enum kfipmem_atomic_op op;
	enum kfipmem_type type;
	uint64_t offset;
	uint64_t count;
	const void *operand;
	const void *compare;
	void *result;
};

int kfipmem_atomic(struct kfipmem_node *node,
		   const struct kfipmem_atomic *atomic, unsigned int flags);

/* --- many at a time --- */

/* A ring that takes the commands of nodes, beside everything else. */
int kfipmem_ring_init(struct io_uring *ring, unsigned int entries);

/*
 * Fill an sqe of such a ring. Memory has to stay until the completion;
 * operands, comparands and ranges until io_uring_submit() has returned. The
 * completion's res is the number of bytes put or got, 0, or a negative errno.
 */
void kfipmem_prep_put(struct io_uring_sqe *sqe, const struct kfipmem_node *node,
		      uint64_t offset, const void *data, size_t length,
		      unsigned int flags);
void kfipmem_prep_get(struct io_uring_sqe *sqe, const struct kfipmem_node *node,
		      uint64_t offset, void *data, size_t length);
void kfipmem_prep_putv(struct io_uring_sqe *sqe,
		       const struct kfipmem_node *node,
		       const struct kfi_uring_range *range, unsigned int nr,
		       const void *data, unsigned int flags);
void kfipmem_prep_getv(struct io_uring_sqe *sqe,
		       const struct kfipmem_node *node,
		       const struct kfi_uring_range *range, unsigned int nr,
		       void *data);
void kfipmem_prep_commit(struct io_uring_sqe *sqe,
			 const struct kfipmem_node *node,
			 const struct kfi_uring_range *range, unsigned int nr,
			 unsigned int flags);
void kfipmem_prep_atomic(struct io_uring_sqe *sqe,
			 const struct kfipmem_node *node,
			 const struct kfipmem_atomic *atomic,
			 unsigned int flags);
void kfipmem_prep_publish(struct io_uring_sqe *sqe,
			  const struct kfipmem_node *node, uint64_t offset,
			  const void *data, size_t length,
			  uint64_t word_offset, uint64_t word);
void kfipmem_prep_put_signal(struct io_uring_sqe *sqe,
			     const struct kfipmem_node *node, uint64_t offset,
			     const void *data, size_t length,
			     uint64_t word_offset, uint64_t word,
			     unsigned int flags);

/* The memory of a prepared put or get is in this registered buffer. */
void kfipmem_sqe_fixed(struct io_uring_sqe *sqe, unsigned int index);

/* What an error, negative or not, means here, and what helps. */
const char *kfipmem_strerror(int err);

#ifdef __cplusplus
}
#endif

#endif /* LIBKFIPMEM_H */
