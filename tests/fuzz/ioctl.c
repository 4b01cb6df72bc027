// SPDX-License-Identifier: GPL-2.0-only
/*
 * What programs ask nodes for: ioctls, and commands of a ring. An input is an
 * argument and the memory of the process, which another thread may change
 * meanwhile. The node is of a local region, where everything is done at once, or
 * of an attached one, where a command of a ring becomes a request; what is asked
 * of it has to be in it, whatever the program gave.
 */
#include <kfi_pmem_prov.h>
#include "io.h"
#include "uring.h"
#include "user.h"
#include "requests.h"
#include "fuzz.h"

/* Of the first byte. */
enum {
	URING = 0x01, READABLE = 0x02, WRITABLE = 0x04, DSYNC = 0x08, REFUSED = 0x10,
	RACING = 0x20, SMALL = 0x40, ATTACHED = 0x80,
};

#define NODE_SIZE	(16UL << 20)
#define SMALL_SIZE	24UL

static struct {
	u8 how;
	struct ku_node node;
	struct ku_file of_file;
	struct file file;
	unsigned int calls;
	u64 moved;		/* bytes of data */
} now;

static bool in_node(u64 offset, u64 length)
{
	return length && offset < now.node.size &&
	       length <= now.node.size - offset;
}

static int called(void)
{
	now.calls++;
	return now.how & REFUSED ? -EIO : 0;
}

static int node_commit(struct ku_node *node, u64 offset, u64 length,
		       enum kfi_commit_level level)
{
	FUZZ_CHECK(now.file.f_mode & FMODE_WRITE && in_node(offset, length));
	FUZZ_CHECK(level == KFI_COMMIT_PERSISTENT || level == KFI_COMMIT_MEDIA);
	return called();
}

static int node_publish(struct ku_node *node, const struct kfi_ioc_publish *arg)
{
	FUZZ_CHECK(now.file.f_mode & FMODE_WRITE && !arg->flags);
	FUZZ_CHECK(in_node(arg->offset, arg->length));
	FUZZ_CHECK(in_node(arg->word_offset, 8) && !(arg->word_offset % 8));
	FUZZ_CHECK(arg->word_offset + 8 <= arg->offset ||
		   arg->word_offset >= arg->offset + arg->length);
	FUZZ_CHECK(arg->length <= MAX_RW_COUNT);
	return called();
}

static int node_atomic(struct ku_node *node, struct ku_atomic *atomic)
{
	u32 size = kfi_atomic_size(atomic->datatype);

	FUZZ_CHECK(size && kfi_atomic_operands(atomic->op) <= 2);
	FUZZ_CHECK(atomic->count && atomic->bytes == atomic->count * size);
	FUZZ_CHECK(atomic->bytes <= KFI_IOC_ATOMIC_BYTES);
	FUZZ_CHECK(in_node(atomic->offset, atomic->bytes));
	FUZZ_CHECK(!(atomic->offset % size));
	if (atomic->op != KFI_ATOMIC_READ || atomic->commit)
		FUZZ_CHECK(now.file.f_mode & FMODE_WRITE);
	else
		FUZZ_CHECK(atomic->fetch);
	if (atomic->fetch)
		FUZZ_CHECK(now.file.f_mode & FMODE_READ);
	memset(atomic->result, 0xaa, atomic->bytes);
	return called();
}

static ssize_t node_move(struct kiocb *iocb, struct iov_iter *iter, bool write)
{
	size_t count = iov_iter_count(iter);

	FUZZ_CHECK(now.file.f_mode & (write ? FMODE_WRITE : FMODE_READ));
	FUZZ_CHECK(iter->dir == (write ? ITER_SOURCE : ITER_DEST));
	FUZZ_CHECK(in_node(iocb->ki_pos, count) && iocb->ki_filp == &now.file);
	if (write && now.how & DSYNC)
		FUZZ_CHECK(iocb->ki_flags & IOCB_DSYNC);
	if (called())
		return -EIO;
	iter->addr += count;
	iter->count = 0;
	now.moved += count;
	return count;
}

