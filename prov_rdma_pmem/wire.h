/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What goes over the wire between an initiator and a target, beside RDMA
 * READ and WRITE. All integers are little-endian. The protocol is described
 * in Documentation/wire-protocol.rst.
 *
 * A connection has an initiator, which sends requests, and a target, which
 * sends one reply to each request and notices of its own accord. A request
 * needs a credit; its reply gives the credit back. So a target posts as many
 * receives as it grants credits, and an initiator as many as it has requests
 * outstanding, plus KFR_WIRE_NOTICES.
 */
#ifndef KFR_WIRE_H
#define KFR_WIRE_H

#include <linux/types.h>

#define KFR_WIRE_MAGIC		0x6b66706dU	/* "kfpm" */
#define KFR_WIRE_VERSION	4

#define KFR_WIRE_INLINE_MAX	1024	/* data bytes in a request */
#define KFR_WIRE_REQUEST_MAX	1280	/* bytes of the largest request */
#define KFR_WIRE_REPLY_DATA	256	/* data bytes in a reply */
#define KFR_WIRE_REPLY_MAX	384	/* bytes of the largest reply or notice */
#define KFR_WIRE_RANGES_MAX	8	/* ranges of one commit */
#define KFR_WIRE_RKEYS_MAX	(KFR_WIRE_REPLY_DATA / 4)
#define KFR_WIRE_CREDITS_MIN	4
#define KFR_WIRE_CREDITS_MAX	256
#define KFR_WIRE_NOTICES	8	/* notices a target may have under way */
#define KFR_WIRE_CHUNKS_MAX	65536	/* hardware keys of one grant */
#define KFR_WIRE_BASE_MAX	65536	/* largest page of any target */
#define KFR_WIRE_NAME		64
#define KFR_WIRE_NONCE		32
#define KFR_WIRE_PROOF		32
#define KFR_WIRE_MSG_MAX	0x100000U

enum kfr_wire_type {
	KFR_WIRE_HELLO = 1,	/* initiator names itself */
	KFR_WIRE_PROOF_REQ,	/* and proves that it holds the key */
	KFR_WIRE_ATTACH,	/* asks for a region or memory region */
	KFR_WIRE_RKEYS,		/* asks for more of its hardware keys */
	KFR_WIRE_DETACH,
	KFR_WIRE_COMMIT,
	KFR_WIRE_WRITE,		/* inline write, durable or visible */
	KFR_WIRE_PUBLISH,
	KFR_WIRE_ATOMIC,
	KFR_WIRE_MESSAGE,	/* a message or a fragment of one */
	KFR_WIRE_REQUEST_END,

	KFR_WIRE_REPLY = 32,
	KFR_WIRE_REVOKED,	/* notice: a grant was withdrawn */
	KFR_WIRE_REPLY_END,
};

/* Private data of the connection request and of its acceptance. */
struct kfr_wire_cm {
	__le32 magic;
	__le16 version;
	__le16 credits;		/* asked for, granted */
	__le32 request_max;
	__le32 reply_max;
} __packed;

struct kfr_wire_hdr {
	__u8 version;
	__u8 type;
	__le16 length;		/* of the whole message */
	__le32 id;		/* returned in the reply */
} __packed;

/*
 * IMMEDIATE: an RDMA WRITE with immediate data is a COMMIT of what it wrote. The
 * immediate data say where that is, and both sides count the id.
 */
#define KFR_WIRE_IMM_UNIT_SHIFT	12	/* of offsets */
#define KFR_WIRE_IMM_UNIT_BITS	26
#define KFR_WIRE_IMM_GRANTS	64	/* numbers from 1 on that have room */
#define KFR_WIRE_IMM_ID		0x8000	/* in the lower half of the id */

struct kfr_wire_hello {
	struct kfr_wire_hdr hdr;
	char peer[KFR_WIRE_NAME];
	__u8 nonce[KFR_WIRE_NONCE];
	__le16 port;		/* where the initiator listens, or 0 */
	__le16 reserved;
} __packed;

struct kfr_wire_proof {
	struct kfr_wire_hdr hdr;
	__u8 proof[KFR_WIRE_PROOF];
} __packed;

/* ATTACH: a region by name, or a memory region by key where name[0] is 0. */
struct kfr_wire_attach {
	struct kfr_wire_hdr hdr;
	char name[KFR_WIRE_NAME];
	__le64 key;
	__u8 uuid[16];
	__le64 generation;
	__le64 epoch;
	__le32 access;
	__le32 flags;
} __packed;

#define KFR_WIRE_ACCESS_READ	0x1
#define KFR_WIRE_ACCESS_WRITE	0x2
#define KFR_WIRE_ACCESS_FLUSH	0x4	/* with WRITE: commit by RDMA FLUSH */

#define KFR_WIRE_ATTACH_RAISE	0x1	/* accept the epoch first, and fence */
#define KFR_WIRE_ATTACH_SOLE	0x2	/* revoke the peer's earlier ones first */

struct kfr_wire_rkeys {
	struct kfr_wire_hdr hdr;
	__le32 grant;
	__le32 first;
} __packed;

