// SPDX-License-Identifier: GPL-2.0-only
/*
 * Becoming the writer: raise the epoch at a majority, learn which record
 * counts, choose a source, unite the intent bits.
 *
 * All of it is control work. It does not block on members: each attach work
 * that ends kicks it again.
 */
#include <linux/bitmap.h>
#include <linux/jiffies.h>
#include <linux/random.h>
#include "set.h"
#include "trace.h"

/* Once a majority has answered, how long to wait for the others. */
#define KFS_GRACE	(HZ / 2)
/* Where two machines try at once, they try again at different times. */
#define KFS_RAISE_MIN	(HZ / 20)
#define KFS_RAISE_MAX	(HZ / 2)

/* The first takeover has a result. */
static void kfs_started(struct kfi_set *set, int err)
{
	spin_lock_bh(&set->lock);
	if (set->started > 0) {
		set->started = err;
		set->takeover_ms = ktime_ms_delta(ktime_get(), set->begin);
	}
	spin_unlock_bh(&set->lock);
	wake_up_all(&set->wake);
}

/* raise_epoch: ask every member to accept an epoch above all that were seen. */
static void kfs_raise_epoch(struct kfi_set *set)
{
	struct kfs_member *m;
	unsigned int i;

	spin_lock_bh(&set->lock);
	if (!set->raw)
		set->epoch = max(set->epoch, set->seen_epoch) + 1;
	set->attempt++;
	set->attempt_begin = jiffies;
	set->raise_later = false;
	kfs_for_each_member(set, m, i)
		m->not_before = jiffies;
	spin_unlock_bh(&set->lock);
	kfs_for_each_member(set, m, i)
		kfs_member_kick(m);
}

/* The epoch that was tried is used up at somebody who is needed. */
static void kfs_raise_again(struct kfi_set *set)
{
	/* The first try is a guess, and what it was below is known now. */
	if (set->attempt == 1) {
		kfs_raise_epoch(set);
		return;
	}
	set->raise_at = jiffies + KFS_RAISE_MIN +
			get_random_u32_below(KFS_RAISE_MAX);
	set->raise_later = true;
}

/* What the members answered to the present attempt. */
struct kfs_answers {
	unsigned long accepted;
	unsigned int answered;
	unsigned int asked;
	bool stale;
};

static void kfs_answers(struct kfi_set *set, struct kfs_answers *a)
{
	struct kfs_member *m;
	unsigned int i;

	memset(a, 0, sizeof(*a));
	spin_lock_bh(&set->lock);
	kfs_for_each_member(set, m, i) {
		a->asked++;
		if (m->attempt != set->attempt)
			continue;
		a->answered++;
		if (m->link == KFS_LINK_UP)
			a->accepted |= BIT(i);
		else if (m->err == -ESTALE && m->seen >= set->epoch)
			a->stale = true;
	}
	spin_unlock_bh(&set->lock);
}

/* Return: whether there is nobody left to wait for. */
static bool kfs_answered(struct kfi_set *set, struct kfs_answers *a)
{
	unsigned long end = set->attempt_begin + KFS_GRACE;

	kfs_answers(set, a);
	if (a->answered < a->asked && time_before(jiffies, end)) {
		mod_delayed_work(set->control_wq, &set->control,
				 end - jiffies);
		return false;
	}
	return true;
}

/* read_records: the record that counts, among members that accepted. */
static const struct kfs_record *kfs_best_record(struct kfi_set *set,
						unsigned long accepted)
{
	const struct kfs_record *best = NULL;
	unsigned int i;

	for_each_set_bit(i, &accepted, KFI_SET_MEMBERS_MAX) {
		const struct kfs_known *known = set->member[i]->known;

		if (known->has_record &&
		    (!best || kfs_record_newer(&known->record, best)))
			best = &known->record;
	}
	return best;
}

/*
 * Is it a majority of the members that the record has? Members that were
 * removed have no vote, and who starts the set may not know of them. If a later
 * record counted, one of these has it: members change one at a time.
 */
