// SPDX-License-Identifier: BSD-3-Clause
/* The decoder against a table of encodings. */
#include <stdio.h>
#include <string.h>

#include "decode.h"

#define BYTES(...) .bytes = { __VA_ARGS__ }, \
	.length = sizeof((uint8_t[]){ __VA_ARGS__ })
#define AT(b, i, s, d) .operand = { .base = b, .index = i, .scale = s, \
	.displacement = d }, .has_operand = true

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15 };

static const struct encoding {
	const char *text;
	uint8_t bytes[16];
	size_t length;
	enum insn_kind kind;
	const char *name;
	bool has_operand;
	struct operand operand;
	uint8_t marker;
} table[] = {
	/* Write-backs, in each form of the operand */
	{ "clwb (%rax)", BYTES(0x66, 0x0f, 0xae, 0x30), INSN_WRITE_BACK, "clwb",
	  AT(RAX, NO_REGISTER, 1, 0) },
	{ "clwb 64(%rdi)", BYTES(0x66, 0x0f, 0xae, 0x77, 0x40), INSN_WRITE_BACK,
	  "clwb", AT(RDI, NO_REGISTER, 1, 64) },
	{ "clwb -64(%rdi)", BYTES(0x66, 0x0f, 0xae, 0x77, 0xc0), INSN_WRITE_BACK,
	  "clwb", AT(RDI, NO_REGISTER, 1, -64) },
	{ "clwb 0x12345678(%rbx)",
	  BYTES(0x66, 0x0f, 0xae, 0xb3, 0x78, 0x56, 0x34, 0x12),
	  INSN_WRITE_BACK, "clwb", AT(RBX, NO_REGISTER, 1, 0x12345678) },
	{ "clwb (%r8)", BYTES(0x66, 0x41, 0x0f, 0xae, 0x30), INSN_WRITE_BACK,
	  "clwb", AT(R8, NO_REGISTER, 1, 0) },
	{ "clwb (%rsp)", BYTES(0x66, 0x0f, 0xae, 0x34, 0x24), INSN_WRITE_BACK,
	  "clwb", AT(RSP, NO_REGISTER, 1, 0) },
	{ "clwb (%r12)", BYTES(0x66, 0x41, 0x0f, 0xae, 0x34, 0x24),
	  INSN_WRITE_BACK, "clwb", AT(R12, NO_REGISTER, 1, 0) },
	{ "clwb 0(%r13)", BYTES(0x66, 0x41, 0x0f, 0xae, 0x75, 0x00),
	  INSN_WRITE_BACK, "clwb", AT(R13, NO_REGISTER, 1, 0) },
	{ "clwb (%rax,%rcx,8)", BYTES(0x66, 0x0f, 0xae, 0x34, 0xc8),
	  INSN_WRITE_BACK, "clwb", AT(RAX, RCX, 8, 0) },
	{ "clwb 8(%r9,%r10,4)", BYTES(0x66, 0x43, 0x0f, 0xae, 0x74, 0x91, 0x08),
	  INSN_WRITE_BACK, "clwb", AT(R9, R10, 4, 8) },
	{ "clwb (%rbp,%r12,2)", BYTES(0x66, 0x42, 0x0f, 0xae, 0x74, 0x65, 0x00),
	  INSN_WRITE_BACK, "clwb", AT(RBP, R12, 2, 0) },
	{ "clwb 0x1000(,%rdx,8)",
	  BYTES(0x66, 0x0f, 0xae, 0x34, 0xd5, 0x00, 0x10, 0x00, 0x00),
	  INSN_WRITE_BACK, "clwb", AT(NO_REGISTER, RDX, 8, 0x1000) },
	{ "clwb 0x1000", BYTES(0x66, 0x0f, 0xae, 0x34, 0x25, 0x00, 0x10, 0x00, 0x00),
	  INSN_WRITE_BACK, "clwb", AT(NO_REGISTER, NO_REGISTER, 1, 0x1000) },
	{ "clwb 0x20(%rip)", BYTES(0x66, 0x0f, 0xae, 0x35, 0x20, 0x00, 0x00, 0x00),
	  INSN_WRITE_BACK, "clwb", AT(RIP_REGISTER, NO_REGISTER, 1, 0x20) },
	{ "clwb %gs:(%rax)", BYTES(0x65, 0x66, 0x0f, 0xae, 0x30), INSN_WRITE_BACK,
	  "clwb", .has_operand = true,
	  .operand = { RAX, NO_REGISTER, 1, SEGMENT_GS, false, 0 } },
	{ "clwb %fs:(%rax)", BYTES(0x66, 0x64, 0x0f, 0xae, 0x30), INSN_WRITE_BACK,
	  "clwb", .has_operand = true,
	  .operand = { RAX, NO_REGISTER, 1, SEGMENT_FS, false, 0 } },
	{ "clwb (%eax)", BYTES(0x67, 0x66, 0x0f, 0xae, 0x30), INSN_WRITE_BACK,
	  "clwb", .has_operand = true,
	  .operand = { RAX, NO_REGISTER, 1, SEGMENT_FLAT, true, 0 } },
	{ "ds clwb (%rax): the kernel's alternative of clflush",
	  BYTES(0x3e, 0x66, 0x0f, 0xae, 0x30), INSN_WRITE_BACK, "clwb",
	  AT(RAX, NO_REGISTER, 1, 0) },
	{ "clflushopt (%rax)", BYTES(0x66, 0x0f, 0xae, 0x38), INSN_WRITE_BACK,
	  "clflushopt", AT(RAX, NO_REGISTER, 1, 0) },
	{ "clflushopt (%r15)", BYTES(0x66, 0x41, 0x0f, 0xae, 0x3f),
	  INSN_WRITE_BACK, "clflushopt", AT(R15, NO_REGISTER, 1, 0) },
	{ "clflush (%rax)", BYTES(0x0f, 0xae, 0x38), INSN_WRITE_BACK, "clflush",
	  AT(RAX, NO_REGISTER, 1, 0) },
	{ "ds clflush (%rax)", BYTES(0x3e, 0x0f, 0xae, 0x38), INSN_WRITE_BACK,
	  "clflush", AT(RAX, NO_REGISTER, 1, 0) },
	{ "clflush (%rax), a REX that is void before 2e",
	  BYTES(0x41, 0x2e, 0x0f, 0xae, 0x38), INSN_WRITE_BACK, "clflush",
	  AT(RAX, NO_REGISTER, 1, 0) },
	{ "wbinvd", BYTES(0x0f, 0x09), INSN_FLUSH_ALL, "wbinvd" },
	{ "wbnoinvd", BYTES(0xf3, 0x0f, 0x09), INSN_FLUSH_ALL, "wbinvd" },

	/* Fences */
	{ "sfence", BYTES(0x0f, 0xae, 0xf8), INSN_FENCE, "sfence" },
	{ "sfence, another rm", BYTES(0x0f, 0xae, 0xff), INSN_FENCE, "sfence" },
	{ "mfence", BYTES(0x0f, 0xae, 0xf0), INSN_FENCE, "mfence" },
	{ "lock addl $0,-4(%rsp)", BYTES(0xf0, 0x83, 0x44, 0x24, 0xfc, 0x00),
	  INSN_LOCKED, "lock" },
	{ "lock cmpxchg %rcx,(%rdx)", BYTES(0xf0, 0x48, 0x0f, 0xb1, 0x0a),
	  INSN_LOCKED, "lock" },
	{ "lock xadd %eax,(%rdi), 3e first", BYTES(0x3e, 0xf0, 0x0f, 0xc1, 0x07),
	  INSN_LOCKED, "lock" },
	{ "xchg %rax,(%rdi)", BYTES(0x48, 0x87, 0x07), INSN_LOCKED, "xchg" },
	{ "xchg %al,(%rdi)", BYTES(0x86, 0x07), INSN_LOCKED, "xchg" },

	/* Stores that bypass the cache */
	{ "movnti %rax,(%rdi)", BYTES(0x48, 0x0f, 0xc3, 0x07), INSN_NT_STORE,
	  "movnti" },
	{ "movnti %r10d,8(%rdi)", BYTES(0x44, 0x0f, 0xc3, 0x57, 0x08),
	  INSN_NT_STORE, "movnti" },
	{ "movntps %xmm0,(%rdi)", BYTES(0x0f, 0x2b, 0x07), INSN_NT_STORE, "movntp" },
	{ "movntpd %xmm0,(%rdi)", BYTES(0x66, 0x0f, 0x2b, 0x07), INSN_NT_STORE,
	  "movntp" },
	{ "movntsd %xmm0,(%rdi)", BYTES(0xf2, 0x0f, 0x2b, 0x07), INSN_NT_STORE,
	  "movntp" },
	{ "movntq %mm0,(%rdi)", BYTES(0x0f, 0xe7, 0x07), INSN_NT_STORE, "movntdq" },
	{ "movntdq %xmm0,(%rdi)", BYTES(0x66, 0x0f, 0xe7, 0x07), INSN_NT_STORE,
	  "movntdq" },
	{ "maskmovq %mm1,%mm0", BYTES(0x0f, 0xf7, 0xc1), INSN_NT_STORE, "maskmov" },
	{ "maskmovdqu %xmm1,%xmm0", BYTES(0x66, 0x0f, 0xf7, 0xc1), INSN_NT_STORE,
	  "maskmov" },
	{ "movdiri %rax,(%rdi)", BYTES(0x48, 0x0f, 0x38, 0xf9, 0x07),
	  INSN_NT_STORE, "movdiri" },
	{ "movdir64b (%rsi),%rdi", BYTES(0x66, 0x0f, 0x38, 0xf8, 0x3e),
	  INSN_NT_STORE, "movdir64b" },
	{ "vmovntps %ymm0,(%rdi)", BYTES(0xc5, 0xfc, 0x2b, 0x07), INSN_NT_STORE,
	  "movntp" },
	{ "vmovntpd %xmm8,(%rdi)", BYTES(0xc5, 0x79, 0x2b, 0x07), INSN_NT_STORE,
	  "movntp" },
	{ "vmovntdq %ymm0,(%rdi)", BYTES(0xc5, 0xfd, 0xe7, 0x07), INSN_NT_STORE,
	  "movntdq" },
	{ "vmovntdq %xmm0,(%r8)", BYTES(0xc4, 0xc1, 0x79, 0xe7, 0x00),
	  INSN_NT_STORE, "movntdq" },
	{ "vmaskmovdqu %xmm1,%xmm0", BYTES(0xc5, 0xf9, 0xf7, 0xc1), INSN_NT_STORE,
	  "maskmov" },
	{ "vmovntdq %zmm0,(%rdi)", BYTES(0x62, 0xf1, 0x7d, 0x48, 0xe7, 0x07),
	  INSN_NT_STORE, "movntdq" },
	{ "vmovntps %zmm0,(%rdi)", BYTES(0x62, 0xf1, 0x7c, 0x48, 0x2b, 0x07),
	  INSN_NT_STORE, "movntp" },

	/* The marker, and what only looks like it */
	{ "nopl 0x4b464901(%rdi,%rsi,1)",
	  BYTES(0x0f, 0x1f, 0x84, 0x37, 0x01, 0x49, 0x46, 0x4b), INSN_MARKER,
	  "marker", AT(RDI, RSI, 1, 0x4b464901), .marker = KFI_MARKER_DURABLE },
	{ "nopl 0x4b464903(%r8,%r12,1)",
	  BYTES(0x43, 0x0f, 0x1f, 0x84, 0x20, 0x03, 0x49, 0x46, 0x4b),
	  INSN_MARKER, "marker", AT(R8, R12, 1, 0x4b464903),
	  .marker = KFI_MARKER_END },
	{ "nopl 0x0(%rax,%rax,1)",
	  BYTES(0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00), INSN_OTHER },
	{ "nopw 0x4b464901(%rdi,%rsi,1)",
	  BYTES(0x66, 0x0f, 0x1f, 0x84, 0x37, 0x01, 0x49, 0x46, 0x4b), INSN_OTHER },
	{ "nopl 0x4b464901(%rdi,%rsi,2)",
	  BYTES(0x0f, 0x1f, 0x84, 0x77, 0x01, 0x49, 0x46, 0x4b), INSN_OTHER },
	{ "nopl 0x4b464901(%rdi), without an index",
	  BYTES(0x0f, 0x1f, 0x84, 0x27, 0x01, 0x49, 0x46, 0x4b), INSN_OTHER },
	{ "nopl 0x0(%rax)", BYTES(0x0f, 0x1f, 0x40, 0x00), INSN_OTHER },

	/* Neighbours that persist nothing */
	{ "lfence", BYTES(0x0f, 0xae, 0xe8), INSN_OTHER },
	{ "xsaveopt (%rax)", BYTES(0x0f, 0xae, 0x30), INSN_OTHER },
	{ "xsave (%rax)", BYTES(0x0f, 0xae, 0x20), INSN_OTHER },
	{ "fxsave (%rax)", BYTES(0x0f, 0xae, 0x00), INSN_OTHER },
	{ "clrssbsy (%rax)", BYTES(0xf3, 0x0f, 0xae, 0x30), INSN_OTHER },
	{ "tpause %ecx", BYTES(0x66, 0x0f, 0xae, 0xf1), INSN_OTHER },
	{ "umonitor %rax", BYTES(0xf3, 0x0f, 0xae, 0xf0), INSN_OTHER },
	{ "umwait %ecx", BYTES(0xf2, 0x0f, 0xae, 0xf1), INSN_OTHER },
	{ "pcommit", BYTES(0x66, 0x0f, 0xae, 0xf8), INSN_OTHER },
	{ "cldemote (%rax)", BYTES(0x0f, 0x1c, 0x00), INSN_OTHER },
	{ "prefetcht0 (%rax)", BYTES(0x0f, 0x18, 0x08), INSN_OTHER },
	{ "invd", BYTES(0x0f, 0x08), INSN_OTHER },
	{ "nop", BYTES(0x90), INSN_OTHER },
	{ "xchg %rax,%rbx", BYTES(0x48, 0x93), INSN_OTHER },
	{ "xchg %rcx,%rdx", BYTES(0x48, 0x87, 0xca), INSN_OTHER },
	{ "mov %rax,(%rdi)", BYTES(0x48, 0x89, 0x07), INSN_OTHER },
	{ "rep movsb", BYTES(0xf3, 0xa4), INSN_OTHER },
	{ "rep stosq", BYTES(0xf3, 0x48, 0xab), INSN_OTHER },
	{ "movaps %xmm0,(%rdi)", BYTES(0x0f, 0x29, 0x07), INSN_OTHER },
	{ "movntdqa (%rdi),%xmm0: a load",
	  BYTES(0x66, 0x0f, 0x38, 0x2a, 0x07), INSN_OTHER },
	{ "vmovntdqa (%rdi),%ymm0: the map 0F38",
	  BYTES(0xc4, 0xe2, 0x7d, 0x2a, 0x07), INSN_OTHER },
	{ "map 0F38, opcode e7", BYTES(0xc4, 0xe2, 0x7d, 0xe7, 0x07), INSN_OTHER },
	{ "movntdq with a register", BYTES(0x66, 0x0f, 0xe7, 0xc0), INSN_OTHER },
	{ "maskmovdqu with memory", BYTES(0x66, 0x0f, 0xf7, 0x07), INSN_OTHER },
	{ "vex c3", BYTES(0xc5, 0xf8, 0xc3, 0x07), INSN_OTHER },
	{ "66 before VEX faults", BYTES(0x66, 0xc5, 0xfd, 0xe7, 0x07), INSN_OTHER },
	{ "crc32b (%rdi),%eax", BYTES(0xf2, 0x0f, 0x38, 0xf0, 0x07), INSN_OTHER },
	{ "enqcmd", BYTES(0xf2, 0x0f, 0x38, 0xf8, 0x3e), INSN_OTHER },
	{ "movbe %eax,(%rdi)", BYTES(0x0f, 0x38, 0xf1, 0x07), INSN_OTHER },

	/* Cut short */
	{ "nothing", .length = 0, .kind = INSN_OTHER },
	{ "prefixes alone", BYTES(0x66, 0x3e, 0x66), INSN_OTHER },
	{ "0f", BYTES(0x0f), INSN_OTHER },
	{ "clwb without ModRM", BYTES(0x66, 0x0f, 0xae), INSN_OTHER },
	{ "clwb without SIB", BYTES(0x66, 0x0f, 0xae, 0x34), INSN_OTHER },
	{ "clwb without displacement", BYTES(0x66, 0x0f, 0xae, 0x77), INSN_OTHER },
	{ "clwb with half of it", BYTES(0x66, 0x0f, 0xae, 0xb3, 0x78, 0x56),
	  INSN_OTHER },
	{ "VEX without opcode", BYTES(0xc5, 0xfd), INSN_OTHER },
};

