/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * kfi_user: persistent memory over kfabric, for userspace.
 *
 * Control is the generic netlink family "kfipmem", described by
 * Documentation/netlink/kfipmem.yaml. Data is read and written through the
 * device nodes /dev/kfi/<name>, which behave like files of a fixed size; the
 * ioctls below are what a file has no call for.
 */
#ifndef _UAPI_KFI_USER_H
#define _UAPI_KFI_USER_H

#include <linux/types.h>
#include <linux/ioctl.h>

#define KFIPMEM_FAMILY_NAME	"kfipmem"
#define KFIPMEM_FAMILY_VERSION	1

#define KFIPMEM_NAME_MAX	63	/* characters of a name, without NUL */
#define KFIPMEM_PATH_MAX	255	/* characters of a device path */
#define KFIPMEM_HOST_MAX	255	/* characters of an address */
#define KFIPMEM_KEY_SIZE	32	/* bytes of a key */
#define KFIPMEM_UUID_SIZE	16
#define KFIPMEM_DEFAULT_PORT	7473
#define KFIPMEM_LATENCY_BUCKETS	32
#define KFIPMEM_SET_MEMBERS_MAX	8
#define KFIPMEM_SET_HOST_MAX	63	/* characters of a member's address */

/* What the platform of a region carries over a power loss. */
enum kfipmem_domain {
	KFIPMEM_DOMAIN_NONE,
	KFIPMEM_DOMAIN_ASYNC,
	KFIPMEM_DOMAIN_MEM_CTRL,
	KFIPMEM_DOMAIN_CPU_CACHE,
	KFIPMEM_DOMAIN_EMULATED,
};

/* How a commit is carried out. */
enum kfipmem_method {
	KFIPMEM_METHOD_REFUSED,
	KFIPMEM_METHOD_ASSISTED,
	KFIPMEM_METHOD_INLINE,
	KFIPMEM_METHOD_EADR,
	KFIPMEM_METHOD_ASYNC,
	KFIPMEM_METHOD_NATIVE,
};

/* Operations that are counted apart. */
enum kfipmem_op {
	KFIPMEM_OP_WRITE,
	KFIPMEM_OP_READ,
	KFIPMEM_OP_WRITE_COMMIT,
	KFIPMEM_OP_COMMIT,
	KFIPMEM_OP_PUBLISH,
	KFIPMEM_OP_ATOMIC,
	KFIPMEM_OP_SEND,
	KFIPMEM_OP_RECV,
};

/* Whose counters an answer to KFIPMEM_CMD_STATS_GET holds. */
enum kfipmem_endpoint {
	KFIPMEM_ENDPOINT_TARGET,
	KFIPMEM_ENDPOINT_ATTACHMENT,
};

/* What a replica set is doing. */
enum kfipmem_set_state {
	KFIPMEM_SET_TAKEOVER,
	KFIPMEM_SET_ACTIVE,
	KFIPMEM_SET_SUSPENDED,
	KFIPMEM_SET_FENCED,
	KFIPMEM_SET_STOPPING,
};

/* What a member of a replica set is doing. */
enum kfipmem_member_state {
	KFIPMEM_MEMBER_DOWN,
	KFIPMEM_MEMBER_BEHIND,
	KFIPMEM_MEMBER_SYNCING,
	KFIPMEM_MEMBER_IN_SYNC,
};

enum kfipmem_pool_attr {
	KFIPMEM_A_POOL_NAME = 1,
	KFIPMEM_A_POOL_PATH,
	KFIPMEM_A_POOL_RAM_SIZE,
	KFIPMEM_A_POOL_FORCE,
	KFIPMEM_A_POOL_CACHE_MODEL,
	KFIPMEM_A_POOL_CACHE_SEED,
	KFIPMEM_A_POOL_UUID,
	KFIPMEM_A_POOL_INCARNATION,
	KFIPMEM_A_POOL_SIZE,
	KFIPMEM_A_POOL_FREE,
	KFIPMEM_A_POOL_MAX_FREE,
	KFIPMEM_A_POOL_REGIONS,
	KFIPMEM_A_POOL_DOMAIN,

