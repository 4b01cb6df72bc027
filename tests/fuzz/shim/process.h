/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A process and its memory, as ioctls and commands of a ring see them. Its
 * memory is fuzz_user.memory, at the address FUZZ_USER_BASE; whatever is asked
 * for outside of it is -EFAULT.
 */
#ifndef FUZZ_SHIM_PROCESS_H
#define FUZZ_SHIM_PROCESS_H

#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/ioctl.h>

#define FUZZ_USER_BASE	0x10000UL
#define FUZZ_USER_SIZE	8192UL

struct fuzz_user {
	u8 memory[FUZZ_USER_SIZE];
	/* Another thread, which changes this byte after each look at it. */
	bool racing;
	size_t raced_at;
	u8 raced_with;
};

extern struct fuzz_user fuzz_user;

/* Of the kernel alone: the result follows. */
#define EIOCBQUEUED		529

#define MAX_RW_COUNT		(INT32_MAX & ~(PAGE_SIZE - 1))
#define SZ_4M			(4UL << 20)
#define u64_to_user_ptr(x)	((void *)(uintptr_t)(x))

unsigned long copy_from_user(void *to, const void *from, unsigned long size);
unsigned long copy_to_user(void *to, const void *from, unsigned long size);
unsigned long clear_user(void *to, unsigned long size);
int copy_struct_from_user(void *to, size_t size, const void *from,
			  size_t user_size);
void *memdup_array_user(const void *from, size_t n, size_t size);

#define get_user(x, from)						\
	({								\
		typeof(*(from)) __value = 0;				\
		unsigned long __left = copy_from_user(&__value, from,	\
						      sizeof(__value));	\
									\
		(x) = __value;						\
		__left ? -EFAULT : 0;					\
	})

/* Memory of the kernel. */
static inline void *kzalloc(size_t size, gfp_t flags)
{
	return calloc(1, size);
}

static inline void kfree(const void *p)
{
	if (!IS_ERR(p))
		free((void *)p);
}

static inline void refcount_set(refcount_t *ref, int n)
{
	ref->refs.counter = n;
}

static inline void refcount_inc(refcount_t *ref)
{
	ref->refs.counter++;
}

static inline bool refcount_dec_and_test(refcount_t *ref)
{
	return !--ref->refs.counter;
}

static inline int atomic_fetch_or(int bits, atomic_t *v)
{
	int old = v->counter;

	v->counter |= bits;
	return old;
}

#define list_for_each_entry(pos, head, member)				\
	for (pos = container_of((head)->next, typeof(*pos), member);	\
	     &pos->member != (head);					\
	     pos = container_of(pos->member.next, typeof(*pos), member))

/* Files. */
#define IOCB_DSYNC	0x2

struct address_space { unsigned long nrpages; };
struct inode { struct address_space *i_mapping; };
struct mm_struct;
struct user_struct;
struct kiocb { struct file *ki_filp; long long ki_pos; int ki_flags; };
struct task_struct { struct mm_struct *mm; };

extern struct task_struct *current;

static inline void init_sync_kiocb(struct kiocb *iocb, struct file *file)
{
	*iocb = (struct kiocb){ .ki_filp = file };
}

#define ITER_DEST	0
#define ITER_SOURCE	1

struct iov_iter { unsigned int dir; u64 addr; size_t count; };

int import_ubuf(int dir, void *addr, size_t size, struct iov_iter *iter);

static inline size_t iov_iter_count(const struct iov_iter *iter)
{
	return iter->count;
}

static inline void iov_iter_truncate(struct iov_iter *iter, u64 count)
{
	iter->count = min(iter->count, count);
}

static inline void iov_iter_reexpand(struct iov_iter *iter, size_t count)
{
	iter->count = count;
}

/* Commands of a ring. */
#ifndef IORING_URING_CMD_FIXED
#define IORING_URING_CMD_FIXED	1U
#endif
#define IO_URING_F_NONBLOCK	0x1U
#define IO_URING_F_SQE128	0x2U
#define IO_URING_F_CANCEL	0x4U
#define IO_URING_F_TASK_DEAD	0x8U

struct io_uring_cmd {
	struct file *file;
	const void *sqe;
	u32 cmd_op;
	u32 flags;
	void *pdu;
};

#define io_uring_cmd_to_pdu(cmd, type)	((type *)&(cmd)->pdu)
#define io_uring_sqe_cmd(sqe)		(sqe)

void io_uring_cmd_done(struct io_uring_cmd *cmd, ssize_t ret, u64 more,
		       unsigned int flags);
void io_uring_cmd_complete_in_task(struct io_uring_cmd *cmd,
				   void (*fn)(struct io_uring_cmd *cmd,
					      unsigned int flags));
void io_uring_cmd_mark_cancelable(struct io_uring_cmd *cmd, unsigned int flags);
int io_uring_cmd_import_fixed(u64 addr, unsigned long size, int dir,
			      struct iov_iter *iter, void *cmd);

#endif /* FUZZ_SHIM_PROCESS_H */
