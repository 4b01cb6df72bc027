// SPDX-License-Identifier: BSD-3-Clause
/*
 * Decodes by the bytes: TCG gives no memory callback for a write-back, and its
 * disassembler has other names for these instructions. 64-bit mode only. What
 * firmware runs in 16-bit mode may look like one of them; it has no stores to
 * an NVDIMM that this could make durable.
 */
#include <string.h>

#include "decode.h"

/* Mandatory prefixes, numbered as VEX.pp */
enum prefix { PREFIX_NONE, PREFIX_66, PREFIX_F3, PREFIX_F2 };

struct cursor {
	const uint8_t *next;
	const uint8_t *end;
	bool lock;
	bool address32;
	bool operand66;
	uint8_t segment;
	uint8_t rex;
	enum prefix repeat;		/* F2 and F3 go before 66 */
	bool short_read;
};

#define REX_X 2
#define REX_B 1

static uint8_t take(struct cursor *c)
{
	if (c->next == c->end) {
		c->short_read = true;
		return 0;
	}
	return *c->next++;
}

static uint8_t peek(const struct cursor *c)
{
	return c->next < c->end ? *c->next : 0;
}

static bool take_prefix(struct cursor *c)
{
	switch (peek(c)) {
	case 0x66:
		c->operand66 = true;
		break;
	case 0x67:
		c->address32 = true;
		break;
	case 0x64:
		c->segment = SEGMENT_FS;
		break;
	case 0x65:
		c->segment = SEGMENT_GS;
		break;
	case 0xf0:
		c->lock = true;
		break;
	case 0xf2:
		c->repeat = PREFIX_F2;
		break;
	case 0xf3:
		c->repeat = PREFIX_F3;
		break;
	case 0x26:
	case 0x2e:
	case 0x36:
	case 0x3e:
		break;
	default:
		return false;
	}
	take(c);
	return true;
}

static void take_prefixes(struct cursor *c)
{
	while (c->next < c->end) {
		if (take_prefix(c)) {
			/* One that is not directly before the opcode is void. */
			c->rex = 0;
			continue;
		}
		if ((peek(c) & 0xf0) != 0x40)
			return;
		c->rex = take(c);
	}
}

static enum prefix prefix_of(const struct cursor *c)
{
	if (c->repeat)
		return c->repeat;
	return c->operand66 ? PREFIX_66 : PREFIX_NONE;
}

static int32_t take_displacement(struct cursor *c, unsigned int bytes)
{
	uint32_t value = 0;
	unsigned int i;

	for (i = 0; i < bytes; i++)
		value |= (uint32_t)take(c) << (8 * i);
	return bytes == 1 ? (int8_t)value : (int32_t)value;
}

/* What follows a ModRM byte of memory. */
static void take_operand(struct cursor *c, uint8_t modrm, struct operand *o)
{
	unsigned int mod = modrm >> 6, rm = modrm & 7, bytes = mod == 1 ? 1 : 0;
	uint8_t sib;

	if (mod == 2)
		bytes = 4;
	o->segment = c->segment;
	o->address32 = c->address32;
	o->base = rm | (c->rex & REX_B ? 8 : 0);
	o->index = NO_REGISTER;
	o->scale = 1;
	if (rm == 4) {
		sib = take(c);
		o->scale = 1 << (sib >> 6);
		o->index = ((sib >> 3) & 7) | (c->rex & REX_X ? 8 : 0);
		if (o->index == 4)
			o->index = NO_REGISTER;
		o->base = (sib & 7) | (c->rex & REX_B ? 8 : 0);
		if ((sib & 7) == 5 && !mod) {
			o->base = NO_REGISTER;
			bytes = 4;
		}
	} else if (rm == 5 && !mod) {
		o->base = RIP_REGISTER;
		bytes = 4;
	}
	o->displacement = take_displacement(c, bytes);
}

static enum insn_kind is(struct insn *insn, enum insn_kind kind, const char *name)
{
	insn->name = name;
	return kind;
}

/* 0F AE */
static enum insn_kind group15(struct cursor *c, struct insn *insn)
{
	uint8_t modrm = take(c), reg = (modrm >> 3) & 7;
	enum prefix prefix = prefix_of(c);

	if (modrm >> 6 == 3) {
		if (prefix != PREFIX_NONE)
			return INSN_OTHER;	/* UMWAIT, TPAUSE and the like */
		if (reg == 6)
			return is(insn, INSN_FENCE, "mfence");
		return reg == 7 ? is(insn, INSN_FENCE, "sfence") : INSN_OTHER;
	}
	take_operand(c, modrm, &insn->operand);
	if (reg == 7 && prefix == PREFIX_NONE)
		return is(insn, INSN_WRITE_BACK, "clflush");
	if (reg == 7 && prefix == PREFIX_66)
		return is(insn, INSN_WRITE_BACK, "clflushopt");
	if (reg == 6 && prefix == PREFIX_66)
		return is(insn, INSN_WRITE_BACK, "clwb");
	return INSN_OTHER;
}