	__KFIPMEM_A_POOL_MAX,
	KFIPMEM_A_POOL_MAX = (__KFIPMEM_A_POOL_MAX - 1)
};

enum kfipmem_region_attr {
	KFIPMEM_A_REGION_POOL = 1,
	KFIPMEM_A_REGION_NAME,
	KFIPMEM_A_REGION_SIZE,
	KFIPMEM_A_REGION_UUID,
	KFIPMEM_A_REGION_INCARNATION,
	KFIPMEM_A_REGION_GENERATION,
	KFIPMEM_A_REGION_EPOCH,
	KFIPMEM_A_REGION_DOMAIN,
	KFIPMEM_A_REGION_ATOMIC_WIDTH,
	KFIPMEM_A_REGION_NODE,
	KFIPMEM_A_REGION_OPENS,

	__KFIPMEM_A_REGION_MAX,
	KFIPMEM_A_REGION_MAX = (__KFIPMEM_A_REGION_MAX - 1)
};

enum kfipmem_export_attr {
	KFIPMEM_A_EXPORT_POOL = 1,
	KFIPMEM_A_EXPORT_REGION,
	KFIPMEM_A_EXPORT_PEER,
	KFIPMEM_A_EXPORT_KEY,
	KFIPMEM_A_EXPORT_INSECURE,
	KFIPMEM_A_EXPORT_READ_ONLY,
	KFIPMEM_A_EXPORT_REVOKED,
	KFIPMEM_A_EXPORT_ATTACHED,
	KFIPMEM_A_EXPORT_EPOCH,

	__KFIPMEM_A_EXPORT_MAX,
	KFIPMEM_A_EXPORT_MAX = (__KFIPMEM_A_EXPORT_MAX - 1)
};

enum kfipmem_target_attr {
	KFIPMEM_A_TARGET_ADDR = 1,
	KFIPMEM_A_TARGET_PORT,
	KFIPMEM_A_TARGET_PROVIDER,
	KFIPMEM_A_TARGET_LISTENING,
	KFIPMEM_A_TARGET_POOLS,
	KFIPMEM_A_TARGET_REGIONS,
	KFIPMEM_A_TARGET_EXPORTS,
	KFIPMEM_A_TARGET_ATTACHMENTS,
	KFIPMEM_A_TARGET_OPENS,

	__KFIPMEM_A_TARGET_MAX,
	KFIPMEM_A_TARGET_MAX = (__KFIPMEM_A_TARGET_MAX - 1)
};

enum kfipmem_attachment_attr {
	KFIPMEM_A_ATTACHMENT_NAME = 1,
	KFIPMEM_A_ATTACHMENT_HOST,
	KFIPMEM_A_ATTACHMENT_PORT,
	KFIPMEM_A_ATTACHMENT_REGION,
	KFIPMEM_A_ATTACHMENT_PEER,
	KFIPMEM_A_ATTACHMENT_KEY,
	KFIPMEM_A_ATTACHMENT_INSECURE,
	KFIPMEM_A_ATTACHMENT_READ_ONLY,
	KFIPMEM_A_ATTACHMENT_PROVIDER,
	KFIPMEM_A_ATTACHMENT_FORCE,
	KFIPMEM_A_ATTACHMENT_SIZE,
	KFIPMEM_A_ATTACHMENT_UUID,
	KFIPMEM_A_ATTACHMENT_INCARNATION,
	KFIPMEM_A_ATTACHMENT_GENERATION,
	KFIPMEM_A_ATTACHMENT_EPOCH,
	KFIPMEM_A_ATTACHMENT_DOMAIN,
	KFIPMEM_A_ATTACHMENT_METHOD,
	KFIPMEM_A_ATTACHMENT_ATOMIC_WIDTH,
	KFIPMEM_A_ATTACHMENT_INLINE_MAX,
	KFIPMEM_A_ATTACHMENT_NODE,
	KFIPMEM_A_ATTACHMENT_OPENS,

