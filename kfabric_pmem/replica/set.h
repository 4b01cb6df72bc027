/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside of a replica set.
 *
 * Who may change what, from the outside to the inside:
 *
 *   control work	one at a time: state, record, who is in sync. It alone
 *			writes records. May sleep.
 *   attach work	one per member: its link, from down to up. May sleep.
 *   know_mutex	what a member told when it was attached, and its link's last
 *			step to up. The control work holds it while it runs, so
 *			that no member is another one halfway.
 *   intent_mutex	what is written to the members' intent bits
 *   lock		everything that the data path looks at; bottom halves
 */
#ifndef KFI_REPLICA_SET_H
#define KFI_REPLICA_SET_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <kfi_client.h>
#include <kfi_pool.h>
#include <kfi_pmem_prov.h>
#include <kfi_replica.h>
#include "record.h"

#define KFS_CHUNK_SHIFT		16	/* what is remembered of uncommitted writes */
#define KFS_COMMIT_RANGES	8	/* ranges in a message of a commit, at most */
#define KFS_COPY_BYTES		SZ_256K	/* read and written at once by a resync */
#define KFS_COPY_PAGES		(KFS_COPY_BYTES / PAGE_SIZE)
#define KFS_BITMAP_BITS		(8 * PAGE_SIZE)	/* intent bits in one operation */

enum kfs_kind {
	KFS_READ,
	KFS_WRITE,
	KFS_WRITE_DURABLE,
	KFS_COMMIT,
};

enum kfs_link {
	KFS_LINK_DOWN,
	KFS_LINK_OPEN,		/* its record is being read */
	KFS_LINK_UP,
	KFS_LINK_FAILED,	/* still open, to be closed by the attach work */
};

/**
 * struct kfs_known - what a member told when its link was opened
 * @attr: attested
 * @layout: where things are in its region
 * @record: of the set
 * @has_record: there was one
 * @bits: intent bits
 * @rtt: nanoseconds that reading the record took
 */
struct kfs_known {
	struct kfi_pmem_attr attr;
	struct kfs_layout layout;
	struct kfs_record record;
	bool has_record;
	unsigned long *bits;
	u64 rtt;
};

/**
 * struct kfs_member - a member as its writer sees it
 * @set: its set
 * @index: place in the record
 * @local: on this machine
 * @witness: holds no data
 * @gone: removed
 * @pool: of a local member
 * @region: its region
 * @host: of a remote one
 * @peer: our name there
 * @provider: by name, or empty
 * @port: its service
 * @insecure: no key
 * @secret: key shared with it
 * @uuid: of its region, null until it was reached
 * @layout: where things are in its region
 * @link: under @set->lock
 * @err: why it is not up
 * @incarnation: in which it was joined last
 * @same: it came back in that
 * @missed: a write that it failed to confirm has ended with an error, and is
 *	not sent again
 * @broken: its medium failed; left alone
 * @probe_op: asks whether it is there
 * @probe_bvec: of it
 * @probing: it is on its way
 * @client: endpoint of a remote member
 * @addr: its address there
 * @key: its region there
 * @max_ranges: in one commit
 * @local_region: of a local member
 * @user: our use of it
 * @ops: operations on their way
 * @room_lock: of @room and @sleepers
 * @room: operations that wait for room in the endpoint's queue
 * @room_seq: moves with each of its events
 * @sleepers: local operations that sleep
 * @local_work: which does them
 * @attach: brings the link up
 * @backoff: until it is tried again, in jiffies
 * @not_before: when, in jiffies; it and what follows under @set->lock
 * @up_since: when its link came up
 * @attempt: of the takeover that was last answered
 * @seen: epoch that it told last
 * @known: as told when it was attached; under @set->know_mutex
 * @rtt: nanoseconds that reading the record took
 * @sequence: of the record that it has
 * @sealed: that record is durable, not just visible
 * @joined: its bits are in the set's; reset when it is attached
 * @state: under @set->lock
 * @full: the intent bits do not suffice
 * @filled: @todo has had every extent since then
 * @todo: extents that it misses; under @set->lock
 * @resynced: bytes copied to it
 * @resync_total: bytes that were to copy when its resync began
 * @writes: confirmed
 */
struct kfs_member {
	struct kfi_set *set;
	unsigned int index;
	bool local;
	bool witness;
	bool gone;
	char pool[KFI_PMEM_NAME_MAX];
	char region[KFI_PMEM_NAME_MAX];
	char host[KFI_SET_HOST_MAX];
	char peer[KFI_PMEM_NAME_MAX];
	char provider[KFI_PMEM_NAME_MAX];
	u16 port;
	bool insecure;
	u8 secret[KFI_PMEM_KEY_SIZE];
	uuid_t uuid;
	struct kfs_layout layout;