static bool kfs_record_quorum(const struct kfs_record *record,
			      unsigned long accepted)
{
	unsigned int i, members = 0, votes = 0;

	for (i = 0; i < record->members; i++) {
		if (record->member[i].gone)
			continue;
		members++;
		votes += !!(accepted & BIT(i));
	}
	return votes > members / 2;
}

/* What a member told has to be of the same set, or it is not looked at. */
static int kfs_check_known(const struct kfi_set *set,
			   const struct kfs_member *m,
			   const struct kfs_record *record)
{
	const struct kfs_known *known = m->known;

	if (!uuid_equal(&known->attr.uuid, &record->member[m->index].uuid) ||
	    m->witness != record->member[m->index].witness ||
	    (known->has_record &&
	     (!uuid_equal(&known->record.uuid, &record->uuid) ||
	      known->record.self != m->index ||
	      known->record.size != record->size ||
	      known->record.extent_shift != record->extent_shift))) {
		pr_err("kfi_replica: set %s: member %u is not region %s as it was made of\n",
		       set->name, m->index, record->member[m->index].region);
		return -ESTALE;
	}
	return 0;
}

/* Members are what the record says they are, or nothing is touched. */
static int kfs_check_members(struct kfi_set *set, unsigned long accepted,
			     const struct kfs_record *record)
{
	unsigned int i;
	int err;

	if (strcmp(record->name, set->name)) {
		pr_err("kfi_replica: set %s: its members are of a set named %s\n",
		       set->name, record->name);
		return -ESTALE;
	}
	if (record->members != set->nr_members) {
		pr_err("kfi_replica: set %s: has %u members, %u were given\n",
		       set->name, record->members, set->nr_members);
		return -EINVAL;
	}
	/* Once allocated, what is kept by extent does not change its size. */
	if (set->size && (set->size != record->size ||
			  set->extent_shift != record->extent_shift))
		return -ESTALE;
	for (i = 0; i < set->nr_members; i++) {
		struct kfs_member *m = set->member[i];

		if (m->gone && !record->member[i].gone) {
			pr_err("kfi_replica: set %s: member %u, %s, was given as removed\n",
			       set->name, i, record->member[i].region);
			return -EINVAL;
		}
		m->gone = record->member[i].gone;
		if (m->gone)
			continue;
		if (accepted & BIT(i)) {
			err = kfs_check_known(set, m, record);
			if (err)
				return err;
		} else if (m->witness != record->member[i].witness) {
			return -ESTALE;
		}
		/* One that is out of reach now has to be this one later. */
		uuid_copy(&m->uuid, &record->member[i].uuid);
	}
	return 0;
}

/* Those that told nothing have nothing, whatever others say. */
static u32 kfs_with_record(struct kfi_set *set, unsigned long accepted)
{
	unsigned int i;
	u32 with = 0;

	for_each_set_bit(i, &accepted, KFI_SET_MEMBERS_MAX)
		if (!set->member[i]->gone && set->member[i]->known->has_record)
			with |= BIT(i);
	return with;
}

static int kfs_create_record(struct kfi_set *set, struct kfs_record *record)
{
	struct kfs_member *m;
	u64 size = U64_MAX;
	unsigned int i;
	u32 data = 0;

	memset(record, 0, sizeof(*record));
	strscpy(record->name, set->name, sizeof(record->name));
	uuid_gen(&record->uuid);
	record->sequence = 1;
	record->extent_shift = set->extent_shift;
	record->members = set->nr_members;
	kfs_for_each_member(set, m, i) {
		if (m->known->has_record) {
			pr_err("kfi_replica: set %s: region %s is a member of set %s already\n",
			       set->name, m->region, m->known->record.name);
			return -EEXIST;
		}
		strscpy(record->member[i].region, m->region,
			sizeof(record->member[i].region));
		uuid_copy(&record->member[i].uuid, &m->uuid);
		record->member[i].witness = m->witness;
		if (m->witness)
			continue;
		data |= BIT(i);
		size = min(size, m->layout.data);
	}
	record->size = size;
	record->in_sync = data;
	if (!set->assume_clean) {
		m = kfs_source(set, data);
		if (!m)
			return -EAGAIN;
		record->in_sync = BIT(m->index);
		record->full = data & ~record->in_sync;
	}
	return 0;
}