	__KFIPMEM_A_ATTACHMENT_MAX,
	KFIPMEM_A_ATTACHMENT_MAX = (__KFIPMEM_A_ATTACHMENT_MAX - 1)
};

enum kfipmem_stats_attr {
	KFIPMEM_A_STATS_NAME = 1,
	KFIPMEM_A_STATS_ENDPOINT,
	KFIPMEM_A_STATS_OP,
	KFIPMEM_A_STATS_COMMITS,
	KFIPMEM_A_STATS_SERVED_COMMITS,
	KFIPMEM_A_STATS_REFUSED,
	KFIPMEM_A_STATS_PEERS,
	KFIPMEM_A_STATS_PEER_MEMORY,
	KFIPMEM_A_STATS_RECONNECTS,
	KFIPMEM_A_STATS_CREDIT_STALLS,

	__KFIPMEM_A_STATS_MAX,
	KFIPMEM_A_STATS_MAX = (__KFIPMEM_A_STATS_MAX - 1)
};

enum kfipmem_op_stats_attr {
	KFIPMEM_A_OP_STATS_OP = 1,
	KFIPMEM_A_OP_STATS_OPS,
	KFIPMEM_A_OP_STATS_ERRORS,
	KFIPMEM_A_OP_STATS_POSTS,
	KFIPMEM_A_OP_STATS_REQUESTS,
	KFIPMEM_A_OP_STATS_REPLIES,
	KFIPMEM_A_OP_STATS_BYTES_OUT,
	KFIPMEM_A_OP_STATS_BYTES_IN,
	KFIPMEM_A_OP_STATS_LATENCY,
	KFIPMEM_A_OP_STATS_SERVED,

	__KFIPMEM_A_OP_STATS_MAX,
	KFIPMEM_A_OP_STATS_MAX = (__KFIPMEM_A_OP_STATS_MAX - 1)
};

enum kfipmem_commit_stats_attr {
	KFIPMEM_A_COMMIT_STATS_METHOD = 1,
	KFIPMEM_A_COMMIT_STATS_COUNT,

	__KFIPMEM_A_COMMIT_STATS_MAX,
	KFIPMEM_A_COMMIT_STATS_MAX = (__KFIPMEM_A_COMMIT_STATS_MAX - 1)
};

enum kfipmem_set_attr {
	KFIPMEM_A_SET_NAME = 1,
	KFIPMEM_A_SET_CREATE,
	KFIPMEM_A_SET_ASSUME_CLEAN,
	KFIPMEM_A_SET_RAW,
	KFIPMEM_A_SET_FAIL_IO,
	KFIPMEM_A_SET_EXTENT_SIZE,
	KFIPMEM_A_SET_RESYNC_RATE,
	KFIPMEM_A_SET_MEMBER,
	KFIPMEM_A_SET_INDEX,
	KFIPMEM_A_SET_REPAIR,
	KFIPMEM_A_SET_UUID,
	KFIPMEM_A_SET_SIZE,
	KFIPMEM_A_SET_STATE,
	KFIPMEM_A_SET_EPOCH,
	KFIPMEM_A_SET_GENERATION,
	KFIPMEM_A_SET_QUORUM,
	KFIPMEM_A_SET_DIRTY_EXTENTS,
	KFIPMEM_A_SET_HELD,
	KFIPMEM_A_SET_READS,
	KFIPMEM_A_SET_WRITES,
	KFIPMEM_A_SET_COMMITS,
	KFIPMEM_A_SET_INTENT_WRITES,
	KFIPMEM_A_SET_TAKEOVER_MS,
	KFIPMEM_A_SET_SCRUBBING,
	KFIPMEM_A_SET_SCRUBBED,
	KFIPMEM_A_SET_MISMATCHES,
	KFIPMEM_A_SET_REPAIRED,
	KFIPMEM_A_SET_USERS,

	__KFIPMEM_A_SET_MAX,
	KFIPMEM_A_SET_MAX = (__KFIPMEM_A_SET_MAX - 1)
};

