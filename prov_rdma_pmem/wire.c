// SPDX-License-Identifier: GPL-2.0-only
/*
 * The one decoder of what comes over the wire. Nothing that a peer sent is
 * used before it passed here; what passed has lengths that agree, counts and
 * enums in range, and names that end. Whether a grant exists and a range lies
 * within it is the target's own knowledge and is checked there.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/overflow.h>
#include <linux/string.h>

#include "kfi_atomic.h"
#include "kfi_pmem.h"
#include "kfi_pmem_prov.h"
#include "wire.h"

static_assert(sizeof(struct kfr_wire_hdr) == 8);
static_assert(sizeof(struct kfr_wire_range) == 20);
static_assert(sizeof(struct kfr_wire_write) == 24);
static_assert(sizeof(struct kfr_wire_attach) == 120);
static_assert(sizeof(struct kfr_wire_grant) <= KFR_WIRE_REPLY_DATA);
static_assert(sizeof(struct kfr_wire_stale) == 32);
static_assert(sizeof(struct kfr_wire_reply) + KFR_WIRE_REPLY_DATA <=
	      KFR_WIRE_REPLY_MAX);
static_assert(sizeof(struct kfr_wire_publish) + KFR_WIRE_INLINE_MAX <=
	      KFR_WIRE_REQUEST_MAX);
static_assert(sizeof(struct kfr_wire_message) + KFR_WIRE_INLINE_MAX <=
	      KFR_WIRE_REQUEST_MAX);

/**
 * kfr_wire_check_cm() - check the private data of a connection request
 * @data: private data
 * @len: bytes of it; the CM pads it, so more than ours is fine
 * @credits: where the credits go that the peer asks for or grants; untouched
 *	by what is refused
 *
 * Context: any.
 * Return: 0; -EPROTO: not ours; -EPROTONOSUPPORT: another version.
 */
int kfr_wire_check_cm(const void *data, size_t len, u16 *credits)
{
	const struct kfr_wire_cm *cm = data;
	u16 n;

	if (!data || len < sizeof(*cm) ||
	    le32_to_cpu(cm->magic) != KFR_WIRE_MAGIC)
		return -EPROTO;
	if (le16_to_cpu(cm->version) != KFR_WIRE_VERSION)
		return -EPROTONOSUPPORT;
	n = le16_to_cpu(cm->credits);
	if (n < KFR_WIRE_CREDITS_MIN || n > KFR_WIRE_CREDITS_MAX)
		return -EPROTO;
	if (le32_to_cpu(cm->request_max) != KFR_WIRE_REQUEST_MAX ||
	    le32_to_cpu(cm->reply_max) != KFR_WIRE_REPLY_MAX)
		return -EPROTO;
	*credits = n;
	return 0;
}

/**
 * kfr_wire_name_ok() - is this fixed-size field a name?
 * @name: KFR_WIRE_NAME bytes
 * @may_be_empty: accept the empty name
 *
 * Context: any.
 * Return: whether it ends and holds name characters only.
 */
bool kfr_wire_name_ok(const char *name, bool may_be_empty)
{
	size_t len = strnlen(name, KFR_WIRE_NAME), i;

	if (len == KFR_WIRE_NAME || (!len && !may_be_empty))
		return false;
	for (i = 0; i < len; i++)
		if (name[i] <= ' ' || name[i] > '~' || name[i] == '/')
			return false;
	return true;
}

static int check_hello(const struct kfr_wire_hello *m, size_t len)
{
	return len == sizeof(*m) && kfr_wire_name_ok(m->peer, false) &&
	       !m->reserved ? 0 : -EPROTO;
}

static bool access_known(u32 access)
{
	if (access & ~(KFR_WIRE_ACCESS_READ | KFR_WIRE_ACCESS_WRITE |
		       KFR_WIRE_ACCESS_FLUSH))
		return false;
	return !(access & KFR_WIRE_ACCESS_FLUSH) ||
	       access & KFR_WIRE_ACCESS_WRITE;
}

