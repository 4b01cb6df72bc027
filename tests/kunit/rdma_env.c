// SPDX-License-Identifier: GPL-2.0-only
/* See rdma_env.h. */
#include <linux/slab.h>

#include "kfabric_pmem/pmem/media.h"
#include "kfabric_pmem/pmem/test.h"
#include "loopback.h"
#include "nvdimm_env.h"
#include "rdma_env.h"

#define ENV_TIMEOUT	(20 * HZ)

const u8 env_key[KFI_PMEM_KEY_SIZE] = {
	't', 'h', 'e', ' ', 'k', 'e', 'y', ' ', 'o', 'f', ' ', 'b',
};

struct kfi_auth env_auth(const char *peer, const u8 *key)
{
	struct kfi_auth auth = { .insecure = !key };

	strscpy(auth.peer, peer, sizeof(auth.peer));
	if (key)
		memcpy(auth.key, key, sizeof(auth.key));
	return auth;
}

static void env_comp(struct kfid_cq *cq, void *context)
{
	struct env_side *side = context;

	atomic_inc(&side->calls);
	wake_up(&side->wait);
}

int env_side_open(struct env_side *side, const char *node, u16 port, u64 caps,
		  const struct kfi_auth *auth)
{
	struct kfi_client_params params = {
		.node = node,
		.port = port,
		.flags = KFI_SOURCE,
		.caps = caps,
		.provider = "rdma",
		.auth_key = auth,
		.auth_key_size = sizeof(*auth),
		.cq_size = 1024,
		.comp_handler = env_comp,
		.context = side,
	};
	int ret;

	memset(side, 0, sizeof(*side));
	init_waitqueue_head(&side->wait);
	ret = kfi_client_open(&side->client, &params, NULL);
	side->ep = side->client.ep;
	return ret;
}

void env_side_close(struct env_side *side)
{
	kfi_client_close(&side->client);
	memset(side, 0, sizeof(*side));
}

static bool env_poll(struct env_side *side, struct env_done *done)
{
	struct kfi_cq_data_entry entry;
	struct kfi_cq_err_entry err;
	ssize_t ret;

	ret = kfi_cq_read(side->client.cq, &entry, 1);
	if (ret == 1) {
		*done = (struct env_done) {
			.context = entry.op_context,
			.flags = entry.flags,
			.len = entry.len,
			.data = entry.data,
			.buf = entry.buf,
		};
		return true;
	}
	if (ret != -KFI_EAVAIL || kfi_cq_readerr(side->client.cq, &err, 0) != 1)
		return false;
	*done = (struct env_done) {
		.context = err.op_context,
		.flags = err.flags,
		.len = err.len,
		.err = -err.err,
	};
	return true;
}

/* The next completion; -ETIMEDOUT is a test that hangs, not a slow one. */
int env_wait(struct env_side *side, struct env_done *done)
{
	if (!wait_event_timeout(side->wait, env_poll(side, done), ENV_TIMEOUT))
		return -ETIMEDOUT;
	return done->err;
}

int env_up(struct kunit *test, struct env *env, u64 pool_size, u64 size,
	   bool cache_model)
{
	struct kfi_auth auth = env_auth("b", env_key);
	__be32 addr;
	int ret;

	memset(env, 0, sizeof(*env));
	ret = kfi_loopback_up("dummy0", "rxe0");
	if (ret)
		return ret;
	addr = kfi_loopback_addr("rxe0");
	snprintf(env->node, sizeof(env->node), "%pI4", &addr);
	ret = kfi_pool_create_ram(ENV_POOL, pool_size, cache_model, 0, NULL);
	env->ram = !ret;
	ret = ret ?: kfi_region_create(ENV_POOL, ENV_REGION, size, NULL) ?:
	      kfi_export_add(ENV_POOL, ENV_REGION, "b", env_key,
			     KFI_REMOTE_READ | KFI_REMOTE_WRITE, NULL) ?:
	      env_side_open(&env->target, "0.0.0.0", ENV_PORT,
			    KFI_RMA | KFI_RMA_PMEM | KFI_ATOMIC |
			    KFI_REMOTE_READ | KFI_REMOTE_WRITE, NULL) ?:
	      env_side_open(&env->peer, NULL, 0,
			    KFI_RMA | KFI_RMA_PMEM | KFI_ATOMIC | KFI_READ |
			    KFI_WRITE, &auth) ?:
	      kfi_client_insert(&env->peer.client, env->node, ENV_PORT,
				&env->addr, NULL);
	if (ret)
		env_down(env);
	return ret;
}

void env_down(struct env *env)
{
	env_side_close(&env->peer);
	env_side_close(&env->target);
	if (env->nvdimm)
		nvdimm_down();
	env->nvdimm = false;
	if (env->ram) {
		kfi_export_remove(ENV_POOL, ENV_REGION, "b", NULL);
		kfi_region_remove(ENV_POOL, ENV_REGION, NULL);
		WARN_ON(kfi_pool_destroy(ENV_POOL, NULL));
	}
	env->ram = false;
	kfi_loopback_down("rxe0");
}

int env_attach(struct env *env, struct env_side *side, u64 *key,
	       struct kfi_pmem_attr *attr)
{
	struct kfi_pmem_attach what = {
		.region = ENV_REGION,
		.access = KFI_READ | KFI_WRITE,
	};

	return kfi_pmem_attach(side->ep, env->addr, &what, key, attr);
}

/*
 * The target loses its power: its connections, its exports and what was not
 * on the medium. Then it comes back.
 */
int env_power_cut(struct env *env)
{
	int ret;

	env->cut = 1;
	env_side_close(&env->target);
	kfi_export_remove(ENV_POOL, ENV_REGION, "b", NULL);
	if (env->nvdimm)
		nvdimm_down();
	ret = kfi_pool_test_power_cut(ENV_POOL);
	if (!ret && env->nvdimm)
		ret = nvdimm_up(ENV_POOL, ENV_REGION);
	return ret ?: kfi_export_add(ENV_POOL, ENV_REGION, "b", env_key,
				     KFI_REMOTE_READ | KFI_REMOTE_WRITE, NULL) ?:
	       env_side_open(&env->target, "0.0.0.0", ENV_PORT,
			     KFI_RMA | KFI_RMA_PMEM | KFI_ATOMIC |
			     KFI_REMOTE_READ | KFI_REMOTE_WRITE, NULL);
}

/* The pool passes for NVDIMMs from now on; nobody has attached it yet. */
int env_become_nvdimm(struct env *env)
{
	int ret = nvdimm_up(ENV_POOL, ENV_REGION);

	env->nvdimm = !ret;
	return ret;
}

/* And not any more; nobody has it attached. */
int env_become_ram(struct env *env)
{
	nvdimm_down();
	env->nvdimm = false;
	return kfi_pool_test_attest(ENV_POOL, KFI_PMEM_DOMAIN_EMULATED);
}

/* A range of the region. */
int env_poison(struct env *env, u64 offset, u64 length)
{
	return kfi_pool_test_poison(ENV_POOL, KFI_MEDIA_HEADER + offset,
				    length);
}
