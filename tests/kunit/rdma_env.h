/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two endpoints of the RDMA provider that talk to each other through rxe's
 * loopback, and a pool on DRAM for the one of them that is the target.
 */
#ifndef KFI_RDMA_ENV_H
#define KFI_RDMA_ENV_H

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/wait.h>

#include "kfi_atomic.h"
#include "kfi_client.h"
#include "kfi_cm.h"
#include "kfi_pmem.h"
#include "kfi_pool.h"
#include "kfi_rma.h"

#define ENV_PORT	7473
#define ENV_REGION	"data"
#define ENV_POOL	"pool"
#define ENV_SIZE	(4ULL << 20)

/* One side: an endpoint, all it needs, and who waits for it. */
struct env_side {
	struct kfi_client client;
	struct kfid_ep *ep;		/* of the client */
	wait_queue_head_t wait;
	atomic_t calls;			/* of the completion handler */
};

struct env {
	struct env_side target;
	struct env_side peer;
	kfi_addr_t addr;		/* the target, in the peer's vector */
	char node[32];
	bool ram;
	bool nvdimm;
	int cut;			/* power cuts not noticed yet */
};

/* What a completion said. */
struct env_done {
	void *context;
	u64 flags;
	size_t len;
	u64 data;
	void *buf;
	int err;
};

extern const u8 env_key[KFI_PMEM_KEY_SIZE];

int env_side_open(struct env_side *side, const char *node, u16 port, u64 caps,
		  const struct kfi_auth *auth);
void env_side_close(struct env_side *side);
int env_wait(struct env_side *side, struct env_done *done);
int env_up(struct kunit *test, struct env *env, u64 pool_size, u64 size,
	   bool cache_model);
void env_down(struct env *env);
int env_attach(struct env *env, struct env_side *side, u64 *key,
	       struct kfi_pmem_attr *attr);
struct kfi_auth env_auth(const char *peer, const u8 *key);
int env_power_cut(struct env *env);
int env_become_nvdimm(struct env *env);
int env_become_ram(struct env *env);
int env_poison(struct env *env, u64 offset, u64 length);

#endif
