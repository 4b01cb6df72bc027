/* SPDX-License-Identifier: BSD-3-Clause */
/* Atomic operations, each type and operation, against plain C on the type. */
#include <errno.h>
#include <string.h>
#include "uring.h"

#define AT	4096	/* where in the node */

/* The model; false where there is no such operation. */
#define INTEGER(name, type)						\
static bool name(int op, void *mem, const void *pa, const void *pc)	\
{									\
	type x, a, c;							\
									\
	memcpy(&x, mem, sizeof(x));					\
	memcpy(&a, pa, sizeof(a));					\
	memcpy(&c, pc, sizeof(c));					\
	switch (op) {							\
	case KFIPMEM_ATOMIC_BOR: x |= a; break;				\
	case KFIPMEM_ATOMIC_BAND: x &= a; break;			\
	case KFIPMEM_ATOMIC_BXOR: x ^= a; break;			\
	case KFIPMEM_ATOMIC_MSWAP: x = (a & c) | (x & ~c); break;	\
	COMMON								\
	}								\
	memcpy(mem, &x, sizeof(x));					\
	return true;							\
}

#define REAL(name, type)						\
static bool name(int op, void *mem, const void *pa, const void *pc)	\
{									\
	type x, a, c;							\
									\
	memcpy(&x, mem, sizeof(x));					\
	memcpy(&a, pa, sizeof(a));					\
	memcpy(&c, pc, sizeof(c));					\
	switch (op) {							\
	COMMON								\
	default: return false;						\
	}								\
	memcpy(mem, &x, sizeof(x));					\
	return true;							\
}

#define COMMON								\
	case KFIPMEM_ATOMIC_MIN: x = a < x ? a : x; break;		\
	case KFIPMEM_ATOMIC_MAX: x = a > x ? a : x; break;		\
	case KFIPMEM_ATOMIC_SUM: x = x + a; break;			\
	case KFIPMEM_ATOMIC_PROD: x = x * a; break;			\
	case KFIPMEM_ATOMIC_LOR: x = x || a; break;			\
	case KFIPMEM_ATOMIC_LAND: x = x && a; break;			\
	case KFIPMEM_ATOMIC_LXOR: x = !x != !a; break;			\
	case KFIPMEM_ATOMIC_READ: break;				\
	case KFIPMEM_ATOMIC_WRITE: x = a; break;			\
	case KFIPMEM_ATOMIC_CSWAP: x = c == x ? a : x; break;		\
	case KFIPMEM_ATOMIC_CSWAP_NE: x = c != x ? a : x; break;	\
	case KFIPMEM_ATOMIC_CSWAP_LE: x = c <= x ? a : x; break;	\
	case KFIPMEM_ATOMIC_CSWAP_LT: x = c < x ? a : x; break;		\
	case KFIPMEM_ATOMIC_CSWAP_GE: x = c >= x ? a : x; break;	\
	case KFIPMEM_ATOMIC_CSWAP_GT: x = c > x ? a : x; break;

INTEGER(model_int8, int8_t)
INTEGER(model_uint8, uint8_t)
INTEGER(model_int16, int16_t)
INTEGER(model_uint16, uint16_t)
INTEGER(model_int32, int32_t)
INTEGER(model_uint32, uint32_t)
INTEGER(model_int64, int64_t)
INTEGER(model_uint64, uint64_t)
REAL(model_float, float)
REAL(model_double, double)

static const struct {
	bool (*model)(int op, void *mem, const void *pa, const void *pc);
	size_t size;
} types[] = {
	[KFIPMEM_TYPE_INT8] = { model_int8, 1 },
	[KFIPMEM_TYPE_UINT8] = { model_uint8, 1 },
	[KFIPMEM_TYPE_INT16] = { model_int16, 2 },
	[KFIPMEM_TYPE_UINT16] = { model_uint16, 2 },
	[KFIPMEM_TYPE_INT32] = { model_int32, 4 },
	[KFIPMEM_TYPE_UINT32] = { model_uint32, 4 },
	[KFIPMEM_TYPE_INT64] = { model_int64, 8 },
	[KFIPMEM_TYPE_UINT64] = { model_uint64, 8 },
	[KFIPMEM_TYPE_FLOAT] = { model_float, 4 },
	[KFIPMEM_TYPE_DOUBLE] = { model_double, 8 },
};

