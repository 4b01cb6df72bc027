// SPDX-License-Identifier: GPL-2.0-only
/* See recorder.h. */
#include <linux/mm.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include "recorder.h"

#define MOST_POINTS	16384
#define MOST_LINES	(192 << 10)
#define MOST_PENDED	16384

/* One at a time; nobody records but tests. */
static struct kfi_record *recording;
static DEFINE_SPINLOCK(lock);	/* recording, and all that is in it */

/* The medium that a byte is of, and its line there. */
static struct kfi_record_medium *find(const void *addr, u32 *line)
{
	struct kfi_record_medium *m;

	for (m = recording->medium; m < recording->medium + recording->media; m++)
		if ((u8 *)addr >= m->kaddr && (u8 *)addr < m->kaddr + m->size) {
			*line = ((u8 *)addr - m->kaddr) / KFI_RECORD_LINE;
			return m;
		}
	return NULL;
}

static void pend(struct kfi_record_medium *m, u32 line)
{
	struct kfi_record_line *to;

	if (!m->pending[line]) {
		if (recording->nr_pended == MOST_PENDED) {
			recording->overflow = true;
			return;
		}
		m->pending[line] = ++recording->nr_pended;
	}
	to = &recording->pended[m->pending[line] - 1];
	to->medium = m - recording->medium;
	to->line = line;
	memcpy(to->pending, m->kaddr + (u64)line * KFI_RECORD_LINE,
	       KFI_RECORD_LINE);
}

/**
 * kfi_record_writeback() - lines are written back, or were stored past the caches
 * @addr: first byte
 * @length: bytes
 *
 * Context: any.
 */
void kfi_record_writeback(const void *addr, size_t length)
{
	const void *end = addr + length;
	struct kfi_record_medium *m;
	unsigned long flags;
	u32 line;

	if (!READ_ONCE(recording) || !length)
		return;
	spin_lock_irqsave(&lock, flags);
	m = recording ? find(addr, &line) : NULL;
	for (; m && m->kaddr + (u64)line * KFI_RECORD_LINE < (u8 *)end; line++)
		pend(m, line);
	spin_unlock_irqrestore(&lock, flags);
}

static void note_line(struct kfi_record *r, struct kfi_record_medium *m, u32 line)
{
	struct kfi_record_line *to = &r->line[r->lines];

	if (r->lines == MOST_LINES) {
		r->overflow = true;
		return;
	}
	r->lines++;
	to->medium = m - r->medium;
	to->line = line;
	to->is_pending = m->pending[line];
	memcpy(to->now, m->kaddr + (u64)line * KFI_RECORD_LINE, KFI_RECORD_LINE);
	if (to->is_pending)
		memcpy(to->pending, r->pended[m->pending[line] - 1].pending,
		       KFI_RECORD_LINE);
}

static bool differs(const struct kfi_record_medium *m, u64 offset, u64 length)
{
	return memcmp(m->kaddr + offset, m->survives + offset, length);
}

static void note_page(struct kfi_record *r, struct kfi_record_medium *m, u64 page)
{
	u64 at;

	for (at = page; at < page + PAGE_SIZE; at += KFI_RECORD_LINE)
		if (differs(m, at, KFI_RECORD_LINE) ||
		    m->pending[at / KFI_RECORD_LINE])
			note_line(r, m, at / KFI_RECORD_LINE);
}

static bool page_pends(const struct kfi_record_medium *m, u64 page)
{
	return memchr_inv(&m->pending[page / KFI_RECORD_LINE], 0,
			  PAGE_SIZE / KFI_RECORD_LINE * sizeof(*m->pending));
}

static void note_point(struct kfi_record *r)
{
	struct kfi_record_point *p = &r->point[r->points];
	struct kfi_record_medium *m;
	u64 page;

	if (r->points == MOST_POINTS) {
		r->overflow = true;
		return;
	}
	p->first = r->lines;
	for (m = r->medium; m < r->medium + r->media; m++)
		for (page = 0; page < m->size; page += PAGE_SIZE)
			if (differs(m, page, PAGE_SIZE) || page_pends(m, page))
				note_page(r, m, page);
	p->lines = r->lines - p->first;
	r->points++;
}

/**
 * kfi_record_fence() - what was written back survives from here on
 *
 * Call before the fence. Fences with nothing to carry are no moment.
 *
 * Context: any.
 */
