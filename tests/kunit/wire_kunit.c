// SPDX-License-Identifier: GPL-2.0-only
/*
 * The wire decoder against a hostile peer: every field at its limits, every
 * message cut short at every byte, and random damage. What the decoder lets
 * through is checked again by rules written anew here, from the description of
 * the protocol and not from the decoder.
 */
#include <linux/moduleparam.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "kfi_atomic.h"
#include "kfi_pmem.h"
#include "kfi_pmem_prov.h"
#include "wire_env.h"

#define SWEEP_CASES	250000

static unsigned int wire_seed;
module_param(wire_seed, uint, 0444);
MODULE_PARM_DESC(wire_seed, "of the random sweep; 0: a new one each time");

struct wire_test {
	u8 *buf;
	u8 *exact;		/* as large as the message: KASAN guards it */
};

static int request_ok(struct kunit *test, const void *data, size_t len)
{
	return check_exact(test, data, len, kfr_wire_check_request);
}

/* A valid message of each kind, and of each shape that a kind can have. */
enum shape {
	HELLO, PROOF, ATTACH_NAME, ATTACH_RAISE, ATTACH_KEY, RKEYS, DETACH,
	COMMIT_ONE, COMMIT_MAX, WRITE_EMPTY, WRITE_SMALL, WRITE_MAX,
	PUBLISH_INLINE, PUBLISH_MAX, PUBLISH_RDMA, ATOMIC_SUM, ATOMIC_CSWAP,
	ATOMIC_READ, MESSAGE_EMPTY, MESSAGE_WHOLE, MESSAGE_PART, SHAPES,
};

static const char * const shape_name[SHAPES] = {
	"hello", "proof", "attach by name", "attach with a raise",
	"attach by key", "rkeys", "detach", "commit of one range",
	"commit of most ranges", "empty write", "small write", "largest write",
	"inline publish",
	"largest inline publish", "publish after RDMA", "atomic sum",
	"atomic compare and swap", "atomic read", "empty message",
	"whole message", "part of a message",
};

static size_t make_gate(u8 *buf, enum shape shape)
{
	struct kfr_wire_hello *hello = (void *)buf;
	struct kfr_wire_attach *attach = (void *)buf;

	switch (shape) {
	case HELLO:
		strscpy(hello->peer, "node-a", sizeof(hello->peer));
		hello->port = cpu_to_le16(4711);
		set_header(buf, KFR_WIRE_HELLO, sizeof(*hello));
		return sizeof(*hello);
	case PROOF:
		memset(buf, 0x5a, sizeof(struct kfr_wire_proof));
		set_header(buf, KFR_WIRE_PROOF_REQ,
			   sizeof(struct kfr_wire_proof));
		return sizeof(struct kfr_wire_proof);
	case ATTACH_NAME:
	case ATTACH_RAISE:
	case ATTACH_KEY:
		if (shape == ATTACH_RAISE) {
			attach->epoch = cpu_to_le64(7);
			attach->flags = cpu_to_le32(KFR_WIRE_ATTACH_RAISE);
		}
		if (shape != ATTACH_KEY)
			strscpy(attach->name, "journal", sizeof(attach->name));
		attach->key = cpu_to_le64(42);
		attach->access = cpu_to_le32(KFR_WIRE_ACCESS_READ |
					     KFR_WIRE_ACCESS_WRITE);
		set_header(buf, KFR_WIRE_ATTACH, sizeof(*attach));
		return sizeof(*attach);
	case RKEYS:
		set_header(buf, KFR_WIRE_RKEYS, sizeof(struct kfr_wire_rkeys));
		return sizeof(struct kfr_wire_rkeys);
	default:
		set_header(buf, KFR_WIRE_DETACH,
			   sizeof(struct kfr_wire_detach));
		return sizeof(struct kfr_wire_detach);
	}
}

static size_t make_commit(u8 *buf, unsigned int count)
{
	struct kfr_wire_commit *m = (void *)buf;
	size_t len = sizeof(*m) + count * sizeof(m->range[0]);
	unsigned int i;

	m->level = KFI_COMMIT_PERSISTENT;
	m->count = count;
	for (i = 0; i < count; i++) {
		m->range[i].offset = cpu_to_le64(i * 4096ULL);
		m->range[i].length = cpu_to_le64(512);
		m->range[i].grant = cpu_to_le32(1 + i);
	}
	set_header(buf, KFR_WIRE_COMMIT, len);
	return len;
}

static size_t make_write(u8 *buf, u16 length)
{
	struct kfr_wire_write *m = (void *)buf;
	size_t len = sizeof(*m) + length;

	m->grant = cpu_to_le32(1);
	m->flags = cpu_to_le16(KFR_WIRE_F_COMMIT);
	m->length = cpu_to_le16(length);
	m->offset = cpu_to_le64(4096);
	set_header(buf, KFR_WIRE_WRITE, len);
	return len;
}

static size_t make_publish(u8 *buf, u32 length, bool inlined)
{
	struct kfr_wire_publish *m = (void *)buf;
	size_t len = sizeof(*m) + (inlined ? length : 0);

	m->flags = cpu_to_le16(inlined ? KFR_WIRE_F_INLINE : 0);
	m->grant = cpu_to_le32(1);
	m->offset = cpu_to_le64(8192);
	m->length = cpu_to_le64(length);
	m->word_grant = cpu_to_le32(1);
	m->word_offset = cpu_to_le64(64);
	m->word = cpu_to_le64(7);
	set_header(buf, KFR_WIRE_PUBLISH, len);
	return len;
}