enum kfipmem_member_attr {
	KFIPMEM_A_MEMBER_POOL = 1,
	KFIPMEM_A_MEMBER_REGION,
	KFIPMEM_A_MEMBER_HOST,
	KFIPMEM_A_MEMBER_PORT,
	KFIPMEM_A_MEMBER_PROVIDER,
	KFIPMEM_A_MEMBER_PEER,
	KFIPMEM_A_MEMBER_KEY,
	KFIPMEM_A_MEMBER_INSECURE,
	KFIPMEM_A_MEMBER_WITNESS,
	KFIPMEM_A_MEMBER_INDEX,
	KFIPMEM_A_MEMBER_STATE,
	KFIPMEM_A_MEMBER_FULL,
	KFIPMEM_A_MEMBER_ERROR,
	KFIPMEM_A_MEMBER_BEHIND,
	KFIPMEM_A_MEMBER_RESYNCED,
	KFIPMEM_A_MEMBER_RESYNC_TOTAL,
	KFIPMEM_A_MEMBER_WRITES,
	KFIPMEM_A_MEMBER_REMOVED,

	__KFIPMEM_A_MEMBER_MAX,
	KFIPMEM_A_MEMBER_MAX = (__KFIPMEM_A_MEMBER_MAX - 1)
};

enum kfipmem_blk_attr {
	KFIPMEM_A_BLK_NUMBER = 1,
	KFIPMEM_A_BLK_SET,
	KFIPMEM_A_BLK_BLOCK_SIZE,
	KFIPMEM_A_BLK_READ_ONLY,
	KFIPMEM_A_BLK_FORCE,
	KFIPMEM_A_BLK_SIZE,
	KFIPMEM_A_BLK_OPENERS,

	__KFIPMEM_A_BLK_MAX,
	KFIPMEM_A_BLK_MAX = (__KFIPMEM_A_BLK_MAX - 1)
};

enum kfipmem_cmd {
	KFIPMEM_CMD_POOL_CREATE = 1,
	KFIPMEM_CMD_POOL_OPEN,
	KFIPMEM_CMD_POOL_CLOSE,
	KFIPMEM_CMD_POOL_DESTROY,
	KFIPMEM_CMD_POOL_GET,
	KFIPMEM_CMD_REGION_CREATE,
	KFIPMEM_CMD_REGION_REMOVE,
	KFIPMEM_CMD_REGION_GET,
	KFIPMEM_CMD_EXPORT_ADD,
	KFIPMEM_CMD_EXPORT_REMOVE,
	KFIPMEM_CMD_EXPORT_GET,
	KFIPMEM_CMD_FENCE,
	KFIPMEM_CMD_LISTEN,
	KFIPMEM_CMD_UNLISTEN,
	KFIPMEM_CMD_ATTACH,
	KFIPMEM_CMD_DETACH,
	KFIPMEM_CMD_ATTACHMENT_GET,
	KFIPMEM_CMD_STATS_GET,
	KFIPMEM_CMD_STATUS_GET,
	KFIPMEM_CMD_SET_START,
	KFIPMEM_CMD_SET_STOP,
	KFIPMEM_CMD_SET_ADD,
	KFIPMEM_CMD_SET_REMOVE,
	KFIPMEM_CMD_SET_SCRUB,
	KFIPMEM_CMD_SET_GET,
	KFIPMEM_CMD_BLK_ADD,
	KFIPMEM_CMD_BLK_DEL,
	KFIPMEM_CMD_BLK_RESIZE,
	KFIPMEM_CMD_BLK_GET,

	__KFIPMEM_CMD_MAX,
	KFIPMEM_CMD_MAX = (__KFIPMEM_CMD_MAX - 1)
};

/*
 * ioctls of /dev/kfi/<name>.
 *
 * Every struct starts with argsz, the size that the caller was compiled with:
 * a field that is added later is taken as zero from an older caller, and a
 * newer caller on an older kernel is refused with E2BIG unless the fields that
 * kernel does not know are zero. An unknown flag is refused with EINVAL.
 */