struct kfr_wire_detach {
	struct kfr_wire_hdr hdr;
	__le32 grant;
} __packed;

struct kfr_wire_range {
	__le64 offset;
	__le64 length;		/* 0: the whole region */
	__le32 grant;
} __packed;

struct kfr_wire_commit {
	struct kfr_wire_hdr hdr;
	__u8 level;
	__u8 count;
	struct kfr_wire_range range[];
} __packed;

#define KFR_WIRE_F_COMMIT	0x1	/* durable before the reply */
#define KFR_WIRE_F_MEDIA	0x2	/* with COMMIT: deep */
#define KFR_WIRE_F_INLINE	0x4	/* PUBLISH: data follows */
#define KFR_WIRE_F_FETCH	0x8	/* ATOMIC: the reply has the old value */

struct kfr_wire_write {
	struct kfr_wire_hdr hdr;
	__le32 grant;
	__le16 flags;
	__le16 length;
	__le64 offset;
	__u8 data[];
} __packed;

struct kfr_wire_publish {
	struct kfr_wire_hdr hdr;
	__le16 flags;
	__le16 reserved;
	__le32 grant;		/* of the data */
	__le64 offset;
	__le64 length;
	__le32 word_grant;
	__le64 word_offset;
	__le64 word;
	__u8 data[];
} __packed;

struct kfr_wire_atomic {
	struct kfr_wire_hdr hdr;
	__le32 grant;
	__le16 flags;
	__u8 datatype;		/* enum kfi_datatype */
	__u8 op;		/* enum kfi_op */
	__le16 count;
	__le16 reserved;
	__le64 offset;
	__u8 data[];		/* operands, then comparands */
} __packed;

struct kfr_wire_message {
	struct kfr_wire_hdr hdr;
	__le32 message;		/* which message this is a fragment of */
	__le32 total;
	__le32 offset;
	__le16 flags;
	__le16 length;
	__le64 cq_data;
	__u8 data[];
} __packed;

#define KFR_WIRE_F_CQ_DATA	0x10

struct kfr_wire_reply {
	struct kfr_wire_hdr hdr;
	__le32 status;		/* 0 or an errno value, positive */
	__u8 data[];
} __packed;

/* Data of the replies that have some. */
struct kfr_wire_challenge {
	__u8 nonce[KFR_WIRE_NONCE];
	__u8 incarnation[16];	/* of the target's provider */
} __packed;

struct kfr_wire_welcome {
	__u8 proof[KFR_WIRE_PROOF];
} __packed;

struct kfr_wire_grant {
	__le32 grant;
	__le32 access;
	__le64 size;
	__u8 uuid[16];
	__u8 incarnation[16];
	__le64 generation;
	__le64 epoch;
	__u8 domain;		/* enum kfi_pmem_domain */
	__u8 atomic_width;
	__u8 coherent;		/* acknowledged writes are in the caches */
	__u8 chunk_shift;	/* log2 of the addresses under one hardware key */
	__le32 chunks;
	__le32 base;		/* added to offsets: first byte's place in a page */
} __packed;

/* With ESTALE, which alone has data of the failures: what the region is. */
struct kfr_wire_stale {
	__u8 uuid[16];
	__le64 generation;
	__le64 epoch;
} __packed;

struct kfr_wire_revoked {
	struct kfr_wire_hdr hdr;
	__le32 grant;
	__le32 status;
} __packed;

static inline bool kfr_wire_imm_fits(u32 grant, u64 offset)
{
	return grant && grant < KFR_WIRE_IMM_GRANTS &&
	       !(offset & ((1U << KFR_WIRE_IMM_UNIT_SHIFT) - 1)) &&
	       !(offset >> (KFR_WIRE_IMM_UNIT_SHIFT + KFR_WIRE_IMM_UNIT_BITS));
}

static inline u32 kfr_wire_imm(u32 grant, u64 offset)
{
	return grant << KFR_WIRE_IMM_UNIT_BITS |
	       offset >> KFR_WIRE_IMM_UNIT_SHIFT;
}

static inline u32 kfr_wire_imm_id(u16 count)
{
	return KFR_WIRE_IMM_ID | (u32)count << 16;
}

/* The decoder: see wire.c. */
int kfr_wire_check_imm(u32 imm, u32 length, u32 id, struct kfr_wire_commit *m);
int kfr_wire_check_cm(const void *data, size_t len, u16 *credits);
int kfr_wire_check_request(const void *data, size_t len);
int kfr_wire_check_reply(const void *data, size_t len);
int kfr_wire_check_grant(const void *data, size_t len);
int kfr_wire_check_stale(const void *data, size_t len);
bool kfr_wire_name_ok(const char *name, bool may_be_empty);

/* Status on the wire: only errors that mean something to the other side. */
u32 kfr_wire_status_of(int err);
int kfr_wire_error_of(u32 status);

static inline u32 kfr_wire_status(int err)
{
	return likely(!err) ? 0 : kfr_wire_status_of(err);
}

static inline int kfr_wire_error(u32 status)
{
	return likely(!status) ? 0 : kfr_wire_error_of(status);
}

#endif
