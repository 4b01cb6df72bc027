/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Replica sets: regions of several machines that hold the same bytes.
 *
 * A set has one writer at a time, the machine where it is started. Starting
 * takes over: the epoch is raised at a majority of the members, which fences
 * every earlier writer before it is answered. A durable write is complete when
 * it is durable at every member that is in sync; a member that misses one is
 * marked behind, durably at a majority, before the write completes, and is
 * resynchronised online. Documentation/replica.rst has the protocol.
 */
#ifndef KFI_REPLICA_H
#define KFI_REPLICA_H

#include <linux/bvec.h>
#include <linux/list.h>
#include <linux/netlink.h>
#include "kfi_pmem.h"

struct kfi_set;

#define KFI_SET_MEMBERS_MAX	8
#define KFI_SET_HOST_MAX	64	/* a member's address, with NUL */
#define KFI_SET_EXTENT_SHIFT	20	/* default: 1 MiB to an intent bit */

/**
 * enum kfi_set_state - what a set is doing
 * @KFI_SET_TAKEOVER: raising the epoch and reading the members' records
 * @KFI_SET_ACTIVE: serving
 * @KFI_SET_SUSPENDED: no majority, or no member in sync; I/O is held or fails
 * @KFI_SET_FENCED: another writer has taken over; I/O fails
 * @KFI_SET_STOPPING: being stopped
 * @KFI_SET_STATE_MAX: number of states
 */
enum kfi_set_state {
	KFI_SET_TAKEOVER,
	KFI_SET_ACTIVE,
	KFI_SET_SUSPENDED,
	KFI_SET_FENCED,
	KFI_SET_STOPPING,
	KFI_SET_STATE_MAX,
};

/**
 * enum kfi_member_state - what the writer knows of a member
 * @KFI_MEMBER_DOWN: out of reach
 * @KFI_MEMBER_BEHIND: in reach, misses writes, waits for its resync
 * @KFI_MEMBER_SYNCING: being resynchronised
 * @KFI_MEMBER_IN_SYNC: has every acknowledged write (a witness: every record)
 * @KFI_MEMBER_STATE_MAX: number of states
 */
enum kfi_member_state {
	KFI_MEMBER_DOWN,
	KFI_MEMBER_BEHIND,
	KFI_MEMBER_SYNCING,
	KFI_MEMBER_IN_SYNC,
	KFI_MEMBER_STATE_MAX,
};

/**
 * struct kfi_member_params - where a member is
 * @pool: pool of a local member, NULL for a remote one
 * @region: name of the region
 * @host: address of a remote member
 * @port: port of its service
 * @provider: fabric provider, NULL for any
 * @peer: our name at the remote member
 * @key: key shared with it, KFI_PMEM_KEY_SIZE bytes; NULL for an insecure export
 * @witness: votes and keeps the record, holds no data
 * @gone: was removed, and keeps its index; nothing else counts then
 */
struct kfi_member_params {
	const char *pool;
	const char *region;
	const char *host;
	u16 port;
	const char *provider;
	const char *peer;
	const u8 *key;
	bool witness;
	bool gone;
};

/**
 * struct kfi_set_params - how a set is started
 * @name: of the set
 * @nr_members: number of members
 * @member: the members; the place in here is a member's index for ever
 * @create: make a new set of these regions, whose contents are lost
 * @assume_clean: with @create: the regions are known to hold the same bytes
 * @raw: one member, served as it is: no record, no epoch, no intent bits
 * @fail_io: where quorum is lost, fail I/O with -EIO instead of holding it
 * @extent_shift: with @create: log2 of the bytes of an intent bit; 0 for
 *	KFI_SET_EXTENT_SHIFT
 * @resync_rate: bytes per second of resync, 0 for no limit
 */
struct kfi_set_params {
	const char *name;
	unsigned int nr_members;
	const struct kfi_member_params *member;
	bool create;
	bool assume_clean;
	bool raw;
	bool fail_io;
	unsigned int extent_shift;
	u64 resync_rate;
};

/**
 * struct kfi_member_attr - facts about a member
 * @state: what it is doing
 * @witness: holds no data
 * @local: is on this machine
 * @full: has to be resynchronised whole
 * @gone: was removed; has no state
 * @err: why it is not in reach, negative, or 0
 * @behind: bytes still to be resynchronised
 * @resynced: bytes that its present or last resync has copied
 * @resync_total: bytes that this resync had to copy
 * @writes: writes that it has confirmed
 * @region: its region
 * @host: its address; its pool for a local one
 */
struct kfi_member_attr {
	enum kfi_member_state state;
	bool witness;
	bool local;
	bool full;
	bool gone;
	int err;
	u64 behind;
	u64 resynced;
	u64 resync_total;
	u64 writes;
	char region[KFI_PMEM_NAME_MAX];
	char host[KFI_SET_HOST_MAX];
};