	enum kfs_link link;
	int err;
	uuid_t incarnation;
	bool same;
	bool missed;
	bool broken;
	struct kfi_member_op probe_op;
	struct bio_vec probe_bvec;
	unsigned long probing;
	struct kfi_client client;
	kfi_addr_t addr;
	u64 key;
	unsigned int max_ranges;
	struct kfi_region *local_region;
	struct kfi_region_user user;

	atomic_t ops;
	spinlock_t room_lock;	/* @room, @sleepers */
	struct list_head room;
	atomic_t room_seq;
	struct list_head sleepers;
	struct work_struct local_work;
	struct delayed_work attach;
	unsigned long backoff;
	unsigned long not_before;
	unsigned long up_since;
	u64 attempt;
	u64 seen;

	struct kfs_known *known;
	u64 rtt;
	u64 sequence;
	bool sealed;
	bool joined;

	enum kfi_member_state state;
	bool full;
	bool filled;
	unsigned long *todo;
	u64 resynced;
	u64 resync_total;
	atomic64_t writes;
};

/**
 * struct kfi_set - a started set
 * @list: of sets
 * @kref: of the list, of clients and of works
 * @users: clients
 * @name: its name
 * @raw: one member as it is
 * @create: has to be made
 * @assume_clean: by @create, without a resync
 * @fail_io: rather than hold it
 * @extent_shift: bytes of an intent bit
 * @size: bytes of data, 0 until the takeover
 * @extents: number of intent bits
 * @max_bytes: of a request
 * @max_bvecs: of a request
 * @resync_rate: bytes per second
 * @nr_members: with those that were removed
 * @member: the members
 * @lock: bottom halves
 * @state: what the set is doing
 * @started: result of the first takeover; 1 until then
 * @fenced: another writer has the local member, or a majority
 * @stopping: no more changes
 * @epoch: of this writer
 * @attempt: counts the epochs that were tried
 * @seen_epoch: the highest seen anywhere
 * @raise_later: a higher epoch is to be tried, at @raise_at
 * @raise_at: in jiffies
 * @know_mutex: see above
 * @record: the record that counts
 * @need: members that a write needs: those in sync by the record that counts,
 *	or by one that is being written
 * @frozen: a record is being written; requests are held
 * @lost: writes that were not committed are gone; the next commit says so
 * @held: requests held for the state
 * @waiting: requests that wait for their extents
 * @parked: writes that a member failed to confirm
 * @intent: bits durable at every member that is needed or being synced
 * @want: bits that requests wait for
 * @locked: extents that are being copied or cleared
 * @extent_writes: writes on their way, by extent
 * @extent_age: ticks since the last write, by extent
 * @dirty: chunks written and not committed
 * @committing: chunks being committed
 * @chunks: their number
 * @commits: requests that wait for the commit under way
 * @commits_next: for the next one
 * @commit_busy: one is under way
 * @commit_op: its parts
 * @commit_pending: parts on their way
 * @commit_failed: members that did not confirm
 * @commit_targets: members that were asked
 * @inherited: the commit of what an earlier writer may have left uncommitted
 * @inherit: it is still to be made
 * @add_mutex: members are added and removed one at a time
 * @change_mutex: of @change
 * @change: of the members, to be made by the control work
 * @drained: somebody waits for an extent's writes
 * @wake: takeover and stop wait here
 * @control_wq: ordered
 * @control: see above
 * @intent_work: sets and clears bits
 * @next_tick: when to look for idle extents, in jiffies
 * @intent_mutex: see above
 * @probe_work: asks members whether they are there
 * @probe_page: what they answer
 * @resync_work: copies extents
 * @scrub_work: compares members
 * @copy_mutex: of @buffer
 * @buffer: what is copied or compared
 * @copy_bvec: names it
 * @page: two pages for records, of the control work
 * @intent_page: two pages for bits, under @intent_mutex
 * @begin: when it was started
 * @attempt_begin: of the present attempt, in jiffies
 * @takeover_ms: from the start to the first time that it was active
 * @scrubbing: a scrub is running
 * @repair: which repairs
 * @scrub_err: why the last one was broken off
 * @scrubbed: bytes compared
 * @mismatches: extents that differed
 * @repaired: of those
 * @nr_held: requests that are held
 * @reads: requests that ended well
 * @writes: likewise
 * @committed: likewise
 * @intent_writes: those that had to wait for an intent bit
 */