static int kfs_raw_record(struct kfi_set *set, struct kfs_record *record)
{
	memset(record, 0, sizeof(*record));
	record->members = 1;
	record->size = set->member[0]->known->attr.size;
	record->extent_shift = set->extent_shift;
	record->in_sync = BIT(0);
	return 0;
}

/*
 * An earlier writer may have left writes in these extents that are visible, and
 * not durable. Nobody else knows: they are committed, or the bits would be
 * cleared over them.
 */
static void kfs_inherit(struct kfi_set *set)
{
	u64 per = BIT_ULL(set->extent_shift - KFS_CHUNK_SHIFT), e, first;

	spin_lock_bh(&set->lock);
	for_each_set_bit(e, set->intent, set->extents) {
		first = e * per;
		bitmap_set(set->dirty, first, min(per, set->chunks - first));
		set->inherit = true;
	}
	spin_unlock_bh(&set->lock);
}

static void kfs_inherited(struct kfi_set_io *io, int err)
{
	struct kfi_set *set = io->set;

	/* For the client to be told. */
	if (err == -EIO) {
		spin_lock_bh(&set->lock);
		set->lost = true;
		spin_unlock_bh(&set->lock);
	}
}

/* union_intent, at the members that will be in sync. */
static int kfs_unite_intent(struct kfi_set *set, unsigned long accepted,
			    u32 *in_sync)
{
	struct kfs_member *source;
	unsigned long each;
	unsigned int i;
	int err = 0;

	if (set->raw) {
		bitmap_fill(set->intent, set->extents);
		return 0;
	}
	for_each_set_bit(i, &accepted, KFI_SET_MEMBERS_MAX) {
		const struct kfs_member *m = set->member[i];

		if (!m->gone && m->known->bits)
			bitmap_or(set->intent, set->intent, m->known->bits,
				  set->extents);
	}
	if (!bitmap_empty(set->intent, set->extents)) {
		source = kfs_source(set, *in_sync);
		if (!source)
			return -EAGAIN;
		*in_sync = BIT(source->index);
		kfs_inherit(set);
	}

	each = *in_sync;
	mutex_lock(&set->intent_mutex);
	for_each_set_bit(i, &each, KFI_SET_MEMBERS_MAX) {
		err = kfs_intent_write(set->member[i], set->intent);
		if (err)
			break;
	}
	mutex_unlock(&set->intent_mutex);
	return err;
}

/*
 * Return: 0: decided; -EAGAIN: not with the members in reach; or why it
 * cannot be.
 */
