/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the decoders use of the kernel, for building the same files in
 * userspace. It comes before everything else in such a build, and the headers
 * that the files name are empty there: see the Makefile.
 *
 * In here is what needs no object of the kernel. What is only passed on by the
 * decoders is an incomplete struct; what they look into, a harness defines.
 */
#ifndef FUZZ_SHIM_KERNEL_H
#define FUZZ_SHIM_KERNEL_H

#include <asm/byteorder.h>
#include <assert.h>
#include <ctype.h>
#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#define __KERNEL__	1

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s8 s8;
typedef __s16 s16;
typedef __s32 s32;
typedef __s64 s64;
typedef unsigned int gfp_t;
typedef unsigned int fmode_t;
typedef u32 errseq_t;

#define U8_MAX		UINT8_MAX
#define U16_MAX		UINT16_MAX
#define U32_MAX		UINT32_MAX
#define U64_MAX		UINT64_MAX
#define S32_MAX		INT32_MAX
#define S64_MAX		INT64_MAX
#define PAGE_SHIFT	12
#define PAGE_SIZE	(1UL << PAGE_SHIFT)
#define MAX_ERRNO	4095

#ifndef EUCLEAN
#define EUCLEAN		117
#endif

/* Attributes that mean something to the kernel's tools alone. */
#define __user
#define __init
#define __exit
#define __ro_after_init
#ifndef __packed
#define __packed	__attribute__((packed))
#endif
#define __always_unused	__attribute__((unused))
#define __must_check	__attribute__((warn_unused_result))
#define __printf(f, a)	__attribute__((format(printf, f, a)))
#define EXPORT_SYMBOL_GPL(name)	struct fuzz_no_export_##name
#define IS_ENABLED(option)	0
#define fallthrough	__attribute__((fallthrough))

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define barrier()	__asm__ __volatile__("" : : : "memory")
#define READ_ONCE(x)	(*(const volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, v)	(*(volatile typeof(x) *)&(x) = (v))

#define BIT(nr)		(1UL << (nr))
#define BIT_ULL(nr)	(1ULL << (nr))
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define ALIGN(x, a)	(((x) + (a) - 1) / (a) * (a))
#define ALIGN_DOWN(x, a)	((x) / (a) * (a))
#define IS_ALIGNED(x, a)	(!((x) % (a)))
#define DIV_ROUND_UP_ULL(x, d)	(((unsigned long long)(x) + (d) - 1) / (d))
#define is_power_of_2(x)	((x) && !((x) & ((x) - 1)))
#define ilog2(x)	(63 - __builtin_clzll(x))

#define min(a, b)	((a) < (b) ? (a) : (b))
#define max(a, b)	((a) > (b) ? (a) : (b))
#define min_t(t, a, b)	min((t)(a), (t)(b))
#define max_t(t, a, b)	max((t)(a), (t)(b))

#define check_add_overflow(a, b, to)	__builtin_add_overflow(a, b, to)
#define struct_size(p, member, n)	\
	(sizeof(*(p)) + sizeof((p)->member[0]) * (n))
#define offsetofend(t, m)	(offsetof(t, m) + sizeof(((t *)0)->m))
#define container_of(p, t, m)	((t *)((char *)(p) - offsetof(t, m)))

#define cpu_to_le16(x)	((__le16)htole16(x))
#define cpu_to_le32(x)	((__le32)htole32(x))
#define cpu_to_le64(x)	((__le64)htole64(x))
#define le16_to_cpu(x)	le16toh((u16)(x))
#define le32_to_cpu(x)	le32toh((u32)(x))
#define le64_to_cpu(x)	le64toh((u64)(x))

/* The kernel's own numbers, which no libc knows. */
#define IS_ERR_VALUE(x)	((unsigned long)(x) >= (unsigned long)-MAX_ERRNO)

static inline void *ERR_PTR(long err)
{
	return (void *)err;
}