static size_t make_atomic(u8 *buf, u8 datatype, u8 op, u16 count)
{
	struct kfr_wire_atomic *m = (void *)buf;
	size_t len = sizeof(*m) + kfi_atomic_size(datatype) *
		     (size_t)count * kfi_atomic_operands(op);

	m->grant = cpu_to_le32(1);
	m->flags = cpu_to_le16(KFR_WIRE_F_FETCH);
	m->datatype = datatype;
	m->op = op;
	m->count = cpu_to_le16(count);
	m->offset = cpu_to_le64(4096);
	set_header(buf, KFR_WIRE_ATOMIC, len);
	return len;
}

static size_t make_message(u8 *buf, u32 total, u32 offset, u16 length)
{
	struct kfr_wire_message *m = (void *)buf;
	size_t len = sizeof(*m) + length;

	m->message = cpu_to_le32(3);
	m->total = cpu_to_le32(total);
	m->offset = cpu_to_le32(offset);
	m->length = cpu_to_le16(length);
	set_header(buf, KFR_WIRE_MESSAGE, len);
	return len;
}

static size_t make(u8 *buf, enum shape shape)
{
	memset(buf, 0, BUF_SIZE);
	switch (shape) {
	case COMMIT_ONE:
		return make_commit(buf, 1);
	case COMMIT_MAX:
		return make_commit(buf, KFR_WIRE_RANGES_MAX);
	case WRITE_EMPTY:
		return make_write(buf, 0);
	case WRITE_SMALL:
		return make_write(buf, 64);
	case WRITE_MAX:
		return make_write(buf, KFR_WIRE_INLINE_MAX);
	case PUBLISH_INLINE:
		return make_publish(buf, 100, true);
	case PUBLISH_MAX:
		return make_publish(buf, KFR_WIRE_INLINE_MAX, true);
	case PUBLISH_RDMA:
		return make_publish(buf, 65536, false);
	case ATOMIC_SUM:
		return make_atomic(buf, KFI_INT64, KFI_SUM, 32);
	case ATOMIC_CSWAP:
		return make_atomic(buf, KFI_UINT32, KFI_CSWAP, 64);
	case ATOMIC_READ:
		return make_atomic(buf, KFI_UINT8, KFI_ATOMIC_READ, 256);
	case MESSAGE_EMPTY:
		return make_message(buf, 0, 0, 0);
	case MESSAGE_WHOLE:
		return make_message(buf, 200, 0, 200);
	case MESSAGE_PART:
		return make_message(buf, KFR_WIRE_MSG_MAX, 2048,
				    KFR_WIRE_INLINE_MAX);
	default:
		return make_gate(buf, shape);
	}
}

/*
 * The invariants of what was accepted, in terms of bytes: no structure of the
 * decoder's and none of its helpers.
 */
static u64 get(const u8 *p, unsigned int at, unsigned int bytes)
{
	u64 value = 0;

	while (bytes--)
		value = value << 8 | p[at + bytes];
	return value;
}

static bool name_ends(const u8 *p, bool may_be_empty)
{
	unsigned int i;

	for (i = 0; i < 64 && p[i]; i++)
		if (p[i] < 0x21 || p[i] > 0x7e || p[i] == '/')
			return false;
	return i < 64 && (i || may_be_empty);
}

static bool fits(u64 offset, u64 length)
{
	return length <= ~0ULL - offset;
}

static bool media_with_commit(u64 flags)
{
	return !(flags & 2) || flags & 1;
}

static bool commit_invariant(const u8 *p, size_t len)
{
	unsigned int i;

	if (p[8] > 2 || p[9] < 1 || p[9] > 8 || len != 10 + 20 * (size_t)p[9])
		return false;
	for (i = 0; i < p[9]; i++)
		if (!fits(get(p, 10 + 20 * i, 8), get(p, 18 + 20 * i, 8)))
			return false;
	return true;
}

static bool publish_invariant(const u8 *p, size_t len)
{
	u64 flags = get(p, 8, 2), length = get(p, 24, 8);

	if (flags & ~6ULL || get(p, 10, 2) || get(p, 36, 8) & 7 ||
	    !fits(get(p, 16, 8), length) || !fits(get(p, 36, 8), 8))
		return false;
	return flags & 4 ? length <= 1024 && len == 52 + length :
			   length && len == 52;
}