struct kfi_set {
	struct list_head list;
	struct kref kref;
	unsigned int users;
	char name[KFI_PMEM_NAME_MAX];
	bool raw;
	bool create;
	bool assume_clean;
	bool fail_io;
	u32 extent_shift;
	u64 size;
	u64 extents;
	size_t max_bytes;
	unsigned int max_bvecs;
	u64 resync_rate;
	unsigned int nr_members;
	struct kfs_member *member[KFI_SET_MEMBERS_MAX];

	spinlock_t lock;	/* see the descriptions */
	enum kfi_set_state state;
	int started;
	bool fenced;
	bool stopping;
	u64 epoch;
	u64 seen_epoch;
	u64 attempt;
	bool raise_later;
	unsigned long raise_at;
	struct mutex know_mutex;	/* see above */
	struct kfs_record record;
	unsigned long need;
	bool frozen;
	bool lost;
	struct list_head held;
	struct list_head waiting;
	struct list_head parked;
	unsigned long *intent;
	unsigned long *want;
	unsigned long *locked;
	u32 *extent_writes;
	u8 *extent_age;

	unsigned long *dirty;
	unsigned long *committing;
	u64 chunks;
	struct list_head commits;
	struct list_head commits_next;
	bool commit_busy;
	struct kfi_member_op commit_op[KFI_SET_MEMBERS_MAX];
	atomic_t commit_pending;
	unsigned long commit_failed;
	unsigned long commit_targets;
	struct kfi_set_io inherited;
	bool inherit;

	struct mutex add_mutex;		/* changes of members, from outside */
	struct mutex change_mutex;	/* @change, while it is waited for */
	struct kfs_change *change;

	wait_queue_head_t drained;
	wait_queue_head_t wake;
	struct workqueue_struct *control_wq;
	struct delayed_work control;
	struct delayed_work intent_work;
	unsigned long next_tick;
	struct mutex intent_mutex;	/* see above */
	struct delayed_work probe_work;
	struct page *probe_page;
	struct work_struct resync_work;
	struct work_struct scrub_work;
	struct mutex copy_mutex;	/* @buffer: resync or scrub */
	struct page *buffer[2 * KFS_COPY_PAGES];
	struct bio_vec copy_bvec[KFS_COPY_PAGES];
	struct page *page;		/* of control: records and bits */
	struct page *intent_page;

	ktime_t begin;
	unsigned long attempt_begin;
	u64 takeover_ms;
	bool scrubbing;
	bool repair;
	int scrub_err;
	u64 scrubbed;
	u64 mismatches;
	u64 repaired;
	u64 nr_held;
	atomic64_t reads;
	atomic64_t writes;
	atomic64_t committed;
	atomic64_t intent_writes;
};

/* A change of the members that somebody waits for. */
struct kfs_change {
	struct kfs_member *add;
	unsigned int remove;
	int err;
	bool counts;		/* the record that says so */
	struct completion done;
};

/* Operations that somebody sleeps for. */
struct kfs_sync {
	struct completion done;
	atomic_t pending;
	unsigned long failed;	/* bit per member */
	int err;		/* one of them */
};

struct kfs_sync_op {
	struct kfi_member_op op;
	struct kfs_sync *sync;
};

static inline unsigned int kfs_member_next(const struct kfi_set *set,
					   unsigned int i)
{
	while (i < set->nr_members && set->member[i]->gone)
		i++;
	return i;
}

/* Those that were not removed. */
#define kfs_for_each_member(set, m, i) \
	for ((i) = kfs_member_next(set, 0); \
	     (i) < (set)->nr_members && ((m) = (set)->member[i]); \
	     (i) = kfs_member_next(set, (i) + 1))

/* main.c */
extern struct workqueue_struct *kfs_wq;

/* set.c */
extern unsigned int kfs_start_timeout;
void kfs_set_state(struct kfi_set *set, enum kfi_set_state state);
int kfs_set_alloc(struct kfi_set *set);
int kfs_member_alloc(struct kfs_member *m);
struct kfi_set *kfs_set_find(const char *name, struct netlink_ext_ack *extack);
void kfs_set_put(struct kfi_set *set);

/* change.c */
int kfs_change(struct kfi_set *set, struct kfs_change *change);

/* takeover.c, update.c: control work */
void kfs_control(struct work_struct *work);
void kfs_takeover(struct kfi_set *set);
void kfs_update(struct kfi_set *set);
unsigned int kfs_members_count(const struct kfi_set *set);
unsigned int kfs_majority(const struct kfi_set *set);
unsigned long kfs_links_up(const struct kfi_set *set, bool data_only);
unsigned long kfs_record_write(struct kfi_set *set, struct kfs_record *record,
			       unsigned long members);
void kfs_control_kick(struct kfi_set *set);

/* member.c: the state of a member; link.c: its operations */
struct kfs_member *kfs_member_new(struct kfi_set *set,
				  const struct kfi_member_params *params,
				  struct netlink_ext_ack *extack);
