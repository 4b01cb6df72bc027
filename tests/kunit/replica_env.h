/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Replica sets on regions of one machine: some members are local, the others
 * are reached through rxe's loopback. The pools have the cache model, so that
 * a power cut loses what was not committed.
 */
#ifndef KFI_REPLICA_ENV_H
#define KFI_REPLICA_ENV_H

#include <kunit/test.h>
#include <linux/completion.h>

#include "kfi_pmem_prov.h"
#include "kfi_replica.h"
#include "rdma_env.h"

#define REP_SET		"set"
#define REP_REGIONS	5
#define REP_REGION_SIZE	(4ULL << 20)
#define REP_SHIFT	16
#define REP_EXTENT	BIT_ULL(REP_SHIFT)
#define REP_BUF		SZ_64K
#define REP_TIMEOUT	(30 * HZ)

/* The regions, and how sets are started on them. Tests change the lower half. */
struct replica {
	struct env_side target;
	char node[32];
	char pool[REP_REGIONS][8];
	char region[REP_REGIONS][8];
	bool made[REP_REGIONS];
	bool exported[REP_REGIONS];
	bool started;
	struct kfi_set *set;
	u8 *buf;
	struct kfi_set_attr attr;
	u64 region_size;

	const char *name;
	unsigned int nr;		/* members */
	unsigned int member[REP_REGIONS];	/* which region each one is */
	unsigned int local;		/* bit per region */
	unsigned int witness;		/* bit per region */
	unsigned int gone;		/* bit per region: given as removed */
	bool fail_io;
	bool raw;
	bool dirty;			/* create without assume_clean */
};

extern struct replica rep;

struct replica_io {
	struct kfi_set_io io;
	struct bio_vec bv[REP_BUF / PAGE_SIZE + 1];
	struct completion done;
	int err;
};

int replica_up(u64 pool_size, u64 region_size, bool cache_model);
int replica_init(struct kunit *test);
void replica_exit(struct kunit *test);

int replica_export(int region);
int replica_unexport(int region);
int replica_cut(int region);
int replica_listen(void);
void replica_member(unsigned int region, struct kfi_member_params *member);
int replica_try_start(bool create);
int replica_start_in_vain(void);
int replica_start(bool create);
int replica_stop(void);
int replica_crash(void);
int replica_raise(int region, u64 epoch);

void replica_prepare(struct replica_io *rio, enum kfi_set_op op, u64 offset,
		     void *buf, size_t len);
int replica_wait(struct replica_io *rio);
bool replica_is_held(struct replica_io *rio);
int replica_do(enum kfi_set_op op, u64 offset, void *buf, size_t len);
int replica_write(u64 offset, u8 fill, size_t len);
int replica_read(u64 offset, u8 fill, size_t len);

bool replica_has(int region, u64 offset, u8 fill, size_t len);
bool replica_medium_has(int region, u64 offset, u8 fill, size_t len);
void replica_poke(int region, u64 offset, u8 fill, size_t len);
bool replica_equal(unsigned int regions, u64 size);
u64 replica_bits_at(int region);
u64 replica_record_at(int region);
unsigned int replica_medium_bits(int region);

const struct kfi_set_attr *replica_attr(void);
bool replica_poll(bool (*fn)(const struct kfi_set_attr *attr,
			     unsigned long arg), unsigned long arg);
bool replica_wait_member(int member, enum kfi_member_state state);
bool replica_wait_state(enum kfi_set_state state);
bool replica_wait_in_sync(void);
bool replica_wait_clean(void);
int replica_scrub(bool repair);

/* Have commits to a region, of a range of it, wait. */
struct replica_gate {
	int region;
	u64 begin, end;
	struct completion entered;	/* by the first of them */
	struct completion open;
	void (*seen)(struct replica_gate *gate);	/* called by each */
	bool shut;
	unsigned long result;
};

int replica_gate_add(struct replica_gate *gate);
void replica_gate_open(struct replica_gate *gate);
void replica_gate_remove(struct replica_gate *gate);

#endif