static bool atomic_invariant(const u8 *p, size_t len)
{
	static const u8 sizes[] = {
		[KFI_INT8] = 1, [KFI_UINT8] = 1, [KFI_INT16] = 2,
		[KFI_UINT16] = 2, [KFI_INT32] = 4, [KFI_UINT32] = 4,
		[KFI_INT64] = 8, [KFI_UINT64] = 8, [KFI_FLOAT] = 4,
		[KFI_DOUBLE] = 8,
	};
	u64 bytes, vectors;

	if (p[14] >= ARRAY_SIZE(sizes) || !sizes[p[14]] ||
	    p[15] > KFI_MSWAP || !media_with_commit(get(p, 12, 2)) ||
	    get(p, 12, 2) & ~0xbULL || get(p, 18, 2))
		return false;
	bytes = sizes[p[14]] * get(p, 16, 2);
	vectors = p[15] == KFI_ATOMIC_READ ? 0 : p[15] >= KFI_CSWAP ? 2 : 1;
	/* Who only reads has to want the value. */
	if (!vectors && !(get(p, 12, 2) & 8))
		return false;
	return bytes && bytes <= 256 && get(p, 20, 8) % sizes[p[14]] == 0 &&
	       fits(get(p, 20, 8), bytes) && len == 28 + bytes * vectors;
}

static bool message_invariant(const u8 *p, size_t len)
{
	u64 total = get(p, 12, 4), offset = get(p, 16, 4);
	u64 length = get(p, 22, 2);

	return len == 32 + length && length <= 1024 && total <= 1 << 20 &&
	       offset + length <= total && (length || !total) &&
	       !(get(p, 20, 2) & ~0x10ULL);
}

static bool attach_invariant(const u8 *p, size_t len)
{
	u64 access = get(p, 112, 4), flags = get(p, 116, 4);

	/* Who raises an epoch names it, and the region. */
	if (flags && (flags & ~3ULL || !p[8]))
		return false;
	if (flags & 1 && !get(p, 104, 8))
		return false;
	/* A peer's only writer writes. */
	if (flags & 2 && !(access & 2))
		return false;
	if (access & 4 && !(access & 2))
		return false;
	return name_ends(p + 8, true) && access && !(access & ~7ULL);
}

static bool invariant(const u8 *p, size_t len)
{
	if (len < 8 || len > 1280 || p[0] != 4 || get(p, 2, 2) != len)
		return false;
	switch (p[1]) {
	case 1:		/* HELLO */
		return len == 108 && name_ends(p + 8, false) &&
		       !get(p, 106, 2);
	case 2:		/* PROOF */
		return len == 40;
	case 3:		/* ATTACH */
		return len == 120 && attach_invariant(p, len);
	case 4:		/* RKEYS */
		return len == 16;
	case 5:		/* DETACH */
		return len == 12;
	case 6:
		return len >= 10 && commit_invariant(p, len);
	case 7:		/* WRITE */
		return len >= 24 && media_with_commit(get(p, 12, 2)) &&
		       !(get(p, 12, 2) & ~3ULL) &&
		       get(p, 14, 2) <= 1024 && len == 24 + get(p, 14, 2) &&
		       fits(get(p, 16, 8), get(p, 14, 2));
	case 8:
		return len >= 52 && publish_invariant(p, len);
	case 9:
		return len >= 28 && atomic_invariant(p, len);
	case 10:
		return len >= 32 && message_invariant(p, len);
	default:
		return false;
	}
}

static bool reply_invariant(const u8 *p, size_t len)
{
	if (len < 8 || p[0] != 4 || get(p, 2, 2) != len)
		return false;
	return p[1] == 32 ? len >= 12 && len <= 384 : p[1] == 33 && len == 16;
}

static void valid_messages(struct kunit *test)
{
	struct wire_test *t = test->priv;
	enum shape shape;

	for (shape = 0; shape < SHAPES; shape++) {
		size_t len = make(t->buf, shape);

		KUNIT_EXPECT_EQ_MSG(test, 0, request_ok(test, t->buf, len),
				    "%s", shape_name[shape]);
		KUNIT_EXPECT_TRUE_MSG(test, invariant(t->buf, len), "%s",
				      shape_name[shape]);
		KUNIT_EXPECT_EQ_MSG(test, -EPROTO,
				    check_exact(test, t->buf, len,
						kfr_wire_check_reply),
				    "%s as a reply", shape_name[shape]);
	}
}

/* Cut at every byte, with the length of the whole and of what is left. */
static void truncated(struct kunit *test)
{
	struct wire_test *t = test->priv;
	struct kfr_wire_hdr *hdr = (void *)t->buf;
	enum shape shape;
	size_t cut, len;

	for (shape = 0; shape < SHAPES; shape++) {
		len = make(t->buf, shape);
		for (cut = 0; cut < len; cut++) {
			hdr->length = cpu_to_le16(len);
			KUNIT_ASSERT_EQ_MSG(test, -EPROTO,
					    request_ok(test, t->buf, cut),
					    "%s, %zu of %zu bytes",
					    shape_name[shape], cut, len);
			if (cut < sizeof(*hdr))
				continue;
			hdr->length = cpu_to_le16(cut);
			KUNIT_ASSERT_EQ_MSG(test, -EPROTO,
					    request_ok(test, t->buf, cut),
					    "%s shortened to %zu of %zu bytes",
					    shape_name[shape], cut, len);
		}
	}
}