void kfi_record_fence(void)
{
	struct kfi_record *r;
	unsigned long flags;
	u32 i;

	if (!READ_ONCE(recording))
		return;
	spin_lock_irqsave(&lock, flags);
	r = recording;
	if (!r || !r->nr_pended)
		goto out_unlock;
	note_point(r);
	for (i = 0; i < r->nr_pended; i++) {
		const struct kfi_record_line *from = &r->pended[i];
		struct kfi_record_medium *m = &r->medium[from->medium];

		memcpy(m->survives + (u64)from->line * KFI_RECORD_LINE,
		       from->pending, KFI_RECORD_LINE);
		m->pending[from->line] = 0;
	}
	r->nr_pended = 0;
out_unlock:
	spin_unlock_irqrestore(&lock, flags);
}

/**
 * kfi_record_moment() - a moment that is not before a fence
 * @record: the recording
 *
 * Context: any.
 */
void kfi_record_moment(struct kfi_record *record)
{
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	note_point(record);
	spin_unlock_irqrestore(&lock, flags);
}

/**
 * kfi_record_now() - how many moments have been
 * @record: the recording
 *
 * Return: the number that the next one will have.
 */
u32 kfi_record_now(const struct kfi_record *record)
{
	return READ_ONCE(record->points);
}

/**
 * kfi_record_unsafe() - lines of a range that a power cut could take back
 * @record: the recording
 * @addr: first byte
 * @length: bytes
 *
 * Return: how many.
 */
u32 kfi_record_unsafe(struct kfi_record *record, const void *addr, u64 length)
{
	struct kfi_record_medium *m;
	unsigned long flags;
	u32 line, count = 0;

	spin_lock_irqsave(&lock, flags);
	m = find(addr, &line);
	for (; m && m->kaddr + (u64)line * KFI_RECORD_LINE < (u8 *)addr + length;
	     line++)
		count += differs(m, (u64)line * KFI_RECORD_LINE, KFI_RECORD_LINE);
	spin_unlock_irqrestore(&lock, flags);
	return count;
}

/**
 * kfi_record_start() - begin to record
 * @record: where to; kfi_record_free() even if this fails
 * @media: how many media
 * @kaddr: of each: its first byte, of a page
 * @size: of each: bytes, of pages
 *
 * All that is there counts as survived.
 *
 * Context: process, sleeps.
 * Return: 0, -ENOMEM, or -EBUSY.
 */
int kfi_record_start(struct kfi_record *record, unsigned int media,
		     u8 *const kaddr[], const u64 size[])
{
	struct kfi_record_medium *m;
	int err = 0;

	memset(record, 0, sizeof(*record));
	record->point = vmalloc_array(MOST_POINTS, sizeof(*record->point));
	record->line = vmalloc_array(MOST_LINES, sizeof(*record->line));
	record->pended = vmalloc_array(MOST_PENDED, sizeof(*record->pended));
	if (!record->point || !record->line || !record->pended)
		return -ENOMEM;
	for (; record->media < media; record->media++) {
		m = &record->medium[record->media];
		m->kaddr = kaddr[record->media];
		m->size = size[record->media];
		m->start = vmalloc(m->size);
		m->survives = vmalloc(m->size);
		m->pending = vzalloc(m->size / KFI_RECORD_LINE *
				     sizeof(*m->pending));
		if (!m->start || !m->survives || !m->pending) {
			record->media++;
			return -ENOMEM;
		}
		memcpy(m->start, m->kaddr, m->size);
		memcpy(m->survives, m->kaddr, m->size);
	}
	spin_lock_irq(&lock);
	if (recording)
		err = -EBUSY;
	else
		recording = record;
	spin_unlock_irq(&lock);
	return err;
}

/**
 * kfi_record_stop() - record no more
 * @record: the recording
 */
void kfi_record_stop(struct kfi_record *record)
{
	spin_lock_irq(&lock);
	if (recording == record)
		recording = NULL;
	spin_unlock_irq(&lock);
}

/**
 * kfi_record_free() - stop, and forget it
 * @record: the recording, or one of zeros
 */
void kfi_record_free(struct kfi_record *record)
{
	struct kfi_record_medium *m;

	kfi_record_stop(record);
	for (m = record->medium; m < record->medium + record->media; m++) {
		vfree(m->start);
		vfree(m->survives);
		vfree(m->pending);
	}
	vfree(record->point);
	vfree(record->line);
	vfree(record->pended);
	memset(record, 0, sizeof(*record));
}
