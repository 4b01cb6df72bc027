// SPDX-License-Identifier: GPL-2.0-only
/*
 * The decoder of what comes over the wire. The first byte of an input says what
 * the rest came as; its upper half asks for a header that is right, which leaves
 * the fuzzer's time to what is behind it.
 */
#include "kfi_atomic.h"
#include "kfi_pmem.h"
#include "kfi_pmem_prov.h"
#include "wire.h"
#include "fuzz.h"

enum {
	AS_REQUEST, AS_REPLY, AS_CM, AS_GRANT, AS_STALE, AS_IMMEDIATE, AS_STATUS,
	AS_NAME, AS_MAX
};

#define FIX_HEADER	0x80

static bool within(u64 offset, u64 length)
{
	return length <= U64_MAX - offset;
}

static void check_name(const char *name)
{
	size_t len = strnlen(name, KFR_WIRE_NAME), i;

	FUZZ_CHECK(len < KFR_WIRE_NAME);
	for (i = 0; i < len; i++)
		FUZZ_CHECK(name[i] > ' ' && name[i] < 0x7f && name[i] != '/');
}

static void commit_holds(const struct kfr_wire_commit *m, size_t len)
{
	unsigned int i;

	FUZZ_CHECK(m->count >= 1 && m->count <= KFR_WIRE_RANGES_MAX);
	FUZZ_CHECK(len == sizeof(*m) + m->count * sizeof(m->range[0]));
	FUZZ_CHECK(m->level <= KFI_COMMIT_MEDIA);
	for (i = 0; i < m->count; i++)
		FUZZ_CHECK(within(le64_to_cpu(m->range[i].offset),
				  le64_to_cpu(m->range[i].length)));
}

static void write_holds(const struct kfr_wire_write *m, size_t len)
{
	FUZZ_CHECK(le16_to_cpu(m->length) <= KFR_WIRE_INLINE_MAX);
	FUZZ_CHECK(len == sizeof(*m) + le16_to_cpu(m->length));
	FUZZ_CHECK(within(le64_to_cpu(m->offset), le16_to_cpu(m->length)));
}

static void publish_holds(const struct kfr_wire_publish *m, size_t len)
{
	size_t data = len - sizeof(*m);

	FUZZ_CHECK(within(le64_to_cpu(m->offset), le64_to_cpu(m->length)));
	FUZZ_CHECK(within(le64_to_cpu(m->word_offset), 8));
	FUZZ_CHECK(!(le64_to_cpu(m->word_offset) & 7));
	FUZZ_CHECK(data <= KFR_WIRE_INLINE_MAX);
	if (le16_to_cpu(m->flags) & KFR_WIRE_F_INLINE)
		FUZZ_CHECK(data == le64_to_cpu(m->length));
	else
		FUZZ_CHECK(!data && m->length);
}

static void atomic_holds(const struct kfr_wire_atomic *m, size_t len)
{
	u32 size = kfi_atomic_size(m->datatype);
	u32 operands = kfi_atomic_operands(m->op);
	u32 bytes = size * le16_to_cpu(m->count);

	FUZZ_CHECK(size && operands <= 2 && bytes);
	FUZZ_CHECK(bytes <= KFR_WIRE_REPLY_DATA);
	FUZZ_CHECK(len == sizeof(*m) + (size_t)bytes * operands);
	FUZZ_CHECK(within(le64_to_cpu(m->offset), bytes));
	FUZZ_CHECK(!(le64_to_cpu(m->offset) % size));
}

static void message_holds(const struct kfr_wire_message *m, size_t len)
{
	u64 offset = le32_to_cpu(m->offset), total = le32_to_cpu(m->total);

	FUZZ_CHECK(len == sizeof(*m) + le16_to_cpu(m->length));
	FUZZ_CHECK(le16_to_cpu(m->length) <= KFR_WIRE_INLINE_MAX);
	FUZZ_CHECK(total <= KFR_WIRE_MSG_MAX);
	FUZZ_CHECK(offset + le16_to_cpu(m->length) <= total);
}