static int check_attach(const struct kfr_wire_attach *m, size_t len)
{
	u32 access, flags;

	if (len != sizeof(*m) || !kfr_wire_name_ok(m->name, true))
		return -EPROTO;
	access = le32_to_cpu(m->access);
	if (!access || !access_known(access))
		return -EPROTO;
	/* Only named regions are exported and have epochs, and 0 is none. */
	flags = le32_to_cpu(m->flags);
	if (flags & ~(KFR_WIRE_ATTACH_RAISE | KFR_WIRE_ATTACH_SOLE) ||
	    (flags && !m->name[0]) ||
	    (flags & KFR_WIRE_ATTACH_RAISE && !m->epoch) ||
	    (flags & KFR_WIRE_ATTACH_SOLE &&
	     !(access & KFR_WIRE_ACCESS_WRITE)))
		return -EPROTO;
	return 0;
}

static int check_commit(const struct kfr_wire_commit *m, size_t len)
{
	unsigned int i;
	u64 end;

	if (len < sizeof(*m) || !m->count || m->count > KFR_WIRE_RANGES_MAX ||
	    len != struct_size(m, range, m->count) ||
	    m->level > KFI_COMMIT_MEDIA)
		return -EPROTO;
	for (i = 0; i < m->count; i++)
		if (check_add_overflow(le64_to_cpu(m->range[i].offset),
				       le64_to_cpu(m->range[i].length), &end))
			return -EPROTO;
	return 0;
}

static int check_write(const struct kfr_wire_write *m, size_t len)
{
	u16 flags, length;
	u64 end;

	if (len < sizeof(*m))
		return -EPROTO;
	flags = le16_to_cpu(m->flags);
	length = le16_to_cpu(m->length);
	if (flags & ~(KFR_WIRE_F_COMMIT | KFR_WIRE_F_MEDIA) ||
	    (flags & KFR_WIRE_F_MEDIA && !(flags & KFR_WIRE_F_COMMIT)) ||
	    length > KFR_WIRE_INLINE_MAX || len != sizeof(*m) + length ||
	    check_add_overflow(le64_to_cpu(m->offset), (u64)length, &end))
		return -EPROTO;
	return 0;
}

static int check_publish(const struct kfr_wire_publish *m, size_t len)
{
	u64 length, end;
	u16 flags;

	if (len < sizeof(*m) || m->reserved)
		return -EPROTO;
	flags = le16_to_cpu(m->flags);
	length = le64_to_cpu(m->length);
	if (flags & ~(KFR_WIRE_F_INLINE | KFR_WIRE_F_MEDIA) ||
	    le64_to_cpu(m->word_offset) % sizeof(u64) ||
	    check_add_overflow(le64_to_cpu(m->offset), length, &end) ||
	    check_add_overflow(le64_to_cpu(m->word_offset), 8ULL, &end))
		return -EPROTO;
	if (flags & KFR_WIRE_F_INLINE) {
		if (length > KFR_WIRE_INLINE_MAX || len != sizeof(*m) + length)
			return -EPROTO;
	} else if (len != sizeof(*m) || !length) {
		return -EPROTO;
	}
	return 0;
}

static int check_atomic(const struct kfr_wire_atomic *m, size_t len)
{
	u32 size, operands, bytes;
	u64 offset, end;
	u16 flags;

	if (len < sizeof(*m) || m->reserved)
		return -EPROTO;
	flags = le16_to_cpu(m->flags);
	size = kfi_atomic_size(m->datatype);
	operands = kfi_atomic_operands(m->op);
	offset = le64_to_cpu(m->offset);
	if (flags & ~(KFR_WIRE_F_COMMIT | KFR_WIRE_F_MEDIA |
		      KFR_WIRE_F_FETCH) ||
	    !size || operands > 2 || !m->count ||
	    (!operands && !(flags & KFR_WIRE_F_FETCH)) ||
	    (flags & KFR_WIRE_F_MEDIA && !(flags & KFR_WIRE_F_COMMIT)))
		return -EPROTO;
	bytes = size * le16_to_cpu(m->count);
	if (bytes > KFR_WIRE_REPLY_DATA || offset % size ||
	    check_add_overflow(offset, (u64)bytes, &end) ||
	    len != sizeof(*m) + (size_t)bytes * operands)
		return -EPROTO;
	return 0;
}

