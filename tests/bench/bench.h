/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The same durable write on two paths: kfabric, and verbs by hand. Both send
 * from the same buffers to the same bytes of the same region.
 */
#ifndef KFI_BENCH_H
#define KFI_BENCH_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/sizes.h>
#include <linux/types.h>

#include "kfi_pmem.h"

#define BENCH_SLOTS	32		/* greatest depth */
#define BENCH_SLOT_SIZE	SZ_1M		/* greatest write */
#define BENCH_SIZE	((u64)BENCH_SLOTS * BENCH_SLOT_SIZE)
#define BENCH_INLINE	1024		/* greatest write in a request */
#define BENCH_SETUPS	4		/* regions to measure the set-up of */

struct ib_device;
struct kfi_loop;
struct verbs_loop;
struct verbs_target;

/* What a path counted; what only the device knows is counted by bench.c. */
struct bench_counts {
	u64 ops;
	u64 posts;		/* calls that handed work to the hardware */
	u64 requests;		/* work requests in them */
	u64 replies;		/* messages that came back: round trips */
	u64 bytes_out;		/* payload and headers above RDMA's */
	u64 bytes_in;
};

struct bench;

/**
 * struct bench_path - one way to write durably
 * @name: for the report
 * @post: begin to write @len bytes from the slot's buffer to the slot's place
 *	in the region; bench_done() when they are durable. Context: softirq.
 * @counts: counters so far
 */
struct bench_path {
	const char *name;
	int (*post)(struct bench *bench, u32 slot, u32 len);
	void (*counts)(struct bench *bench, struct bench_counts *counts);
};

extern const struct bench_path bench_kfi, bench_verbs;

/* Lines of the report, for who prints them. */
struct bench_text {
	char *buf;
	size_t size;
	size_t len;
};

/**
 * struct bench_plan - what to measure
 * @rounds: how often both paths are measured in turn
 * @scale: operations of a batch, in percent of the usual number
 * @max_size: leave greater writes out
 * @only: name of the one path to measure, for a profile; or NULL
 */
struct bench_plan {
	u32 rounds;
	u32 scale;
	u32 max_size;
	const char *only;
};

struct bench {
	struct kfi_loop *kfi;
	struct verbs_loop *verbs;
	struct ib_device *dev;		/* counts packets */
	bool loopback;			/* so that it counts them once */
	void *buf[BENCH_SLOTS];
	struct bench_text *text;

	/* The batch that is running. */
	const struct bench_path *path;
	u32 len;
	u32 total;
	atomic_t posted;
	atomic_t finished;
	atomic_t busy;			/* slots with an operation under way */
	int err;
	u64 begin[BENCH_SLOTS];
	u64 *latency;
	struct completion idle;
};

/* bench.c */
int bench_init(struct bench *bench, struct bench_text *text);
void bench_exit(struct bench *bench);
void bench_done(struct bench *bench, u32 slot, int err);
int bench_run(struct bench *bench, const struct bench_plan *plan);
int bench_check(struct bench *bench, const struct bench_path *path, u32 len);
int bench_setup_cost(struct bench *bench, u32 mib, u32 repeats);
int bench_text_init(struct bench_text *text, size_t size);
void bench_text_exit(struct bench_text *text);
__printf(2, 3)
void bench_print(struct bench_text *text, const char *fmt, ...);

/* side.c */
struct bench_target {
	bool pool;
	bool exported;
	struct kfi_region *region;
	struct kfi_loop *kfi;
	struct verbs_target *verbs;
};

int bench_target_open(struct bench_target *target, const char *device,
		      u64 ram);
void bench_target_close(struct bench_target *target);
int bench_initiator_open(struct bench *bench, struct bench_text *text,
			 const char *node);
void bench_initiator_close(struct bench *bench);

#define BENCH_KFI_PORT		7490
#define BENCH_VERBS_PORT	7491
#define BENCH_POOL		"bench"
#define BENCH_REGION		"bench"
#define BENCH_PEER		"bench"

extern unsigned int bench_setup_mib[BENCH_SETUPS];
extern int bench_setups;

/* kfi_loop.c */
struct kfi_loop *kfi_loop_listen(u16 port);
struct kfi_loop *kfi_loop_connect(struct bench *bench,
				  const struct kfi_auth *auth,
				  const char *node, u16 port);
void kfi_loop_close(struct kfi_loop *loop);
int kfi_loop_read(struct kfi_loop *loop, void *buf, u32 len, u64 offset);
int kfi_loop_attach(struct kfi_loop *loop, const char *region,
		    struct kfi_pmem_attr *attr);
int kfi_loop_detach(struct kfi_loop *loop);

/* verbs_loop.c, verbs_target.c */
struct verbs_loop *verbs_loop_connect(struct bench *bench, const char *node,
				      u16 port);
void verbs_loop_close(struct verbs_loop *loop);
struct ib_device *verbs_loop_device(struct verbs_loop *loop);
struct verbs_target *verbs_target_listen(struct kfi_region *region, u16 port);
void verbs_target_close(struct verbs_target *target);

#endif