static ssize_t node_read(struct ku_node *node, struct kiocb *iocb,
			 struct iov_iter *to)
{
	return node_move(iocb, to, false);
}

static ssize_t node_write(struct ku_node *node, struct kiocb *iocb,
			  struct iov_iter *from)
{
	return node_move(iocb, from, true);
}

static int node_info(struct ku_node *node, struct kfi_pmem_attr *attr,
		     struct kfi_ioc_info *info)
{
	memset(attr, 0x5a, sizeof(*attr));
	return called();
}

static const struct ku_node_ops ops = {
	.read = node_read,
	.write = node_write,
	.commit = node_commit,
	.publish = node_publish,
	.atomic = node_atomic,
	.info = node_info,
};

static const struct ku_node_ops attached_ops = {
	.read = node_read,
	.write = node_write,
	.commit = node_commit,
	.publish = node_publish,
	.atomic = node_atomic,
	.info = node_info,
	.io = request_new,
};

/* Pages of mappings: the range is in the node. */
void ku_pages_sync(struct ku_node *node, u64 start, u64 end)
{
	FUZZ_CHECK(start <= end && end < node->size);
}

void ku_pages_drop(struct ku_node *node, u64 start, u64 end)
{
	FUZZ_CHECK(start <= end && end < node->size);
}

bool ku_local_sleeps(struct ku_node *node, u64 length, bool durable)
{
	return durable && length > 4096;
}

int io_uring_cmd_import_fixed(u64 addr, unsigned long size, int dir,
			      struct iov_iter *iter, void *cmd)
{
	/* The whole memory of the process is registered. */
	if (addr < FUZZ_USER_BASE || addr > FUZZ_USER_BASE + FUZZ_USER_SIZE ||
	    size > FUZZ_USER_BASE + FUZZ_USER_SIZE - addr)
		return -EFAULT;
	return import_ubuf(dir, u64_to_user_ptr(addr), size, iter);
}

/* Only where the program asked for an answer is its memory written. */
static void only_changed(const u8 *before, u64 addr, size_t size)
{
	size_t at = addr - FUZZ_USER_BASE;

	if (fuzz_user.racing)
		return;
	FUZZ_CHECK(at <= FUZZ_USER_SIZE && size <= FUZZ_USER_SIZE - at);
	FUZZ_CHECK(!memcmp(before, fuzz_user.memory, at));
	FUZZ_CHECK(!memcmp(before + at + size, fuzz_user.memory + at + size,
			   FUZZ_USER_SIZE - at - size));
}

static void fuzz_ioctl(u8 which, u16 at, const u8 *before)
{
	static const unsigned int cmds[] = {
		KFI_IOC_INFO, KFI_IOC_COMMIT, KFI_IOC_PUBLISH, KFI_IOC_ATOMIC, 0,
	};
	unsigned int cmd = cmds[which % ARRAY_SIZE(cmds)];
	u64 arg = FUZZ_USER_BASE + at % (FUZZ_USER_SIZE + 64);
	struct kfi_ioc_atomic atomic;
	long ret;
	u32 size;

	ret = ku_ioctl(&now.file, cmd, arg);
	FUZZ_CHECK(ret <= 0);
	if (ret)
		FUZZ_CHECK(!now.calls || now.how & REFUSED || ret == -EFAULT);
	else
		FUZZ_CHECK(now.calls == 1);
	if (ret || cmd == KFI_IOC_COMMIT || cmd == KFI_IOC_PUBLISH) {
		if (ret != -EFAULT)
			only_changed(before, FUZZ_USER_BASE, 0);
	} else if (cmd == KFI_IOC_INFO) {
		memcpy(&size, before + arg - FUZZ_USER_BASE, sizeof(size));
		only_changed(before, arg, size);
	} else if (!fuzz_user.racing) {
		memcpy(&atomic, before + arg - FUZZ_USER_BASE, sizeof(atomic));
		size = atomic.count * kfi_atomic_size(atomic.type);
		only_changed(before, atomic.result ?: FUZZ_USER_BASE,
			     atomic.result ? size : 0);
	}
}