static void header(struct kunit *test)
{
	struct wire_test *t = test->priv;
	struct kfr_wire_hdr *hdr = (void *)t->buf;
	enum shape shape;
	unsigned int v;
	size_t len;

	for (shape = 0; shape < SHAPES; shape++) {
		len = make(t->buf, shape);
		for (v = 0; v <= U8_MAX; v++) {
			hdr->version = v;
			KUNIT_ASSERT_EQ(test, v == KFR_WIRE_VERSION ? 0 :
					-EPROTO, request_ok(test, t->buf, len));
		}
		hdr->version = KFR_WIRE_VERSION;
		for (v = 0; v <= U16_MAX; v++) {
			hdr->length = cpu_to_le16(v);
			KUNIT_ASSERT_EQ(test, v == len ? 0 : -EPROTO,
					kfr_wire_check_request(t->buf, len));
		}
		/* One byte more, received and announced. */
		hdr->length = cpu_to_le16(len + 1);
		KUNIT_ASSERT_EQ_MSG(test, -EPROTO,
				    request_ok(test, t->buf, len + 1), "%s",
				    shape_name[shape]);
		/* Any type at all: nothing is let through by accident. */
		hdr->length = cpu_to_le16(len);
		for (v = 0; v <= U8_MAX; v++) {
			hdr->type = v;
			KUNIT_ASSERT_EQ_MSG(test, invariant(t->buf, len) ? 0 :
					    -EPROTO,
					    request_ok(test, t->buf, len),
					    "%s as type %u", shape_name[shape],
					    v);
		}
		/* The identification is the sender's own. */
		len = make(t->buf, shape);
		hdr->id = cpu_to_le32(U32_MAX);
		KUNIT_ASSERT_EQ(test, 0, request_ok(test, t->buf, len));
	}
	/* Longer than any request, and consistent in itself. */
	memset(t->buf, 0, BUF_SIZE);
	for (v = 0; v <= U8_MAX; v++) {
		set_header(t->buf, v, KFR_WIRE_REQUEST_MAX + 1);
		KUNIT_ASSERT_EQ(test, -EPROTO,
				request_ok(test, t->buf,
					   KFR_WIRE_REQUEST_MAX + 1));
	}
}

/* Every 1, 2, 4 and 8 bytes of every message, with the values that hurt. */
static void every_field_at_its_limits(struct kunit *test)
{
	static const u64 values[] = {
		0, 1, 2, 3, 7, 8, 9, 64, 65, 255, 256, 257, 1023, 1024, 1025,
		4095, 4096, 65535, 65536, 65537, S32_MAX, BIT_ULL(31), U32_MAX,
		BIT_ULL(32), S64_MAX, BIT_ULL(63), U64_MAX - 8, U64_MAX - 7,
		U64_MAX - 1, U64_MAX, KFR_WIRE_MSG_MAX, KFR_WIRE_MSG_MAX + 1,
		KFI_DATATYPE_LAST - 1, KFI_DATATYPE_LAST, KFI_ATOMIC_OP_LAST - 1,
		KFI_ATOMIC_OP_LAST,
	};
	struct wire_test *t = test->priv;
	unsigned int bytes, v, accepted = 0;
	enum shape shape;
	size_t at, len;

	for (shape = 0; shape < SHAPES; shape++) {
		len = make(t->buf, shape);
		/* Data that nobody interprets is left alone. */
		for (at = 0; at < min_t(size_t, len, 256); at++) {
			for (bytes = 1; bytes <= 8; bytes *= 2) {
				u8 saved[8];

				if (at + bytes > len)
					continue;
				memcpy(saved, t->buf + at, bytes);
				for (v = 0; v < ARRAY_SIZE(values); v++) {
					__le64 value = cpu_to_le64(values[v]);
					int want;

					memcpy(t->buf + at, &value, bytes);
					want = invariant(t->buf, len) ? 0 :
					       -EPROTO;
					accepted += !want;
					KUNIT_ASSERT_EQ_MSG(test, want,
							    kfr_wire_check_request(t->buf, len),
							    "%s, %u bytes at %zu: %#llx",
							    shape_name[shape],
							    bytes, at,
							    values[v]);
				}
				memcpy(t->buf + at, saved, bytes);
			}
		}
	}
	/* Or the test would be one of garbage. */
	KUNIT_EXPECT_GT(test, accepted, 1000);
}

static void names(struct kunit *test)
{
	struct wire_test *t = test->priv;
	struct kfr_wire_hello *hello = (void *)t->buf;
	struct kfr_wire_attach *attach = (void *)t->buf;
	unsigned int c, at;
	size_t len;

	/* 63 characters and the end are a name; 64 characters are not. */
	len = make(t->buf, HELLO);
	memset(hello->peer, 'x', sizeof(hello->peer));
	KUNIT_EXPECT_EQ(test, -EPROTO, request_ok(test, t->buf, len));
	hello->peer[KFR_WIRE_NAME - 1] = '\0';
	KUNIT_EXPECT_EQ(test, 0, request_ok(test, t->buf, len));
	hello->peer[0] = '\0';
	KUNIT_EXPECT_EQ(test, -EPROTO, request_ok(test, t->buf, len));
	for (at = 0; at < 3; at++) {
		for (c = 0; c <= U8_MAX; c++) {
			bool ok = (c > ' ' && c < 0x7f && c != '/') ||
				  (!c && at);

			len = make(t->buf, HELLO);
			hello->peer[at] = c;
			KUNIT_ASSERT_EQ_MSG(test, ok ? 0 : -EPROTO,
					    request_ok(test, t->buf, len),
					    "character %#x at %u", c, at);
		}
	}
	/* Behind the end there is nothing to look at. */
	len = make(t->buf, HELLO);
	memset(hello->peer + 3, 0xff, sizeof(hello->peer) - 3);
	hello->peer[2] = '\0';
	KUNIT_EXPECT_EQ(test, 0, request_ok(test, t->buf, len));

	len = make(t->buf, ATTACH_NAME);
	memset(attach->name, 'x', sizeof(attach->name));
	KUNIT_EXPECT_EQ(test, -EPROTO, request_ok(test, t->buf, len));
}