static bool same_operand(const struct operand *a, const struct operand *b)
{
	return a->base == b->base && a->index == b->index &&
		a->scale == b->scale && a->segment == b->segment &&
		a->address32 == b->address32 &&
		a->displacement == b->displacement;
}

static const char *wrong(const struct encoding *e, const struct insn *got)
{
	if (got->kind != e->kind)
		return "kind";
	if (e->kind == INSN_OTHER)
		return NULL;
	if (strcmp(got->name, e->name))
		return "name";
	if (got->marker != e->marker)
		return "marker";
	if (e->has_operand && !same_operand(&got->operand, &e->operand))
		return "operand";
	return NULL;
}

/* No byte behind the end is read, wherever the end is (under a sanitizer). */
static void cut_short(const struct encoding *e)
{
	struct insn insn;
	size_t length;

	for (length = 0; length < e->length; length++) {
		uint8_t bytes[length + 1];

		memcpy(bytes, e->bytes, length);
		decode(bytes, length, &insn);
	}
}

int main(void)
{
	unsigned int passed = 0, failed = 0;
	struct insn insn;
	const char *what;
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(*table); i++) {
		decode(table[i].bytes, table[i].length, &insn);
		cut_short(&table[i]);
		what = wrong(&table[i], &insn);
		if (what)
			printf("FAIL decode %s: %s (kind %d, base %d, index %d, scale %d, displacement %d)\n",
			       table[i].text, what, insn.kind,
			       insn.operand.base, insn.operand.index,
			       insn.operand.scale, insn.operand.displacement);
		what ? failed++ : passed++;
	}
	printf("%u passed, %u failed\n", passed, failed);
	return failed > 0;
}