/* Numbers of the type that say something; no NaN, which equals nothing. */
static void numbers(int type, void *to, unsigned int seed)
{
	static const double reals[] = { 0, 1, -2.5, 1e9, 0.125 };
	static const int64_t integers[] = { 0, 1, -1, 0x7f, 0x80, 0x5a5a5a5a5a,
					    INT64_MIN };
	float f;

	switch (type) {
	case KFIPMEM_TYPE_FLOAT:
		f = reals[seed % 5];
		memcpy(to, &f, sizeof(f));
		break;
	case KFIPMEM_TYPE_DOUBLE:
		memcpy(to, &reals[seed % 5], 8);
		break;
	default:
		memcpy(to, &integers[seed % 7], types[type].size);
	}
}

static int do_one(struct kfipmem_node *node, const struct kfipmem_atomic *atomic,
		  bool by_ring, unsigned int flags)
{
	if (!by_ring)
		return kfipmem_atomic(node, atomic, flags);
	kfipmem_prep_atomic(sqe_get(), node, atomic, flags);
	return run();
}

static void check(struct kfipmem_node *node, int type, int op, unsigned int seed,
		  bool by_ring)
{
	unsigned int count = seed % 3 ? KFI_IOC_ATOMIC_BYTES / types[type].size :
					1, i;
	unsigned char mem[256] = { 0 }, a[256], c[256], had[256], old[256];
	unsigned char have[256];
	size_t size = types[type].size, bytes = count * size;
	bool silent = seed % 5 == 4 && op != KFIPMEM_ATOMIC_READ, known = true;
	struct kfipmem_atomic atomic = {
		op, type, AT, count, a, c, silent ? NULL : old,
	};

	for (i = 0; i < count; i++) {
		numbers(type, mem + i * size, seed + i);
		numbers(type, a + i * size, seed * 3 + i / 2 + 1);
		numbers(type, c + i * size, i % 3 ? seed + i : seed + 1);
	}
	memcpy(had, mem, bytes);
	want(0, kfipmem_put(node, AT, mem, bytes, 0));
	for (i = 0; i < count; i++)
		known &= types[type].model(op, mem + i * size, a + i * size,
					   c + i * size);
	want(known ? 0 : -EOPNOTSUPP,
	     do_one(node, &atomic, by_ring, seed % 2 ? KFI_URING_F_DURABLE : 0));
	want(0, kfipmem_get(node, AT, have, bytes));
	if (memcmp(have, mem, bytes))
		fail("type %d, operation %d, seed %u: left other bytes", type,
		     op, seed);
	if (known && !silent && memcmp(old, had, bytes))
		fail("type %d, operation %d, seed %u: other old values", type,
		     op, seed);
}

/* Every type and operation, by ioctl and as a command. */
void atomics(struct kfipmem_node *node)
{
	/* One and many elements, durable or not, with old values or without. */
	static const unsigned int seeds[] = { 0, 1, 4 };
	unsigned int i, seed;
	int type, op;

	for (type = 0; type <= KFIPMEM_TYPE_DOUBLE; type++)
		for (op = 0; op <= KFIPMEM_ATOMIC_MSWAP; op++)
			for (i = 0; i < 3; i++) {
				seed = seeds[i];
				check(node, type, op, seed,
				      (i + type + op) % 2);
			}
}

static void refused(struct kfipmem_node *node, int err,
		    struct kfipmem_atomic atomic, unsigned int flags)
{
	want(err, kfipmem_atomic(node, &atomic, flags));
	kfipmem_prep_atomic(sqe_get(), node, &atomic, flags);
	want(err, run());
}

static void bad_atomics(struct kfipmem_node *node)
{
	uint64_t size = kfipmem_size(node), a[64] = { 1 };
	struct kfipmem_atomic good = { KFIPMEM_ATOMIC_CSWAP,
				       KFIPMEM_TYPE_UINT64, 8, 1, a, a, a };
	struct kfipmem_atomic bad = good;

	refused(node, -EINVAL, good, 1U << 7);
	bad.op = KFIPMEM_ATOMIC_MSWAP + 1;
	refused(node, -EINVAL, bad, 0);
	bad = good, bad.type = KFIPMEM_TYPE_DOUBLE + 1;
	refused(node, -EINVAL, bad, 0);
	bad = good, bad.offset = 12;
	refused(node, -EINVAL, bad, 0);
	bad = good, bad.offset = size;
	refused(node, -EINVAL, bad, 0);
	bad = good, bad.offset = size - 8, bad.count = 2;
	refused(node, -EINVAL, bad, 0);
	bad = good, bad.offset = UINT64_MAX - 7;
	refused(node, -EINVAL, bad, 0);
	bad = good, bad.count = 0;
	refused(node, -EINVAL, bad, 0);
	bad = good, bad.count = 33;
	refused(node, -E2BIG, bad, 0);
	bad = good, bad.count = 1ULL << 61;
	refused(node, -E2BIG, bad, 0);
	bad = good, bad.operand = (void *)8;
	refused(node, -EFAULT, bad, 0);
	bad = good, bad.compare = (void *)UINT64_MAX;
	refused(node, -EFAULT, bad, 0);
	bad = good, bad.op = KFIPMEM_ATOMIC_READ, bad.result = NULL;
	refused(node, -EINVAL, bad, 0);
	bad = good, bad.op = KFIPMEM_ATOMIC_READ, bad.result = (void *)8;
	refused(node, -EFAULT, bad, 0);
	bad = good, bad.op = KFIPMEM_ATOMIC_READ, bad.operand = NULL;
	refused(node, 0, bad, 0);
}