/* 0F 1F: the NOP with an operand */
static enum insn_kind long_nop(struct cursor *c, struct insn *insn)
{
	uint8_t modrm = take(c);

	if (modrm != 0x84 || c->operand66 || c->repeat || c->address32)
		return INSN_OTHER;
	take_operand(c, modrm, &insn->operand);
	if (((uint32_t)insn->operand.displacement & ~0xffu) != KFI_MARKER_MAGIC ||
	    insn->operand.scale != 1 || insn->operand.index == NO_REGISTER)
		return INSN_OTHER;
	insn->marker = insn->operand.displacement & 0xff;
	return is(insn, INSN_MARKER, "marker");
}

/* A non-temporal store by its opcode in the map 0F; vector: of VEX or EVEX */
static enum insn_kind streaming(struct cursor *c, uint8_t opcode,
				enum prefix prefix, bool vector,
				struct insn *insn)
{
	bool memory = take(c) >> 6 != 3;
	bool simple = prefix == PREFIX_NONE, packed = prefix == PREFIX_66;

	switch (opcode) {
	case 0x2b:
		if (memory && (simple || packed || !vector))
			return is(insn, INSN_NT_STORE, "movntp");
		break;
	case 0xc3:
		if (memory && simple && !vector)
			return is(insn, INSN_NT_STORE, "movnti");
		break;
	case 0xe7:
		if (memory && (packed || (simple && !vector)))
			return is(insn, INSN_NT_STORE, "movntdq");
		break;
	case 0xf7:
		if (!memory && (packed || (simple && !vector)))
			return is(insn, INSN_NT_STORE, "maskmov");
		break;
	}
	return INSN_OTHER;
}

/* 0F 38 */
static enum insn_kind direct_store(struct cursor *c, struct insn *insn)
{
	uint8_t opcode = take(c), memory = take(c) >> 6 != 3;
	enum prefix prefix = prefix_of(c);

	if (opcode == 0xf9 && memory && prefix == PREFIX_NONE)
		return is(insn, INSN_NT_STORE, "movdiri");
	if (opcode == 0xf8 && memory && prefix == PREFIX_66)
		return is(insn, INSN_NT_STORE, "movdir64b");
	return INSN_OTHER;
}

static enum insn_kind map_0f(struct cursor *c, struct insn *insn)
{
	uint8_t opcode = take(c);

	switch (opcode) {
	case 0x09:
		return is(insn, INSN_FLUSH_ALL, "wbinvd");
	case 0x1f:
		return long_nop(c, insn);
	case 0x38:
		return direct_store(c, insn);
	case 0xae:
		return group15(c, insn);
	}
	return streaming(c, opcode, prefix_of(c), false, insn);
}

/* C5: R.vvvv.L.pp; C4: RXB.mmmmm W.vvvv.L.pp; 62: mm in the first, pp in the second */
static enum insn_kind vector(struct cursor *c, uint8_t escape, struct insn *insn)
{
	uint8_t map = 1, last = take(c), opcode;

	/* An older prefix before VEX or EVEX faults. */
	if (c->operand66 || c->repeat || c->rex)
		return INSN_OTHER;
	if (escape != 0xc5) {
		map = last & (escape == 0xc4 ? 0x1f : 0x07);
		last = take(c);
	}
	if (escape == 0x62)
		take(c);
	opcode = take(c);
	if (map != 1)
		return INSN_OTHER;
	return streaming(c, opcode, last & 3, true, insn);
}

static enum insn_kind by_opcode(struct cursor *c, struct insn *insn)
{
	uint8_t opcode = take(c);

	switch (opcode) {
	case 0x0f:
		return map_0f(c, insn);
	case 0x62:
	case 0xc4:
	case 0xc5:
		return vector(c, opcode, insn);
	case 0x86:
	case 0x87:
		if (take(c) >> 6 != 3)
			return is(insn, INSN_LOCKED, "xchg");
		break;
	}
	return INSN_OTHER;
}

enum insn_kind decode(const uint8_t *bytes, size_t length, struct insn *insn)
{
	struct cursor c = { .next = bytes, .end = bytes + length };

	memset(insn, 0, sizeof(*insn));
	take_prefixes(&c);
	if (c.lock)
		insn->kind = is(insn, INSN_LOCKED, "lock");
	else
		insn->kind = by_opcode(&c, insn);
	if (c.short_read)
		insn->kind = INSN_OTHER;
	if (insn->kind == INSN_OTHER)
		insn->name = NULL;
	return insn->kind;
}