/**
 * struct kfi_ioc_info - facts about the region behind a node
 * @argsz: size of this struct; on return the bytes that the kernel filled
 * @flags: must be 0; on return KFI_IOC_INFO_LOCAL, KFI_IOC_INFO_READ_ONLY
 * @uuid: identity of the region
 * @incarnation: changes each time the region's pool is opened
 * @size: bytes
 * @generation: which bytes
 * @epoch: who may write
 * @domain: enum kfipmem_domain, as the region's owner attests it
 * @method: enum kfipmem_method
 * @atomic_width: bytes of the largest store that is never found torn
 * @inline_max: bytes that a durable write carries in its request
 * @max_io: bytes of the largest transfer that is one operation on the fabric,
 *	0 for a local region
 */
struct kfi_ioc_info {
	__u32 argsz;
	__u32 flags;
	__u8 uuid[KFIPMEM_UUID_SIZE];
	__u8 incarnation[KFIPMEM_UUID_SIZE];
	__u64 size;
	__u64 generation;
	__u64 epoch;
	__u32 domain;
	__u32 method;
	__u32 atomic_width;
	__u32 inline_max;
	__u64 max_io;
};

#define KFI_IOC_INFO_LOCAL	(1U << 0)
#define KFI_IOC_INFO_READ_ONLY	(1U << 1)

/**
 * struct kfi_ioc_commit - make a range durable
 * @argsz: size of this struct
 * @flags: KFI_IOC_COMMIT_DEEP or 0
 * @offset: first byte
 * @length: bytes, 0 for the rest of the region
 *
 * Covers every write to the range that returned before, through any file of
 * the node. Needs a file that is open for writing.
 */
struct kfi_ioc_commit {
	__u32 argsz;
	__u32 flags;
	__u64 offset;
	__u64 length;
};

/* Down to the medium itself, past the queues that a power loss drains. */
#define KFI_IOC_COMMIT_DEEP	(1U << 0)

/**
 * struct kfi_ioc_publish - write data and then, durably, a word announcing it
 * @argsz: size of this struct
 * @flags: must be 0
 * @offset: where the data goes
 * @data: address of the data
 * @length: bytes of data, at least 1, at most 2 GiB less a page
 * @word_offset: where the word goes, a multiple of 8, outside of the data
 * @word: stored as a little-endian 8-byte store after the data is durable
 *
 * After a crash the word is never found without the data. Returns when both
 * are durable.
 */
struct kfi_ioc_publish {
	__u32 argsz;
	__u32 flags;
	__u64 offset;
	__u64 data;
	__u64 length;
	__u64 word_offset;
	__u64 word;
};

/* Types of elements, of an atomic operation. */
enum kfipmem_type {
	KFIPMEM_TYPE_INT8,
	KFIPMEM_TYPE_UINT8,
	KFIPMEM_TYPE_INT16,
	KFIPMEM_TYPE_UINT16,
	KFIPMEM_TYPE_INT32,
	KFIPMEM_TYPE_UINT32,
	KFIPMEM_TYPE_INT64,
	KFIPMEM_TYPE_UINT64,
	KFIPMEM_TYPE_FLOAT,
	KFIPMEM_TYPE_DOUBLE,
};

/*
 * Atomic operations: x is the element, a the operand, c the comparand. A
 * fetch is KFIPMEM_ATOMIC_READ, a swap KFIPMEM_ATOMIC_WRITE with a result.
 */