/* What the ring has of a command, behind its own fields. */
#define SQE_BYTES	80

static void fuzz_uring(u8 op, u8 how, const u8 *sqe)
{
	static const unsigned int flags[] = {
		IO_URING_F_SQE128, IO_URING_F_SQE128 | IO_URING_F_NONBLOCK, 0,
	};
	struct io_uring_cmd cmd = {
		.file = &now.file,
		.sqe = sqe,
		.cmd_op = op % (KFI_URING_PUT_SIGNAL + 2),
		.flags = how & 0x80 ? IORING_URING_CMD_FIXED : 0,
	};
	int ret;

	ret = ku_uring_cmd(&cmd, flags[how % ARRAY_SIZE(flags)]);
	if (ret == -EAGAIN) {
		FUZZ_CHECK(!now.calls && !request.io);
		ret = ku_uring_cmd(&cmd, IO_URING_F_SQE128);
		FUZZ_CHECK(ret != -EAGAIN);
	}
	if (ret == -EIOCBQUEUED) {
		FUZZ_CHECK(now.how & ATTACHED && !now.calls);
		request_end(&cmd, now.how & REFUSED ? -EIO : 0, how & 0x20,
			    how & 0x10);
		return;
	}
	FUZZ_CHECK(!request.io);
	/* The result of a transfer is its bytes. */
	if (ret > 0)
		FUZZ_CHECK((u64)ret == now.moved);
	if (ret >= 0)
		FUZZ_CHECK(now.calls);
}

static void make_node(void)
{
	static struct address_space mapping;
	static struct inode inode = { .i_mapping = &mapping };

	/* A small node is mapped by somebody. */
	mapping.nrpages = !!(now.how & SMALL);
	now.node.inode = &inode;
	now.node.ops = now.how & ATTACHED ? &attached_ops : &ops;
	now.node.size = now.how & SMALL ? SMALL_SIZE : NODE_SIZE;
	now.of_file.node = &now.node;
	now.file.private_data = &now.of_file;
	now.file.f_mode = (now.how & READABLE ? FMODE_READ : 0) |
			  (now.how & WRITABLE ? FMODE_WRITE : 0);
	now.file.f_flags = now.how & DSYNC ? O_DSYNC : 0;
	now.calls = 0;
	now.moved = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static u8 before[FUZZ_USER_SIZE];
	u8 sqe[SQE_BYTES] __attribute__((aligned(8))) = { 0 };
	struct fuzz_in in = { data, size };
	u8 which, how;
	u16 at;

	now.how = fuzz_u8(&in);
	make_node();
	request.bounced = now.how & DSYNC;
	request.failure = now.how & REFUSED ? now.how >> 5 & 3 : NO_FAILURE;
	current->mm = (struct mm_struct *)&now;
	fuzz_user.racing = now.how & RACING;
	fuzz_user.raced_at = fuzz_u16(&in) % FUZZ_USER_SIZE;
	fuzz_user.raced_with = fuzz_u8(&in);
	which = fuzz_u8(&in);
	how = fuzz_u8(&in);
	at = fuzz_u16(&in);
	if (now.how & URING)
		fuzz_take(&in, sqe, at % (sizeof(sqe) + 1));
	fuzz_take(&in, fuzz_user.memory, sizeof(fuzz_user.memory));
	if (now.how & URING) {
		fuzz_uring(which, how, sqe);
		return 0;
	}
	memcpy(before, fuzz_user.memory, sizeof(before));
	fuzz_ioctl(which, at, before);
	return 0;
}
