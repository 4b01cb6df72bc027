/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a power cut could leave: a recorder of stores, write-backs and fences.
 *
 * A recorded medium has a copy beside it of what survives for certain. At each
 * fence the recorder notes every line in which the two differ, with what it holds
 * and with what was written back of it: a power cut before that fence may find
 * each of these lines old, written back, or as it is. The fence then carries to
 * the copy what was written back. tests/crash makes images of that.
 */
#ifndef KFI_PMEM_RECORDER_H
#define KFI_PMEM_RECORDER_H

#include <linux/types.h>

#define KFI_RECORD_MEDIA	4
#define KFI_RECORD_LINE		64
#define KFI_RECORD_WORDS	(KFI_RECORD_LINE / 8)

/**
 * struct kfi_record_line - a line that may or may not survive
 * @medium: of which medium
 * @line: its number there
 * @is_pending: it was written back, and there was no fence since
 * @now: what it holds
 * @pending: what was written back
 */
struct kfi_record_line {
	u32 medium;
	u32 line;
	bool is_pending;
	u64 now[KFI_RECORD_WORDS];
	u64 pending[KFI_RECORD_WORDS];
};

/**
 * struct kfi_record_point - a moment before a fence
 * @first: of its lines
 * @lines: how many
 */
struct kfi_record_point {
	u32 first;
	u32 lines;
};

/**
 * struct kfi_record - a recording
 * @medium: what is recorded
 * @media: how many
 * @point: the moments
 * @points: how many
 * @line: of all moments
 * @lines: how many
 * @pended: what was written back since the last fence, a line once
 * @nr_pended: how many
 * @overflow: there were more than there is room for
 */
struct kfi_record {
	struct kfi_record_medium {
		u8 *kaddr;
		u64 size;
		u8 *start;	/* when the recording began */
		u8 *survives;	/* at present */
		u32 *pending;	/* of each line: its place in pended, from 1 */
	} medium[KFI_RECORD_MEDIA];
	unsigned int media;
	struct kfi_record_point *point;
	u32 points;
	struct kfi_record_line *line;
	u32 lines;
	struct kfi_record_line *pended;
	u32 nr_pended;
	bool overflow;
};

#if IS_ENABLED(CONFIG_KFI_KUNIT_TEST)
int kfi_record_start(struct kfi_record *record, unsigned int media,
		     u8 *const kaddr[], const u64 size[]);
void kfi_record_stop(struct kfi_record *record);
void kfi_record_free(struct kfi_record *record);
u32 kfi_record_now(const struct kfi_record *record);
void kfi_record_moment(struct kfi_record *record);
u32 kfi_record_unsafe(struct kfi_record *record, const void *addr, u64 length);

void kfi_record_writeback(const void *addr, size_t length);
void kfi_record_fence(void);
#else
static inline void kfi_record_writeback(const void *addr, size_t length)
{
}

static inline void kfi_record_fence(void)
{
}
#endif

#endif