static void overflows(struct kunit *test)
{
	struct wire_test *t = test->priv;
	struct kfr_wire_commit *commit = (void *)t->buf;
	struct kfr_wire_publish *publish = (void *)t->buf;
	struct kfr_wire_message *message = (void *)t->buf;
	struct kfr_wire_atomic *atomic = (void *)t->buf;
	struct kfr_wire_write *write = (void *)t->buf;
	unsigned int i;
	size_t len;

	for (i = 0; i < KFR_WIRE_RANGES_MAX; i++) {
		len = make(t->buf, COMMIT_MAX);
		commit->range[i].offset = cpu_to_le64(U64_MAX - 511);
		KUNIT_EXPECT_EQ(test, -EPROTO, request_ok(test, t->buf, len));
		commit->range[i].offset = cpu_to_le64(U64_MAX - 512);
		KUNIT_EXPECT_EQ(test, 0, request_ok(test, t->buf, len));
	}
	for (i = 0; i <= U8_MAX; i++) {
		len = make(t->buf, COMMIT_MAX);
		commit->count = i;
		KUNIT_EXPECT_EQ(test, i == KFR_WIRE_RANGES_MAX ? 0 : -EPROTO,
				request_ok(test, t->buf, len));
		/* As many ranges as it says, and too many. */
		memset(t->buf, 0, BUF_SIZE);
		len = make_commit(t->buf, min(i, 40U));
		KUNIT_EXPECT_EQ(test, i && i <= KFR_WIRE_RANGES_MAX ? 0 :
				-EPROTO, request_ok(test, t->buf, len));
	}
	len = make(t->buf, WRITE_SMALL);
	write->offset = cpu_to_le64(U64_MAX - 63);
	KUNIT_EXPECT_EQ(test, -EPROTO, request_ok(test, t->buf, len));
	memset(t->buf, 0, BUF_SIZE);
	len = make_write(t->buf, KFR_WIRE_INLINE_MAX + 1);
	KUNIT_EXPECT_EQ(test, -EPROTO, request_ok(test, t->buf, len));

	len = make(t->buf, PUBLISH_RDMA);
	publish->offset = cpu_to_le64(U64_MAX - 65535);
	KUNIT_EXPECT_EQ(test, -EPROTO, request_ok(test, t->buf, len));
	len = make(t->buf, PUBLISH_RDMA);
	publish->word_offset = cpu_to_le64(U64_MAX - 7);
	KUNIT_EXPECT_EQ(test, -EPROTO, request_ok(test, t->buf, len));
	for (i = 0; i < 16; i++) {
		len = make(t->buf, PUBLISH_INLINE);
		publish->word_offset = cpu_to_le64(i);
		KUNIT_EXPECT_EQ(test, i % 8 ? -EPROTO : 0,
				request_ok(test, t->buf, len));
	}
	memset(t->buf, 0, BUF_SIZE);
	len = make_publish(t->buf, KFR_WIRE_INLINE_MAX + 1, true);
	KUNIT_EXPECT_EQ(test, -EPROTO, request_ok(test, t->buf, len));

	/* 4097 times 16 bytes is 16 where 16 bits count them. */
	len = make(t->buf, ATOMIC_SUM);
	atomic->count = cpu_to_le16(8192 + 32);
	KUNIT_EXPECT_EQ(test, -EPROTO, request_ok(test, t->buf, len));
	memset(t->buf, 0, BUF_SIZE);
	len = make_atomic(t->buf, KFI_INT64, KFI_SUM, 33);
	KUNIT_EXPECT_EQ(test, -EPROTO, request_ok(test, t->buf, len));

	/* offset + length passes 2^32 and is small again. */
	len = make(t->buf, MESSAGE_WHOLE);
	message->offset = cpu_to_le32(U32_MAX - 199);
	KUNIT_EXPECT_EQ(test, -EPROTO, request_ok(test, t->buf, len));
	len = make(t->buf, MESSAGE_PART);
	message->offset = cpu_to_le32(KFR_WIRE_MSG_MAX -
				      KFR_WIRE_INLINE_MAX);
	KUNIT_EXPECT_EQ(test, 0, request_ok(test, t->buf, len));
	message->offset = cpu_to_le32(KFR_WIRE_MSG_MAX -
				      KFR_WIRE_INLINE_MAX + 1);
	KUNIT_EXPECT_EQ(test, -EPROTO, request_ok(test, t->buf, len));
	/* A fragment of nothing would never come to an end. */
	memset(t->buf, 0, BUF_SIZE);
	len = make_message(t->buf, 100, 50, 0);
	KUNIT_EXPECT_EQ(test, -EPROTO, request_ok(test, t->buf, len));
}