enum kfipmem_atomic_op {
	KFIPMEM_ATOMIC_MIN,		/* if (a < x) x = a */
	KFIPMEM_ATOMIC_MAX,		/* if (a > x) x = a */
	KFIPMEM_ATOMIC_SUM,		/* x += a */
	KFIPMEM_ATOMIC_PROD,		/* x *= a */
	KFIPMEM_ATOMIC_LOR,		/* x = x || a */
	KFIPMEM_ATOMIC_LAND,		/* x = x && a */
	KFIPMEM_ATOMIC_BOR,		/* x |= a; integers */
	KFIPMEM_ATOMIC_BAND,		/* x &= a; integers */
	KFIPMEM_ATOMIC_LXOR,		/* x = !x != !a */
	KFIPMEM_ATOMIC_BXOR,		/* x ^= a; integers */
	KFIPMEM_ATOMIC_READ,		/* nothing */
	KFIPMEM_ATOMIC_WRITE,		/* x = a */
	KFIPMEM_ATOMIC_CSWAP,		/* if (c == x) x = a */
	KFIPMEM_ATOMIC_CSWAP_NE,	/* if (c != x) x = a */
	KFIPMEM_ATOMIC_CSWAP_LE,	/* if (c <= x) x = a */
	KFIPMEM_ATOMIC_CSWAP_LT,	/* if (c < x) x = a */
	KFIPMEM_ATOMIC_CSWAP_GE,	/* if (c >= x) x = a */
	KFIPMEM_ATOMIC_CSWAP_GT,	/* if (c > x) x = a */
	KFIPMEM_ATOMIC_MSWAP,		/* x = (a & c) | (x & ~c); integers */
};

/**
 * struct kfi_ioc_atomic - operate atomically on elements
 * @argsz: size of this struct
 * @flags: KFI_IOC_ATOMIC_COMMIT or 0
 * @offset: of the first element, a multiple of its size
 * @op: enum kfipmem_atomic_op
 * @type: enum kfipmem_type
 * @count: elements, that are together at most KFI_IOC_ATOMIC_BYTES
 * @operand: address of @count operands; not read by KFIPMEM_ATOMIC_READ
 * @compare: address of @count comparands; read by the operations with c only
 * @result: address for the @count old values, or 0. KFIPMEM_ATOMIC_READ needs it
 *
 * Each element is operated on by the CPU of the machine that has it, atomically
 * against everything that CPUs and other peers do there; all of them together
 * are not one step. Byte order is that of the machine.
 *
 * Needs a file that is open for writing, except for KFIPMEM_ATOMIC_READ without
 * KFI_IOC_ATOMIC_COMMIT; and one that is open for reading if there is a result.
 *
 * Errors: EBADF for the file; EINVAL for unknown flags, operations and types,
 * for an offset that is not aligned or elements that are not in the region, for
 * a count of 0 and for a fetch without result; E2BIG for too many elements;
 * EFAULT for addresses; EOPNOTSUPP for an operation that the region's owner
 * does not have for the type, and for a replica set, whose members cannot be
 * operated on in one step. When a result cannot be stored (EFAULT), and when
 * a call was interrupted by a fatal signal, the operation may have been done.
 */
struct kfi_ioc_atomic {
	__u32 argsz;
	__u32 flags;
	__u64 offset;
	__u32 op;
	__u32 type;
	__u64 count;
	__u64 operand;
	__u64 compare;
	__u64 result;
};

/* Durable on completion. */
#define KFI_IOC_ATOMIC_COMMIT	(1U << 0)

#define KFI_IOC_ATOMIC_BYTES	256

/*
 * io_uring commands of /dev/kfi/<name>: IORING_OP_URING_CMD, on a ring with
 * IORING_SETUP_SQE128, whose sqe has the command in cmd_op and its struct in
 * cmd. What the struct does not fill of the 80 bytes there must be zero.
 *
 * Local memory is at an address of the process, or with
 * IORING_URING_CMD_FIXED in a registered buffer. The result in the completion
 * is the number of bytes that were put or got, 0 where there are none, or an
 * error: all was done, or something failed. What failed may have been done in
 * part. A command that is cancelled because its process ends may still be
 * carried out afterwards, by a memory of its own; nobody waits for it.
 *
 * Commands are not ordered among each other: link them, or wait.
 */
enum kfi_uring_op {
	KFI_URING_PUT = 1,	/* struct kfi_uring_rw */
	KFI_URING_GET,		/* struct kfi_uring_rw */
	KFI_URING_PUTV,		/* struct kfi_uring_vec */
	KFI_URING_GETV,		/* struct kfi_uring_vec */
	KFI_URING_COMMIT,	/* struct kfi_uring_commit */
	KFI_URING_ATOMIC,	/* struct kfi_uring_atomic */
	KFI_URING_PUBLISH,	/* struct kfi_uring_signal */
	KFI_URING_PUT_SIGNAL,	/* struct kfi_uring_signal */
};