static int check_message(const struct kfr_wire_message *m, size_t len)
{
	u32 total, offset;
	u16 length;

	if (len < sizeof(*m))
		return -EPROTO;
	total = le32_to_cpu(m->total);
	offset = le32_to_cpu(m->offset);
	length = le16_to_cpu(m->length);
	if (le16_to_cpu(m->flags) & ~KFR_WIRE_F_CQ_DATA ||
	    total > KFR_WIRE_MSG_MAX || length > KFR_WIRE_INLINE_MAX ||
	    len != sizeof(*m) + length || offset > total ||
	    length > total - offset || (!length && total))
		return -EPROTO;
	return 0;
}

static const struct kfr_wire_hdr *check_hdr(const void *data, size_t len)
{
	const struct kfr_wire_hdr *hdr = data;

	if (len < sizeof(*hdr) || hdr->version != KFR_WIRE_VERSION ||
	    le16_to_cpu(hdr->length) != len)
		return NULL;
	return hdr;
}

/**
 * kfr_wire_check_request() - check a message that an initiator sent
 * @data: message
 * @len: bytes received
 *
 * Context: any.
 * Return: 0 or -EPROTO.
 */
int kfr_wire_check_request(const void *data, size_t len)
{
	const struct kfr_wire_hdr *hdr = check_hdr(data, len);

	if (!hdr || len > KFR_WIRE_REQUEST_MAX)
		return -EPROTO;
	switch (hdr->type) {
	case KFR_WIRE_HELLO:
		return check_hello(data, len);
	case KFR_WIRE_PROOF_REQ:
		return len == sizeof(struct kfr_wire_proof) ? 0 : -EPROTO;
	case KFR_WIRE_ATTACH:
		return check_attach(data, len);
	case KFR_WIRE_RKEYS:
		return len == sizeof(struct kfr_wire_rkeys) ? 0 : -EPROTO;
	case KFR_WIRE_DETACH:
		return len == sizeof(struct kfr_wire_detach) ? 0 : -EPROTO;
	case KFR_WIRE_COMMIT:
		return check_commit(data, len);
	case KFR_WIRE_WRITE:
		return check_write(data, len);
	case KFR_WIRE_PUBLISH:
		return check_publish(data, len);
	case KFR_WIRE_ATOMIC:
		return check_atomic(data, len);
	case KFR_WIRE_MESSAGE:
		return check_message(data, len);
	default:
		return -EPROTO;
	}
}

/**
 * kfr_wire_check_imm() - check immediate data, and write out what they stand for
 * @imm: immediate data of an RDMA WRITE
 * @length: bytes that it wrote
 * @id: of the request
 * @m: filled; has room for one range
 *
 * Context: any.
 * Return: bytes of the message, or -EPROTO.
 */
int kfr_wire_check_imm(u32 imm, u32 length, u32 id, struct kfr_wire_commit *m)
{
	u64 unit = imm & (BIT(KFR_WIRE_IMM_UNIT_BITS) - 1);
	u32 grant = imm >> KFR_WIRE_IMM_UNIT_BITS;
	size_t len = struct_size(m, range, 1);

	/* In COMMIT no length is the whole region. */
	if (!grant || !length)
		return -EPROTO;
	m->hdr.version = KFR_WIRE_VERSION;
	m->hdr.type = KFR_WIRE_COMMIT;
	m->hdr.length = cpu_to_le16(len);
	m->hdr.id = cpu_to_le32(id);
	m->level = KFI_COMMIT_PERSISTENT;
	m->count = 1;
	m->range[0].offset = cpu_to_le64(unit << KFR_WIRE_IMM_UNIT_SHIFT);
	m->range[0].length = cpu_to_le64(length);
	m->range[0].grant = cpu_to_le32(grant);
	return len;
}