/* Every datatype and every operation, known or not, that a byte can name. */
static void atomic_enums(struct kunit *test)
{
	struct wire_test *t = test->priv;
	unsigned int datatype, op;
	size_t len;

	for (datatype = 0; datatype <= U8_MAX; datatype++) {
		for (op = 0; op <= U8_MAX; op++) {
			u32 size = kfi_atomic_size(datatype);
			u32 operands = kfi_atomic_operands(op);
			bool ok = size && operands <= 2;

			memset(t->buf, 0, BUF_SIZE);
			make_atomic(t->buf, KFI_UINT8, KFI_SUM, 1);
			len = sizeof(struct kfr_wire_atomic) +
			      (ok ? size * operands : 8);
			t->buf[14] = datatype;
			t->buf[15] = op;
			((struct kfr_wire_hdr *)t->buf)->length =
				cpu_to_le16(len);
			KUNIT_ASSERT_EQ_MSG(test, ok ? 0 : -EPROTO,
					    request_ok(test, t->buf, len),
					    "datatype %u, op %u", datatype, op);
			KUNIT_ASSERT_EQ(test, ok, invariant(t->buf, len));
		}
	}
	KUNIT_EXPECT_EQ(test, 0, kfi_atomic_size(KFI_DATATYPE_LAST));
	KUNIT_EXPECT_EQ(test, U32_MAX,
			kfi_atomic_operands(KFI_ATOMIC_OP_LAST));
}

/* What the header says where it speaks of bits that mean something else. */
static void flags_in_company(struct kunit *test)
{
	struct wire_test *t = test->priv;
	struct kfr_wire_publish *publish = (void *)t->buf;
	struct kfr_wire_message *message = (void *)t->buf;
	struct kfr_wire_atomic *atomic = (void *)t->buf;
	struct kfr_wire_write *write = (void *)t->buf;
	unsigned int bit;
	size_t len;

	for (bit = 0; bit < 16; bit++) {
		u16 flag = BIT(bit);

		len = make(t->buf, WRITE_SMALL);
		write->flags = cpu_to_le16(KFR_WIRE_F_COMMIT | flag);
		KUNIT_EXPECT_EQ(test, flag & 0x3 ? 0 : -EPROTO,
				request_ok(test, t->buf, len));
		len = make(t->buf, ATOMIC_SUM);
		atomic->flags = cpu_to_le16(KFR_WIRE_F_COMMIT | flag);
		KUNIT_EXPECT_EQ(test, flag & 0xb ? 0 : -EPROTO,
				request_ok(test, t->buf, len));
		len = make(t->buf, PUBLISH_INLINE);
		publish->flags = cpu_to_le16(KFR_WIRE_F_INLINE | flag);
		KUNIT_EXPECT_EQ(test, flag & 0x6 ? 0 : -EPROTO,
				request_ok(test, t->buf, len));
		len = make(t->buf, MESSAGE_WHOLE);
		message->flags = cpu_to_le16(flag);
		KUNIT_EXPECT_EQ(test, flag & 0x10 ? 0 : -EPROTO,
				request_ok(test, t->buf, len));
	}
}

/* A deep flush that is no commit would be a promise that nobody keeps. */
static void media_goes_with_commit(struct kunit *test)
{
	struct wire_test *t = test->priv;
	struct kfr_wire_atomic *atomic = (void *)t->buf;
	struct kfr_wire_write *write = (void *)t->buf;
	size_t len;

	len = make(t->buf, WRITE_SMALL);
	write->flags = cpu_to_le16(KFR_WIRE_F_MEDIA);
	KUNIT_EXPECT_EQ(test, -EPROTO, request_ok(test, t->buf, len));
	write->flags = cpu_to_le16(KFR_WIRE_F_MEDIA | KFR_WIRE_F_COMMIT);
	KUNIT_EXPECT_EQ(test, 0, request_ok(test, t->buf, len));
	len = make(t->buf, ATOMIC_SUM);
	atomic->flags = cpu_to_le16(KFR_WIRE_F_MEDIA);
	KUNIT_EXPECT_EQ(test, -EPROTO, request_ok(test, t->buf, len));
	atomic->flags = cpu_to_le16(KFR_WIRE_F_MEDIA | KFR_WIRE_F_COMMIT);
	KUNIT_EXPECT_EQ(test, 0, request_ok(test, t->buf, len));
}