static void bad_ranges(struct kfipmem_node *node)
{
	uint64_t size = kfipmem_size(node);
	const struct kfi_uring_range bad[] = {
		{ size, 1 }, { size - 1, 2 }, { 0, 0 }, { 0, size + 1 },
		{ UINT64_MAX, 2 }, { 1, UINT64_MAX },
	};
	char p[64] = "";
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct kfi_uring_range two[] = { { 0, 1 }, bad[i] };

		kfipmem_prep_put(sqe_get(), node, bad[i].offset, p,
				 bad[i].length, 0);
		want(-EINVAL, run());
		kfipmem_prep_get(sqe_get(), node, bad[i].offset, p,
				 bad[i].length);
		want(-EINVAL, run());
		kfipmem_prep_putv(sqe_get(), node, two, 2, p, 0);
		want(-EINVAL, run());
		kfipmem_prep_commit(sqe_get(), node, two, 2, 0);
		want(-EINVAL, run());
		kfipmem_prep_publish(sqe_get(), node, bad[i].offset, p,
				     bad[i].length, 64, 1);
		want(-EINVAL, run());
	}
	kfipmem_prep_putv(sqe_get(), node, bad, 0, p, 0);
	want(-EINVAL, run());
	kfipmem_prep_commit(sqe_get(), node, bad, KFI_URING_RANGES + 1, 0);
	want(-EINVAL, run());
	kfipmem_prep_getv(sqe_get(), node, (void *)8, 2, p);
	want(-EFAULT, run());
	kfipmem_prep_put_signal(sqe_get(), node, 0, p, 9, 8, 1, 0);
	want(-EINVAL, run());
	kfipmem_prep_put_signal(sqe_get(), node, 0, p, 8, 12, 1, 0);
	want(-EINVAL, run());
	kfipmem_prep_put_signal(sqe_get(), node, 0, p, 8, size, 1, 0);
	want(-EINVAL, run());
}

/* What has to be refused, and leaves everything as it was. */
void errors(struct kfipmem_node *node)
{
	struct io_uring_sqe *sqe;
	char p[64] = "";

	bad_atomics(node);
	bad_ranges(node);
	kfipmem_prep_put(sqe_get(), node, 0, (void *)4096, 100, 0);
	want(-EFAULT, run());
	kfipmem_prep_get(sqe_get(), node, 0, (void *)4096, 100);
	want(-EFAULT, run());
	kfipmem_prep_get(sqe_get(), node, 0, "", 1);
	want(-EFAULT, run());
	kfipmem_prep_put(sqe_get(), node, 0, p, 8, KFI_URING_F_ADD);
	want(-EINVAL, run());
	sqe = sqe_get();
	kfipmem_prep_get(sqe, node, 0, p, 8);
	((struct kfi_uring_rw *)sqe->cmd)->flags = KFI_URING_F_DURABLE;
	want(-EINVAL, run());
	sqe = sqe_get();
	kfipmem_prep_put(sqe, node, 0, p, 8, 0);
	((struct kfi_uring_rw *)sqe->cmd)->reserved = 1;
	want(-EINVAL, run());
	/* What a later kernel may know there. */
	sqe = sqe_get();
	kfipmem_prep_put(sqe, node, 0, p, 8, 0);
	sqe->cmd[79] = 1;
	want(-EINVAL, run());
	sqe = sqe_get();
	kfipmem_prep_put(sqe, node, 0, p, 8, 0);
	sqe->cmd_op = 99;
	want(-ENOTTY, run());
	/* A ring whose entries have no room for a command. */
	io_uring_queue_exit(&ring);
	want(0, io_uring_queue_init(4, &ring, 0));
	sqe = sqe_get();
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = kfipmem_fd(node);
	sqe->cmd_op = KFI_URING_PUT;
	want(-EINVAL, run());
}