static inline long PTR_ERR(const void *p)
{
	return (long)p;
}

static inline bool IS_ERR(const void *p)
{
	return IS_ERR_VALUE(p);
}

static inline bool IS_ERR_OR_NULL(const void *p)
{
	return !p || IS_ERR(p);
}

static inline int PTR_ERR_OR_ZERO(const void *p)
{
	return IS_ERR(p) ? (int)PTR_ERR(p) : 0;
}

/* Memory and strings. */
static inline void *memchr_inv(const void *buf, int c, size_t size)
{
	const u8 *p = buf;

	/* The usual answer, at the speed of the libc. */
	if (!size || (*p == (u8)c && !memcmp(p, p + 1, size - 1)))
		return NULL;
	for (; size; size--, p++)
		if (*p != (u8)c)
			return (void *)p;
	return NULL;
}

static inline void memzero_explicit(void *p, size_t size)
{
	explicit_bzero(p, size);
}

static inline ssize_t strscpy(char *to, const char *from, size_t size)
{
	size_t len = strnlen(from, size);

	if (len == size) {
		memcpy(to, from, size - 1);
		to[size - 1] = '\0';
		return -E2BIG;
	}
	memcpy(to, from, len + 1);
	return (ssize_t)len;
}

static inline ssize_t strscpy_pad(char *to, const char *from, size_t size)
{
	ssize_t len = strscpy(to, from, size);

	if (len >= 0)
		memset(to + len, 0, size - (size_t)len);
	return len;
}

u32 crc32c(u32 crc, const void *buf, size_t size);

#define UUID_SIZE	16

typedef struct { u8 b[UUID_SIZE]; } uuid_t;

static inline bool uuid_is_null(const uuid_t *uuid)
{
	return !memchr_inv(uuid, 0, sizeof(*uuid));
}

static inline bool uuid_equal(const uuid_t *a, const uuid_t *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static inline void import_uuid(uuid_t *to, const u8 *from)
{
	memcpy(to, from, sizeof(*to));
}

static inline void export_uuid(u8 *to, const uuid_t *from)
{
	memcpy(to, from, sizeof(*from));
}

/* What the project's headers have as members, and no decoder looks into. */
struct list_head { struct list_head *next, *prev; };
struct completion { int done; };
typedef struct { int counter; } atomic_t;
typedef struct { s64 counter; } atomic64_t;
typedef struct { atomic_t refs; } refcount_t;
struct kref { refcount_t refcount; };
struct mutex { int locked; };
typedef struct { int locked; } spinlock_t;
typedef struct { int waiters; } wait_queue_head_t;
struct work_struct { void (*func)(struct work_struct *work); };
typedef void (*work_func_t)(struct work_struct *work);
struct notifier_block { int priority; };
struct percpu_ref { long count; };
struct device { void *parent; };
struct cdev { int dev; };
typedef struct cpumask { unsigned long bits[1]; } cpumask_t;
struct kvec { void *iov_base; size_t iov_len; };
struct bio_vec { void *page; unsigned int len, offset; };
struct scatterlist { unsigned long page_link; };

struct file_operations;
struct inode;
struct iov_iter;
struct kiocb;
struct kobj_uevent_env;
struct module;
struct netlink_ext_ack;
struct page;
struct vm_area_struct;

#define FMODE_READ	0x1U
#define FMODE_WRITE	0x2U

struct file {
	fmode_t f_mode;
	unsigned int f_flags;
	void *private_data;
};

#define ATOMIC_INIT(n)	{ (n) }

static inline int atomic_read(const atomic_t *v)
{
	return v->counter;
}

static inline void atomic_inc(atomic_t *v)
{
	v->counter++;
}

#define THIS_MODULE	((struct module *)NULL)
#define GFP_KERNEL	0U
#define GFP_KERNEL_ACCOUNT	0U

#endif /* FUZZ_SHIM_KERNEL_H */