static void attach_flags(struct kunit *test)
{
	struct wire_test *t = test->priv;
	struct kfr_wire_attach *m = (void *)t->buf;
	unsigned int bit;
	size_t len;

	for (bit = 0; bit < 32; bit++) {
		u32 flag = BIT(bit);

		len = make(t->buf, ATTACH_RAISE);
		m->flags = cpu_to_le32(flag);
		KUNIT_EXPECT_EQ(test, bit > 1 ? -EPROTO : 0,
				request_ok(test, t->buf, len));
		m->flags |= cpu_to_le32(KFR_WIRE_ATTACH_RAISE);
		KUNIT_EXPECT_EQ(test, bit > 1 ? -EPROTO : 0,
				request_ok(test, t->buf, len));
	}
	/* Who commits by RDMA FLUSH writes. */
	for (bit = 0; bit < 32; bit++) {
		len = make(t->buf, ATTACH_NAME);
		m->access = cpu_to_le32(BIT(bit));
		KUNIT_EXPECT_EQ(test, bit > 1 ? -EPROTO : 0,
				request_ok(test, t->buf, len));
		m->access |= cpu_to_le32(KFR_WIRE_ACCESS_WRITE);
		KUNIT_EXPECT_EQ(test, bit > 2 ? -EPROTO : 0,
				request_ok(test, t->buf, len));
	}
	/* A peer's only writer writes, and names the region. */
	len = make(t->buf, ATTACH_NAME);
	m->flags = cpu_to_le32(KFR_WIRE_ATTACH_SOLE);
	KUNIT_EXPECT_EQ(test, 0, request_ok(test, t->buf, len));
	m->access = cpu_to_le32(KFR_WIRE_ACCESS_READ);
	KUNIT_EXPECT_EQ(test, -EPROTO, request_ok(test, t->buf, len));
	len = make(t->buf, ATTACH_KEY);
	m->flags = cpu_to_le32(KFR_WIRE_ATTACH_SOLE);
	KUNIT_EXPECT_EQ(test, -EPROTO, request_ok(test, t->buf, len));
	/* An epoch is of a region with a name, and not 0. */
	len = make(t->buf, ATTACH_RAISE);
	m->epoch = 0;
	KUNIT_EXPECT_EQ(test, -EPROTO, request_ok(test, t->buf, len));
	m->epoch = cpu_to_le64(U64_MAX);
	KUNIT_EXPECT_EQ(test, 0, request_ok(test, t->buf, len));
	m->name[0] = '\0';
	KUNIT_EXPECT_EQ(test, -EPROTO, request_ok(test, t->buf, len));
	m->flags = 0;
	KUNIT_EXPECT_EQ(test, 0, request_ok(test, t->buf, len));
}

static void read_wants_its_value(struct kunit *test)
{
	struct wire_test *t = test->priv;
	struct kfr_wire_atomic *atomic = (void *)t->buf;
	size_t len = make(t->buf, ATOMIC_READ);

	atomic->flags = 0;
	KUNIT_EXPECT_EQ(test, -EPROTO, request_ok(test, t->buf, len));
	atomic->flags = cpu_to_le16(KFR_WIRE_F_COMMIT);
	KUNIT_EXPECT_EQ(test, -EPROTO, request_ok(test, t->buf, len));
	atomic->flags = cpu_to_le16(KFR_WIRE_F_COMMIT | KFR_WIRE_F_FETCH);
	KUNIT_EXPECT_EQ(test, 0, request_ok(test, t->buf, len));
}

/* Damage a valid message the way a fuzzer does. */
static size_t mutate(struct rnd_state *random, u8 *buf, size_t len)
{
	static const u64 hurtful[] = {
		0, 1, 8, 9, 255, 256, 1024, 1025, 65535, S32_MAX, U32_MAX,
		S64_MAX, U64_MAX - 7, U64_MAX,
	};
	unsigned int n = 1 + prandom_u32_state(random) % 3;
	struct kfr_wire_hdr *hdr = (void *)buf;

	while (n--) {
		/* Mostly where the fields are, not in the data. */
		u32 limit = prandom_u32_state(random) % 8 ? min(len, 64UL) :
							    len;
		u32 at = limit ? prandom_u32_state(random) % limit : 0;
		u32 bytes = 1 << prandom_u32_state(random) % 4;
		__le64 value;

		switch (prandom_u32_state(random) % 6) {
		case 0:
			buf[at] ^= 1 << prandom_u32_state(random) % 8;
			break;
		case 1:
			buf[at] = prandom_u32_state(random);
			break;
		case 2:
			value = cpu_to_le64(hurtful[prandom_u32_state(random) %
						    ARRAY_SIZE(hurtful)]);
			memcpy(buf + at, &value, bytes);
			break;
		case 3:
			prandom_bytes_state(random, buf + at, bytes);
			break;
		case 4:
			/* Another length, honestly announced. */
			len = prandom_u32_state(random) % 2 ?
			      len + prandom_u32_state(random) % 9 - 4 :
			      prandom_u32_state(random) %
			      (KFR_WIRE_REQUEST_MAX + 8);
			len = min_t(size_t, len, BUF_SIZE - 16);
			hdr->length = cpu_to_le16(len);
			break;
		default:
			hdr->type = prandom_u32_state(random) %
				    (KFR_WIRE_REQUEST_END + 1);
			break;
		}
	}
	return len;
}