/* What the target does with a request stays within it. */
static void request_holds(const void *data, size_t len)
{
	const struct kfr_wire_attach *attach = data;
	const struct kfr_wire_hello *hello = data;
	const struct kfr_wire_hdr *hdr = data;

	FUZZ_CHECK(len >= sizeof(*hdr) && len <= KFR_WIRE_REQUEST_MAX);
	FUZZ_CHECK(hdr->version == KFR_WIRE_VERSION);
	FUZZ_CHECK(le16_to_cpu(hdr->length) == len);
	FUZZ_CHECK(hdr->type > 0 && hdr->type < KFR_WIRE_REQUEST_END);
	switch (hdr->type) {
	case KFR_WIRE_HELLO:
		FUZZ_CHECK(len == sizeof(*hello) && hello->peer[0]);
		check_name(hello->peer);
		break;
	case KFR_WIRE_PROOF_REQ:
		FUZZ_CHECK(len == sizeof(struct kfr_wire_proof));
		break;
	case KFR_WIRE_ATTACH:
		FUZZ_CHECK(len == sizeof(*attach) && attach->access);
		check_name(attach->name);
		break;
	case KFR_WIRE_RKEYS:
		FUZZ_CHECK(len == sizeof(struct kfr_wire_rkeys));
		break;
	case KFR_WIRE_DETACH:
		FUZZ_CHECK(len == sizeof(struct kfr_wire_detach));
		break;
	case KFR_WIRE_COMMIT:
		commit_holds(data, len);
		break;
	case KFR_WIRE_WRITE:
		write_holds(data, len);
		break;
	case KFR_WIRE_PUBLISH:
		publish_holds(data, len);
		break;
	case KFR_WIRE_ATOMIC:
		atomic_holds(data, len);
		break;
	case KFR_WIRE_MESSAGE:
		message_holds(data, len);
		break;
	}
}

/* No byte of a message is beside the point: without its last it is refused. */
static void shorter_is_refused(const void *data, size_t len)
{
	struct kfr_wire_hdr *hdr = fuzz_exact(data, len - 1);

	FUZZ_CHECK(kfr_wire_check_request(hdr, len - 1) == -EPROTO);
	if (len - 1 >= sizeof(*hdr)) {
		hdr->length = cpu_to_le16(len - 1);
		FUZZ_CHECK(kfr_wire_check_request(hdr, len - 1) == -EPROTO);
	}
	free(hdr);
}

static void fuzz_request(const void *data, size_t len)
{
	int ret = kfr_wire_check_request(data, len);

	FUZZ_CHECK(!ret || ret == -EPROTO);
	if (ret)
		return;
	request_holds(data, len);
	shorter_is_refused(data, len);
	/* What one side sends the other does not take for its own. */
	FUZZ_CHECK(kfr_wire_check_reply(data, len) == -EPROTO);
}

static void fuzz_reply(const void *data, size_t len)
{
	const struct kfr_wire_hdr *hdr = data;
	int ret = kfr_wire_check_reply(data, len);

	FUZZ_CHECK(!ret || ret == -EPROTO);
	if (ret)
		return;
	FUZZ_CHECK(len <= KFR_WIRE_REPLY_MAX);
	FUZZ_CHECK(le16_to_cpu(hdr->length) == len);
	if (hdr->type == KFR_WIRE_REPLY)
		FUZZ_CHECK(len >= sizeof(struct kfr_wire_reply));
	else
		FUZZ_CHECK(hdr->type == KFR_WIRE_REVOKED &&
			   len == sizeof(struct kfr_wire_revoked));
	FUZZ_CHECK(kfr_wire_check_request(data, len) == -EPROTO);
}

static void fuzz_cm(const void *data, size_t len)
{
	const u16 before = 0xfefe;
	u16 credits = before;
	int ret = kfr_wire_check_cm(data, len, &credits);

	if (ret) {
		FUZZ_CHECK(ret == -EPROTO || ret == -EPROTONOSUPPORT);
		FUZZ_CHECK(credits == before);
		return;
	}
	FUZZ_CHECK(len >= sizeof(struct kfr_wire_cm));
	FUZZ_CHECK(credits >= KFR_WIRE_CREDITS_MIN);
	FUZZ_CHECK(credits <= KFR_WIRE_CREDITS_MAX);
}

/* Every byte of the region is under one of the keys that are asked for. */
static void fuzz_grant(const void *data, size_t len)
{
	const struct kfr_wire_grant *g = data;
	u64 last, chunks;

	if (kfr_wire_check_grant(data, len))
		return;
	FUZZ_CHECK(len == sizeof(*g));
	chunks = le32_to_cpu(g->chunks);
	FUZZ_CHECK(chunks >= 1 && chunks <= KFR_WIRE_CHUNKS_MAX);
	FUZZ_CHECK(g->size && le64_to_cpu(g->size) <= S64_MAX);
	FUZZ_CHECK(le32_to_cpu(g->base) < KFR_WIRE_BASE_MAX);
	FUZZ_CHECK(within(le64_to_cpu(g->size), le32_to_cpu(g->base)));
	last = le32_to_cpu(g->base) + le64_to_cpu(g->size) - 1;
	FUZZ_CHECK(g->chunk_shift < 64 && last >> g->chunk_shift == chunks - 1);
	FUZZ_CHECK(g->domain < KFI_PMEM_DOMAIN_MAX && g->coherent <= 1);
}

