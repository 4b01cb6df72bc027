/* SPDX-License-Identifier: BSD-3-Clause */
/* Operations as commands of a ring. */
#include <string.h>
#include "node.h"

#define CMD_BYTES	80	/* of an sqe with IORING_SETUP_SQE128 */

int kfipmem_ring_init(struct io_uring *ring, unsigned int entries)
{
	return io_uring_queue_init(entries, ring, IORING_SETUP_SQE128);
}

static void prep(struct io_uring_sqe *sqe, const struct kfipmem_node *node,
		 enum kfi_uring_op op, const void *arg, size_t size)
{
	memset(sqe, 0, offsetof(struct io_uring_sqe, cmd));
	memset(sqe->cmd, 0, CMD_BYTES);
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = node->fd;
	sqe->cmd_op = op;
	memcpy(sqe->cmd, arg, size);
}

static void prep_rw(struct io_uring_sqe *sqe, const struct kfipmem_node *node,
		    enum kfi_uring_op op, uint64_t offset, const void *data,
		    size_t length, unsigned int flags)
{
	struct kfi_uring_rw arg = {
		.flags = flags,
		.offset = offset,
		.addr = node_address(data),
		.length = length,
	};

	prep(sqe, node, op, &arg, sizeof(arg));
}

void kfipmem_prep_put(struct io_uring_sqe *sqe, const struct kfipmem_node *node,
		      uint64_t offset, const void *data, size_t length,
		      unsigned int flags)
{
	prep_rw(sqe, node, KFI_URING_PUT, offset, data, length, flags);
}

void kfipmem_prep_get(struct io_uring_sqe *sqe, const struct kfipmem_node *node,
		      uint64_t offset, void *data, size_t length)
{
	prep_rw(sqe, node, KFI_URING_GET, offset, data, length, 0);
}

static void prep_vec(struct io_uring_sqe *sqe, const struct kfipmem_node *node,
		     enum kfi_uring_op op, const struct kfi_uring_range *range,
		     unsigned int nr, const void *data, unsigned int flags)
{
	struct kfi_uring_vec arg = {
		.flags = flags,
		.nr = nr,
		.ranges = node_address(range),
		.addr = node_address(data),
	};

	prep(sqe, node, op, &arg, sizeof(arg));
}

void kfipmem_prep_putv(struct io_uring_sqe *sqe,
		       const struct kfipmem_node *node,
		       const struct kfi_uring_range *range, unsigned int nr,
		       const void *data, unsigned int flags)
{
	prep_vec(sqe, node, KFI_URING_PUTV, range, nr, data, flags);
}

void kfipmem_prep_getv(struct io_uring_sqe *sqe,
		       const struct kfipmem_node *node,
		       const struct kfi_uring_range *range, unsigned int nr,
		       void *data)
{
	prep_vec(sqe, node, KFI_URING_GETV, range, nr, data, 0);
}

void kfipmem_prep_commit(struct io_uring_sqe *sqe,
			 const struct kfipmem_node *node,
			 const struct kfi_uring_range *range, unsigned int nr,
			 unsigned int flags)
{
	struct kfi_uring_commit arg = {
		.flags = flags,
		.nr = nr,
		.ranges = node_address(range),
	};

	prep(sqe, node, KFI_URING_COMMIT, &arg, sizeof(arg));
}

void kfipmem_prep_atomic(struct io_uring_sqe *sqe,
			 const struct kfipmem_node *node,
			 const struct kfipmem_atomic *atomic,
			 unsigned int flags)
{
	struct kfi_uring_atomic arg = {
		.flags = flags,
		.offset = atomic->offset,
		.op = atomic->op,
		.type = atomic->type,
		.count = atomic->count,
		.operand = node_address(atomic->operand),
		.compare = node_address(atomic->compare),
		.result = node_address(atomic->result),
	};

	prep(sqe, node, KFI_URING_ATOMIC, &arg, sizeof(arg));
}

static void prep_signal(struct io_uring_sqe *sqe,
			const struct kfipmem_node *node, enum kfi_uring_op op,
			const struct kfi_uring_signal *arg)
{
	prep(sqe, node, op, arg, sizeof(*arg));
}

void kfipmem_prep_publish(struct io_uring_sqe *sqe,
			  const struct kfipmem_node *node, uint64_t offset,
			  const void *data, size_t length,
			  uint64_t word_offset, uint64_t word)
{
	prep_signal(sqe, node, KFI_URING_PUBLISH, &(struct kfi_uring_signal) {
		.offset = offset,
		.addr = node_address(data),
		.length = length,
		.word_offset = word_offset,
		.word = word,
	});
}

void kfipmem_prep_put_signal(struct io_uring_sqe *sqe,
			     const struct kfipmem_node *node, uint64_t offset,
			     const void *data, size_t length,
			     uint64_t word_offset, uint64_t word,
			     unsigned int flags)
{
	prep_signal(sqe, node, KFI_URING_PUT_SIGNAL,
		    &(struct kfi_uring_signal) {
		.flags = flags,
		.offset = offset,
		.addr = node_address(data),
		.length = length,
		.word_offset = word_offset,
		.word = word,
	});
}

void kfipmem_sqe_fixed(struct io_uring_sqe *sqe, unsigned int index)
{
	sqe->uring_cmd_flags |= IORING_URING_CMD_FIXED;
	sqe->buf_index = index;
}