static int kfs_decide(struct kfi_set *set, unsigned long accepted)
{
	const struct kfs_record *best;
	struct kfs_record record;
	unsigned int i;
	int err;

	if (set->raw) {
		if (!accepted)
			return -EAGAIN;
		err = kfs_raw_record(set, &record);
	} else if (set->create) {
		if (hweight_long(accepted) < set->nr_members)
			return -EAGAIN;
		err = kfs_create_record(set, &record);
	} else {
		best = kfs_best_record(set, accepted);
		if (!best && hweight_long(accepted) < kfs_majority(set))
			return -EAGAIN;
		if (!best) {
			pr_err("kfi_replica: set %s: no member has a record of a set; create it\n",
			       set->name);
			return -ENODATA;
		}
		if (!kfs_record_quorum(best, accepted))
			return -EAGAIN;
		record = *best;
		err = kfs_check_members(set, accepted, &record);
		if (!err)
			record.in_sync &= kfs_with_record(set, accepted);
	}
	if (err)
		return err;
	if (!record.in_sync)
		return -EAGAIN;

	set->record = record;
	set->extent_shift = record.extent_shift;
	set->size = record.size;
	err = kfs_set_alloc(set);
	if (!err)
		err = kfs_unite_intent(set, accepted, &record.in_sync);
	if (err)
		return err;

	spin_lock_bh(&set->lock);
	set->record = record;
	set->need = record.in_sync;
	set->frozen = true;
	for_each_set_bit(i, &set->need, KFI_SET_MEMBERS_MAX) {
		struct kfs_member *m = set->member[i];

		/* Also where it fails now: so it is known in what it came. */
		uuid_copy(&m->incarnation, &m->known->attr.incarnation);
		m->same = true;
		m->joined = m->link == KFS_LINK_UP;
	}
	for (i = 0; i < set->nr_members; i++)
		set->member[i]->full = record.full & BIT(i);
	kfs_set_state(set, KFI_SET_SUSPENDED);
	spin_unlock_bh(&set->lock);
	set->create = false;
	return 0;
}

/**
 * kfs_takeover() - one more look at a takeover
 * @set: a set in state KFI_SET_TAKEOVER
 *
 * Context: control work; sleeps.
 */
void kfs_takeover(struct kfi_set *set)
{
	struct kfs_answers a;
	int err;

	if (READ_ONCE(set->fenced)) {
		/* Somebody else took our region meanwhile, and is ahead. */
		kfs_started(set, -EKEYREVOKED);
		return;
	}
	if (set->raise_later && time_before(jiffies, set->raise_at)) {
		mod_delayed_work(set->control_wq, &set->control,
				 set->raise_at - jiffies);
		return;
	}
	if (!set->attempt || set->raise_later) {
		kfs_raise_epoch(set);
		return;
	}
	if (!kfs_answered(set, &a))
		return;
	err = kfs_decide(set, a.accepted);
	if (!err) {
		kfs_update(set);
	} else if (err == -EAGAIN || err == -ENOLINK) {
		/* The next member that is attached kicks this again. */
		if (a.stale && !set->raw)
			kfs_raise_again(set);
		if (set->raise_later)
			kfs_control_kick(set);
	} else {
		kfs_started(set, err);
	}
}

/* The first time that the set is active. */
static void kfs_active(struct kfi_set *set)
{
	kfs_started(set, 0);
	if (!set->inherit)
		return;
	set->inherit = false;
	set->inherited.op = KFI_SET_COMMIT;
	set->inherited.set = set;
	set->inherited.done = kfs_inherited;
	kfs_commit_add(set, &set->inherited);
}

/* Make the change that somebody waits for, if there is one. */
static void kfs_control_change(struct kfi_set *set)
{
	struct kfs_change *change;

	spin_lock_bh(&set->lock);
	change = set->change;
	set->change = NULL;
	spin_unlock_bh(&set->lock);
	if (!change)
		return;
	change->err = kfs_change(set, change);
	if (!change->err)
		kfs_update(set);
	change->counts = READ_ONCE(set->state) == KFI_SET_ACTIVE;
	complete(&change->done);
}

/**
 * kfs_control() - the control work of a set
 * @work: of the set
 *
 * Context: process; one at a time in a set.
 */
void kfs_control(struct work_struct *work)
{
	struct kfi_set *set = container_of(to_delayed_work(work),
					   struct kfi_set, control);

	if (READ_ONCE(set->stopping))
		return;
	mutex_lock(&set->know_mutex);
	kfs_control_change(set);
	switch (READ_ONCE(set->state)) {
	case KFI_SET_TAKEOVER:
		kfs_takeover(set);
		break;
	case KFI_SET_ACTIVE:
	case KFI_SET_SUSPENDED:
		kfs_update(set);
		break;
	default:
		break;
	}
	if (READ_ONCE(set->state) == KFI_SET_ACTIVE)
		kfs_active(set);
	mutex_unlock(&set->know_mutex);
}