static void random_damage(struct kunit *test)
{
	struct wire_test *t = test->priv;
	u32 seed = wire_seed ?: get_random_u32();
	u32 accepted[KFR_WIRE_REQUEST_END] = { };
	unsigned int i, all = 0, type;
	struct rnd_state random;

	kunit_info(test, "seed %#x (wire_kunit.wire_seed=)\n", seed);
	prandom_seed_state(&random, seed);
	for (i = 0; i < SWEEP_CASES; i++) {
		size_t len = make(t->buf, prandom_u32_state(&random) % SHAPES);
		u8 *end = t->exact + BUF_SIZE;
		int ret;

		len = mutate(&random, t->buf, len);
		/* At the end of an allocation: KASAN sees one byte too far. */
		memcpy(end - len, t->buf, len);
		ret = kfr_wire_check_request(end - len, len);
		KUNIT_ASSERT_EQ_MSG(test, invariant(end - len, len) ? 0 :
				    -EPROTO, ret,
				    "seed %#x, case %u: %zu bytes of type %u",
				    seed, i, len, t->buf[1]);
		if (!ret) {
			accepted[t->buf[1]]++;
			all++;
		}
		ret = kfr_wire_check_reply(end - len, len);
		KUNIT_ASSERT_EQ_MSG(test, reply_invariant(end - len, len) ? 0 :
				    -EPROTO, ret,
				    "as a reply: seed %#x, case %u", seed, i);
	}
	kunit_info(test, "%u of %u accepted\n", all, SWEEP_CASES);
	/* Damage of which some is still a message, of every type. */
	for (type = KFR_WIRE_HELLO; type < KFR_WIRE_REQUEST_END; type++)
		KUNIT_EXPECT_GT_MSG(test, accepted[type], 0, "type %u", type);
	KUNIT_EXPECT_LT(test, all, SWEEP_CASES);
}

/* Immediate data stand for a COMMIT of what the write wrote. */
static void immediate(struct kunit *test)
{
	static const u64 offsets[] = {
		0, 1, 512, 4095, 4096, 4097, 1ULL << 37, (1ULL << 38) - 4096,
		(1ULL << 38) - 1, 1ULL << 38, (1ULL << 38) + 4096, 1ULL << 63,
		~0ULL,
	};
	static const u32 grants[] = { 0, 1, 2, 63, 64, 65, 256, ~0U };
	struct wire_test *t = test->priv;
	struct kfr_wire_commit *m = (void *)t->buf;
	unsigned int g, o;
	int len;

	for (g = 0; g < ARRAY_SIZE(grants); g++) {
		for (o = 0; o < ARRAY_SIZE(offsets); o++) {
			u32 grant = grants[g], imm;
			u64 offset = offsets[o];
			bool fits = grant > 0 && grant < 64 &&
				    offset % 4096 == 0 && offset < 1ULL << 38;

			KUNIT_ASSERT_EQ(test, fits,
					kfr_wire_imm_fits(grant, offset));
			if (!fits)
				continue;
			imm = kfr_wire_imm(grant, offset);
			len = kfr_wire_check_imm(imm, 8192, 0x12348000, m);
			KUNIT_ASSERT_EQ(test, len, 30);
			KUNIT_ASSERT_TRUE(test, invariant(t->buf, len));
			KUNIT_ASSERT_EQ(test, request_ok(test, t->buf, len), 0);
			KUNIT_ASSERT_EQ(test, get(t->buf, 4, 4), 0x12348000ULL);
			KUNIT_ASSERT_EQ(test, get(t->buf, 8, 1),
					(u64)KFI_COMMIT_PERSISTENT);
			KUNIT_ASSERT_EQ(test, get(t->buf, 10, 8), offset);
			KUNIT_ASSERT_EQ(test, get(t->buf, 18, 8), 8192ULL);
			KUNIT_ASSERT_EQ(test, get(t->buf, 26, 4), (u64)grant);
		}
	}
	KUNIT_EXPECT_EQ(test, kfr_wire_check_imm(kfr_wire_imm(1, 0), 0, 0, m),
			-EPROTO);
	KUNIT_EXPECT_EQ(test, kfr_wire_check_imm(0x3ffffff, 4096, 0, m),
			-EPROTO);
	/* No slot has a number like it. */
	KUNIT_EXPECT_GE(test, kfr_wire_imm_id(0) & 0xffff,
			(u32)KFR_WIRE_CREDITS_MAX);
	KUNIT_EXPECT_EQ(test, kfr_wire_imm_id(0xffff) >> 16, 0xffffU);
}

static int wire_init(struct kunit *test)
{
	struct wire_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	if (!t)
		return -ENOMEM;
	t->buf = kunit_kzalloc(test, BUF_SIZE, GFP_KERNEL);
	t->exact = kunit_kzalloc(test, BUF_SIZE, GFP_KERNEL);
	if (!t->buf || !t->exact)
		return -ENOMEM;
	test->priv = t;
	return 0;
}

static struct kunit_case wire_cases[] = {
	KUNIT_CASE(valid_messages),
	KUNIT_CASE(truncated),
	KUNIT_CASE(header),
	KUNIT_CASE(every_field_at_its_limits),
	KUNIT_CASE(names),
	KUNIT_CASE(overflows),
	KUNIT_CASE(atomic_enums),
	KUNIT_CASE(flags_in_company),
	KUNIT_CASE_SLOW(random_damage),
	KUNIT_CASE(media_goes_with_commit),
	KUNIT_CASE(read_wants_its_value),
	KUNIT_CASE(attach_flags),
	KUNIT_CASE(immediate),
	{}
};

static struct kunit_suite wire_suite = {
	.name = "kfi_wire",
	.init = wire_init,
	.test_cases = wire_cases,
};

kunit_test_suite(wire_suite);

MODULE_DESCRIPTION("Tests of the kfabric RDMA provider's wire decoder");
MODULE_LICENSE("GPL");