void kfs_member_free(struct kfs_member *m);
void kfs_known_free(struct kfs_known *known);
void kfs_member_state(struct kfs_member *m, enum kfi_member_state state);
void kfs_member_fail(struct kfs_member *m, int err);
void kfs_member_attach(struct work_struct *work);
void kfs_member_kick(struct kfs_member *m);
void kfs_member_stop(struct kfs_member *m);
void kfs_member_revoked(struct kfi_region_user *user);

int kfs_link_open(struct kfs_member *m, u64 epoch, bool raise,
		  struct kfi_pmem_attr *attr, u64 *seen);
void kfs_link_close(struct kfs_member *m);
void kfs_link_quiesce(struct kfs_member *m);
void kfs_link_post(struct kfs_member *m, struct kfi_member_op *op);
void kfs_link_post_held(struct kfs_member *m, struct kfi_member_op *op);
void kfs_link_local_work(struct work_struct *work);
void kfs_sync_init(struct kfs_sync *sync);
void kfs_sync_post(struct kfs_sync *sync, struct kfs_sync_op *op,
		   struct kfs_member *m);
unsigned long kfs_sync_wait(struct kfs_sync *sync);
int kfs_link_io(struct kfs_member *m, enum kfs_kind kind, u64 offset,
		size_t length, const struct bio_vec *bvec,
		unsigned int nr_bvecs);
int kfs_link_read_held(struct kfs_member *m, u64 offset, size_t length,
		       const struct bio_vec *bvec, unsigned int nr_bvecs);

/* probe.c */
void kfs_probe_work(struct work_struct *work);

/* io.c */
int kfs_admit(struct kfi_set *set, struct kfi_set_io *io);
void kfs_io_start(struct kfi_set *set, struct kfi_set_io *io);
void kfs_io_restart(struct kfi_set *set, struct list_head *ios);
void kfs_io_release(struct kfi_set *set);
void kfs_io_fail_all(struct kfi_set *set, int err);
void kfs_io_kick_waiting(struct kfi_set *set);

/* intent.c */
void kfs_intent_work(struct work_struct *work);
int kfs_intent_set_all(struct kfi_set *set, const unsigned long *bits);
int kfs_intent_read(struct kfs_member *m, struct kfs_known *known);
int kfs_intent_write(struct kfs_member *m, const unsigned long *bits);
int kfs_intent_clear_all(struct kfi_set *set);
bool kfs_all_in_sync(const struct kfi_set *set);
void kfs_extent_lock(struct kfi_set *set, u64 extent);
void kfs_extent_unlock(struct kfi_set *set, u64 extent);

/* commit.c */
void kfs_commit_add(struct kfi_set *set, struct kfi_set_io *io);
unsigned int kfs_commit_ranges(struct kfi_set *set, u64 *chunk,
			       struct kfi_rma_iov *iov, unsigned int max);

/* resync.c, scrub.c */
void kfs_resync_work(struct work_struct *work);
void kfs_scrub_work(struct work_struct *work);
bool kfs_resync_needed(struct kfi_set *set);
u64 kfs_bits_bytes(const struct kfi_set *set, const unsigned long *bits);
unsigned int kfs_copy_fill_bvec(struct kfi_set *set, unsigned int half,
				struct bio_vec *bvec, size_t length);
struct kfs_member *kfs_source(struct kfi_set *set, unsigned long among);
struct kfs_member *kfs_source_hold(struct kfi_set *set, unsigned long among);

static inline bool kfs_link_usable(const struct kfs_member *m)
{
	enum kfs_link link = READ_ONCE(m->link);

	return link == KFS_LINK_OPEN || link == KFS_LINK_UP;
}

/*
 * An operation is about to be posted. Under the set's lock, with a look at the
 * link: it is not opened anew before the operation has ended, and the member
 * cannot be restarted in between.
 */
static inline void kfs_link_hold(struct kfs_member *m)
{
	atomic_inc(&m->ops);
	/* Pairs with kfs_link_quiesce(): it sees the count, or we the state. */
	smp_mb__after_atomic();
}

/* Bytes that a copy reads and writes at once. */
static inline size_t kfs_copy_max(const struct kfi_set *set)
{
	return min3((size_t)KFS_COPY_BYTES, set->max_bytes,
		    set->max_bvecs * PAGE_SIZE);
}

static inline u64 kfs_first_extent(const struct kfi_set *set,
				   const struct kfi_set_io *io)
{
	return io->offset >> set->extent_shift;
}

static inline u64 kfs_last_extent(const struct kfi_set *set,
				  const struct kfi_set_io *io)
{
	return (io->offset + io->length - 1) >> set->extent_shift;
}

#endif