/**
 * struct kfi_set_attr - facts about a started set
 * @name: its name
 * @uuid: its identity, null for a raw set
 * @size: bytes
 * @state: what it is doing
 * @epoch: of this writer
 * @generation: moves with every change of who is in sync
 * @quorum: members that have to be in reach
 * @extent: bytes of an intent bit
 * @dirty_extents: intent bits that are set
 * @held: requests that are held
 * @reads: requests completed with success
 * @writes: likewise
 * @commits: likewise
 * @intent_writes: requests that had to wait for an intent bit
 * @takeover_ms: time from the start to the first ACTIVE
 * @scrubbing: a scrub is running
 * @scrubbed: bytes compared by the present or last scrub
 * @mismatches: extents it found to differ
 * @repaired: of those, made equal
 * @users: clients that have it open
 * @nr_members: number of members
 * @member: the members
 */
struct kfi_set_attr {
	char name[KFI_PMEM_NAME_MAX];
	uuid_t uuid;
	u64 size;
	enum kfi_set_state state;
	u64 epoch;
	u64 generation;
	unsigned int quorum;
	u64 extent;
	u64 dirty_extents;
	u64 held;
	u64 reads;
	u64 writes;
	u64 commits;
	u64 intent_writes;
	u64 takeover_ms;
	bool scrubbing;
	u64 scrubbed;
	u64 mismatches;
	u64 repaired;
	unsigned int users;
	unsigned int nr_members;
	struct kfi_member_attr member[KFI_SET_MEMBERS_MAX];
};

/**
 * struct kfi_set_limits - what one request may be
 * @max_bytes: bytes of a read or write
 * @max_bvecs: entries of its buffer
 */
struct kfi_set_limits {
	size_t max_bytes;
	unsigned int max_bvecs;
};

/**
 * enum kfi_set_op - operations on a set
 * @KFI_SET_READ: read from the nearest member that is in sync
 * @KFI_SET_WRITE: write; complete when visible at every member in sync
 * @KFI_SET_WRITE_DURABLE: write; complete when durable there
 * @KFI_SET_COMMIT: make every write that completed before durable
 */
enum kfi_set_op {
	KFI_SET_READ,
	KFI_SET_WRITE,
	KFI_SET_WRITE_DURABLE,
	KFI_SET_COMMIT,
};

struct kfs_member;

/* An operation at one member. Belongs to kfi_replica. */
struct kfi_member_op {
	struct list_head list;
	struct kfs_member *member;
	void (*done)(struct kfi_member_op *op, int err);
	const struct bio_vec *bvec;
	u64 offset;
	size_t length;
	unsigned int nr_bvecs;
	u8 kind;
};

/**
 * struct kfi_set_io - a request; belongs to kfi_replica from submission to done
 * @op: what to do
 * @offset: first byte; not for KFI_SET_COMMIT
 * @length: bytes; not for KFI_SET_COMMIT
 * @bvec: the buffer, @length bytes; pages that stay as they are until @done
 * @nr_bvecs: entries of @bvec
 * @done: called once. Context: softirq, work item, or the submitter's own
 *	stack; must not sleep. @err is 0; -EIO; -EKEYREVOKED: fenced;
 *	-ENODEV: the set was stopped
 */
struct kfi_set_io {
	enum kfi_set_op op;
	u64 offset;
	size_t length;
	const struct bio_vec *bvec;
	unsigned int nr_bvecs;
	void (*done)(struct kfi_set_io *io, int err);

	/* private: */
	struct kfi_set *set;
	struct list_head list;
	atomic_t pending;
	u32 targets;
	unsigned long failed;
	int err;
	struct kfi_member_op sub[KFI_SET_MEMBERS_MAX];
};

/* Control. */
int kfi_set_start(const struct kfi_set_params *params,
		  struct netlink_ext_ack *extack);
int kfi_set_stop(const char *name, struct netlink_ext_ack *extack);
int kfi_set_add(const char *name, const struct kfi_member_params *member,
		struct netlink_ext_ack *extack);
int kfi_set_remove(const char *name, unsigned int member,
		   struct netlink_ext_ack *extack);
int kfi_set_scrub(const char *name, bool repair,
		  struct netlink_ext_ack *extack);
int kfi_set_for_each(int (*fn)(const struct kfi_set_attr *attr, void *arg),
		     void *arg);

/* Clients. */
struct kfi_set *kfi_set_get(const char *name);
void kfi_set_put(struct kfi_set *set);
const char *kfi_set_name(const struct kfi_set *set);
u64 kfi_set_size(const struct kfi_set *set);
void kfi_set_limits(const struct kfi_set *set, struct kfi_set_limits *limits);
void kfi_set_submit(struct kfi_set *set, struct kfi_set_io *io);
void kfi_set_give_up(struct kfi_set *set);

const char *kfi_set_state_name(enum kfi_set_state state);
const char *kfi_member_state_name(enum kfi_member_state state);

#endif