static void fuzz_stale(const void *data, size_t len)
{
	if (!kfr_wire_check_stale(data, len))
		FUZZ_CHECK(!len || len == sizeof(struct kfr_wire_stale));
}

static void fuzz_immediate(struct fuzz_in in)
{
	struct {
		struct kfr_wire_commit m;
		struct kfr_wire_range range;
	} __packed room, before;
	u32 imm = fuzz_u32(&in), length = fuzz_u32(&in);
	u16 count = fuzz_u16(&in);
	u64 offset;
	u32 grant;
	int len;

	memset(&room, 0x5a, sizeof(room));
	before = room;
	len = kfr_wire_check_imm(imm, length, kfr_wire_imm_id(count), &room.m);
	if (len < 0) {
		FUZZ_CHECK(len == -EPROTO);
		FUZZ_CHECK(!memcmp(&room, &before, sizeof(room)));
		return;
	}
	FUZZ_CHECK((size_t)len == sizeof(room));
	/* It stands for a request as good as any, and for this one only. */
	FUZZ_CHECK(!kfr_wire_check_request(&room, len));
	request_holds(&room, len);
	offset = le64_to_cpu(room.range.offset);
	grant = le32_to_cpu(room.range.grant);
	FUZZ_CHECK(le64_to_cpu(room.range.length) == length && length);
	FUZZ_CHECK(kfr_wire_imm_fits(grant, offset));
	FUZZ_CHECK(kfr_wire_imm(grant, offset) == imm);
	FUZZ_CHECK(le32_to_cpu(room.m.hdr.id) == kfr_wire_imm_id(count));
}

/* An error keeps its meaning, or becomes -EIO; no status becomes a success. */
static void fuzz_status(struct fuzz_in in)
{
	u32 status = fuzz_u32(&in);
	int err = kfr_wire_error(status);

	FUZZ_CHECK(err <= 0 && !err == !status);
	if (err != -EPROTO)
		FUZZ_CHECK(kfr_wire_status(err) == status);
	err = -(int)(status % 4096);
	FUZZ_CHECK(!kfr_wire_status(err) == !err);
	FUZZ_CHECK(kfr_wire_error(kfr_wire_status(err)) == err ||
		   kfr_wire_error(kfr_wire_status(err)) == -EIO);
}

static void fuzz_name(struct fuzz_in in)
{
	bool may_be_empty = fuzz_u8(&in) & 1;
	char name[KFR_WIRE_NAME];

	fuzz_take(&in, name, sizeof(name));
	if (!kfr_wire_name_ok(name, may_be_empty))
		return;
	FUZZ_CHECK(name[0] || may_be_empty);
	check_name(name);
}

static void fix_header(uint8_t *data, size_t size, int as)
{
	struct kfr_wire_hdr *hdr = (struct kfr_wire_hdr *)data;
	struct kfr_wire_cm *cm = (struct kfr_wire_cm *)data;

	if (as == AS_CM && size >= sizeof(*cm)) {
		cm->magic = cpu_to_le32(KFR_WIRE_MAGIC);
		cm->version = cpu_to_le16(KFR_WIRE_VERSION);
	}
	if ((as != AS_REQUEST && as != AS_REPLY) || size < sizeof(*hdr))
		return;
	hdr->version = KFR_WIRE_VERSION;
	hdr->length = cpu_to_le16(size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = { data, size };
	uint8_t as = fuzz_u8(&in);
	uint8_t *copy = fuzz_exact(in.at, in.left);
	bool fix = as & FIX_HEADER;

	as = (as & ~FIX_HEADER) % AS_MAX;
	if (fix)
		fix_header(copy, in.left, as);
	switch (as) {
	case AS_REQUEST:
		fuzz_request(copy, in.left);
		break;
	case AS_REPLY:
		fuzz_reply(copy, in.left);
		break;
	case AS_CM:
		fuzz_cm(copy, in.left);
		break;
	case AS_GRANT:
		fuzz_grant(copy, in.left);
		break;
	case AS_STALE:
		fuzz_stale(copy, in.left);
		break;
	case AS_IMMEDIATE:
		fuzz_immediate(in);
		break;
	case AS_STATUS:
		fuzz_status(in);
		break;
	case AS_NAME:
		fuzz_name(in);
		break;
	}
	free(copy);
	return 0;
}