/**
 * kfr_wire_check_reply() - check a message that a target sent
 * @data: message
 * @len: bytes received
 *
 * Context: any.
 * Return: 0 or -EPROTO.
 */
int kfr_wire_check_reply(const void *data, size_t len)
{
	const struct kfr_wire_hdr *hdr = check_hdr(data, len);

	if (!hdr || len > KFR_WIRE_REPLY_MAX)
		return -EPROTO;
	switch (hdr->type) {
	case KFR_WIRE_REPLY:
		return len >= sizeof(struct kfr_wire_reply) ? 0 : -EPROTO;
	case KFR_WIRE_REVOKED:
		return len == sizeof(struct kfr_wire_revoked) ? 0 : -EPROTO;
	default:
		return -EPROTO;
	}
}

/**
 * kfr_wire_check_grant() - check the data of a reply to ATTACH
 * @data: reply data
 * @len: bytes of it
 *
 * Context: any.
 * Return: 0 or -EPROTO.
 */
int kfr_wire_check_grant(const void *data, size_t len)
{
	const struct kfr_wire_grant *g = data;
	u64 size, chunks;
	u32 base;

	if (len != sizeof(*g))
		return -EPROTO;
	size = le64_to_cpu(g->size);
	base = le32_to_cpu(g->base);
	if (!size || size > S64_MAX / 2 || base >= KFR_WIRE_BASE_MAX ||
	    g->domain >= KFI_PMEM_DOMAIN_MAX ||
	    g->coherent > 1 || g->chunk_shift < 12 || g->chunk_shift > 62 ||
	    !access_known(le32_to_cpu(g->access)))
		return -EPROTO;
	chunks = ((base + size - 1) >> g->chunk_shift) + 1;
	if (chunks != le32_to_cpu(g->chunks) || chunks > KFR_WIRE_CHUNKS_MAX)
		return -EPROTO;
	return 0;
}

/**
 * kfr_wire_check_stale() - check the data of a reply of ESTALE to ATTACH
 * @data: reply data
 * @len: bytes of it; 0 where the target tells nothing
 *
 * Context: any.
 * Return: 0 or -EPROTO.
 */
int kfr_wire_check_stale(const void *data, size_t len)
{
	return !len || len == sizeof(struct kfr_wire_stale) ? 0 : -EPROTO;
}

static const int wire_errors[] = {
	EPERM, ENOENT, EIO, EAGAIN, ENOMEM, EACCES, EBUSY, ENODEV, EINVAL,
	ENOSPC, ERANGE, EOPNOTSUPP, EMSGSIZE, ESTALE, EKEYREVOKED, EKEYREJECTED,
	ENOKEY, EPROTO, ENOLINK, ECANCELED, ETIMEDOUT,
};

/**
 * kfr_wire_status_of() - status for a reply
 * @err: 0 or a negative errno
 *
 * Context: any.
 * Return: 0 or a positive errno that keeps its meaning on the other side.
 */
u32 kfr_wire_status_of(int err)
{
	unsigned int i;

	if (!err)
		return 0;
	for (i = 0; i < ARRAY_SIZE(wire_errors); i++)
		if (-err == wire_errors[i])
			return -err;
	return EIO;
}

/**
 * kfr_wire_error_of() - error of a status that came in a reply
 * @status: from the wire
 *
 * Context: any.
 * Return: 0 or a negative errno; -EPROTO for a status that nobody sends.
 */
int kfr_wire_error_of(u32 status)
{
	unsigned int i;

	if (!status)
		return 0;
	for (i = 0; i < ARRAY_SIZE(wire_errors); i++)
		if (status == wire_errors[i])
			return -wire_errors[i];
	return -EPROTO;
}