/* Durable on completion: of PUT, PUTV, ATOMIC, PUT_SIGNAL. */
#define KFI_URING_F_DURABLE	(1U << 0)
/* Down to the medium itself: of COMMIT. */
#define KFI_URING_F_DEEP	(1U << 1)
/* The word is added and not set: of PUT_SIGNAL. */
#define KFI_URING_F_ADD		(1U << 2)

#define KFI_URING_RANGES	64	/* in a vector, and in a commit */

/**
 * struct kfi_uring_range - bytes of a region
 * @offset: first byte
 * @length: bytes, at least 1
 */
struct kfi_uring_range {
	__u64 offset;
	__u64 length;
};

/**
 * struct kfi_uring_rw - put or get a range
 * @flags: KFI_URING_F_DURABLE, of a put, or 0
 * @reserved: must be 0
 * @offset: in the region
 * @addr: local memory
 * @length: bytes, at least 1
 */
struct kfi_uring_rw {
	__u32 flags;
	__u32 reserved;
	__u64 offset;
	__u64 addr;
	__u64 length;
};

/**
 * struct kfi_uring_vec - put or get ranges
 * @flags: KFI_URING_F_DURABLE, of a put, or 0
 * @nr: ranges, 1 to KFI_URING_RANGES
 * @ranges: address of struct kfi_uring_range[@nr]
 * @addr: local memory, where the bytes of the ranges follow one another
 */
struct kfi_uring_vec {
	__u32 flags;
	__u32 nr;
	__u64 ranges;
	__u64 addr;
};

/**
 * struct kfi_uring_commit - make ranges durable
 * @flags: KFI_URING_F_DEEP or 0
 * @nr: ranges, 1 to KFI_URING_RANGES
 * @ranges: address of struct kfi_uring_range[@nr]
 *
 * Covers what completed before, as struct kfi_ioc_commit does.
 */
struct kfi_uring_commit {
	__u32 flags;
	__u32 nr;
	__u64 ranges;
};

/**
 * struct kfi_uring_atomic - operate atomically on elements
 * @flags: KFI_URING_F_DURABLE or 0
 * @reserved: must be 0
 * @offset: see struct kfi_ioc_atomic
 * @op: see there
 * @type: see there
 * @count: see there
 * @operand: see there; read when the command is issued
 * @compare: likewise
 * @result: see there
 */
struct kfi_uring_atomic {
	__u32 flags;
	__u32 reserved;
	__u64 offset;
	__u32 op;
	__u32 type;
	__u64 count;
	__u64 operand;
	__u64 compare;
	__u64 result;
};

/**
 * struct kfi_uring_signal - put data, and then a word announcing it
 * @flags: of KFI_URING_PUT_SIGNAL: KFI_URING_F_DURABLE, KFI_URING_F_ADD; else 0
 * @reserved: must be 0
 * @offset: where the data goes
 * @addr: local memory
 * @length: bytes of data, at least 1
 * @word_offset: of the word, a multiple of 8, outside of the data
 * @word: stored to the word, or added, as 8 bytes in one step
 *
 * Whoever sees the word sees the data; with KFI_URING_F_DURABLE the data is
 * durable before the word can be seen, and the word on completion. Of data that
 * was not stored no word is. KFI_URING_PUBLISH is the durable one that sets.
 */
struct kfi_uring_signal {
	__u32 flags;
	__u32 reserved;
	__u64 offset;
	__u64 addr;
	__u64 length;
	__u64 word_offset;
	__u64 word;
};

#define KFI_IOC_TYPE		'K'
#define KFI_IOC_INFO		_IO(KFI_IOC_TYPE, 0xe0)
#define KFI_IOC_COMMIT		_IO(KFI_IOC_TYPE, 0xe1)
#define KFI_IOC_PUBLISH		_IO(KFI_IOC_TYPE, 0xe2)
#define KFI_IOC_ATOMIC		_IO(KFI_IOC_TYPE, 0xe3)

#endif /* _UAPI_KFI_USER_H */
