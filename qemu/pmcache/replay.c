// SPDX-License-Identifier: BSD-3-Clause
#include "kfi_marker.h"
#include "replay.h"

void counts_subtract(struct counts *from, const struct counts *what)
{
	uint64_t *to = (uint64_t *)from;
	const uint64_t *less = (const uint64_t *)what;
	size_t i;

	for (i = 0; i < sizeof(*from) / sizeof(*to); i++)
		to[i] -= less[i];
}

void counts_print(const struct counts *c, FILE *f)
{
	fprintf(f,
		"stores %llu nt-stores %llu write-backs %llu clean-write-backs %llu fences %llu idle-fences %llu evictions %llu markers %llu acknowledged %llu\n",
		(unsigned long long)c->stores,
		(unsigned long long)c->nt_stores,
		(unsigned long long)c->write_backs,
		(unsigned long long)c->clean_write_backs,
		(unsigned long long)c->fences,
		(unsigned long long)c->idle_fences,
		(unsigned long long)c->evictions,
		(unsigned long long)c->markers,
		(unsigned long long)c->acknowledged);
}

static void marker(struct replay *r, const struct record *record)
{
	struct counts spent;

	r->counts.markers++;
	switch (record->marker) {
	case KFI_MARKER_DURABLE:
		r->counts.acknowledged++;
		lint_durable(&r->lint, r->cache, record);
		break;
	case KFI_MARKER_ALL_DURABLE:
		r->counts.acknowledged++;
		lint_all_durable(&r->lint, r->cache, record);
		break;
	case KFI_MARKER_COMMIT:
		lint_commit(&r->lint, r->cache, record);
		break;
	case KFI_MARKER_BEGIN:
		r->lint.operation = record->offset;
		r->argument = record->value;
		r->began = r->counts;
		break;
	case KFI_MARKER_END:
		if (!r->over)
			break;
		spent = r->counts;
		counts_subtract(&spent, &r->began);
		r->over(r, &spent);
		break;
	}
}

static bool is_fence(const struct replay *r, const struct record *record)
{
	return record->type == RECORD_FENCE ||
		(record->type == RECORD_LOCKED &&
		 r->mode == MODE_ARCHITECTURAL);
}

bool replay_fence_counts(const struct replay *r, const struct record *record)
{
	return is_fence(r, record) && cache_has_pending(r->cache, record->cpu);
}

static bool is_acknowledgement(const struct record *record)
{
	return record->type == RECORD_MARKER &&
		(record->marker == KFI_MARKER_DURABLE ||
		 record->marker == KFI_MARKER_ALL_DURABLE ||
		 record->marker == KFI_MARKER_END);
}

enum point replay_point(struct replay *r, const struct record *record)
{
	enum point point = POINT_NONE;

	if (is_fence(r, record) || record->type == RECORD_FLUSH_ALL)
		point = POINT_BEFORE;
	else if (is_acknowledgement(record))
		point = POINT_AFTER;
	if (!r->changed)
		return POINT_NONE;
	if (point != POINT_NONE)
		r->changed = false;
	return point;
}

static void fence(struct replay *r, const struct record *record)
{
	if (!is_fence(r, record))
		return;
	r->counts.fences++;
	if (cache_fence(r->cache, record->cpu))
		r->changed = true;
	else
		r->counts.idle_fences++;
}

void replay_apply(struct replay *r, const struct record *record)
{
	bool nt = record->type == RECORD_NT_STORE;

	switch (record->type) {
	case RECORD_STORE:
	case RECORD_NT_STORE:
		if (nt)
			r->counts.nt_stores++;
		else
			r->counts.stores++;
		cache_store(r->cache, record->cpu, record->offset,
			    &record->value, record->length, nt, record->pc);
		r->changed = true;
		break;
	case RECORD_WRITE_BACK:
		r->counts.write_backs++;
		if (!cache_find(r->cache, record->offset))
			r->counts.clean_write_backs++;
		cache_write_back(r->cache, record->cpu, record->offset);
		r->changed = true;
		break;
	case RECORD_FENCE:
	case RECORD_LOCKED:
		fence(r, record);
		break;
	case RECORD_FLUSH_ALL:
		cache_flush_all(r->cache);
		r->changed = true;
		break;
	case RECORD_EVICT:
		r->counts.evictions++;
		cache_evict(r->cache, record->offset / LINE);
		break;
	case RECORD_MARKER:
		marker(r, record);
		break;
	}
}
