// SPDX-License-Identifier: GPL-2.0-only
/* See rdma_env.h. */
#include <linux/slab.h>

#include "kfabric_pmem/pmem/test.h"
#include "loopback.h"
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

int env_side_open(struct env_side *side, const char *node, const char *service,
		  u64 caps, const struct kfi_auth *auth)
{
	struct kfi_cq_attr cq_attr = {
		.size = 1024,
		.format = KFI_CQ_FORMAT_DATA,
	};
	struct kfi_av_attr av_attr = { .type = KFI_AV_TABLE };
	struct kfi_info *hints, *info;
	int ret;

	memset(side, 0, sizeof(*side));
	init_waitqueue_head(&side->wait);
	hints = kfi_allocinfo();
	if (!hints)
		return -ENOMEM;
	hints->caps = caps;
	hints->ep_attr->type = KFI_EP_RDM;
	hints->fabric_attr->prov_name = kstrdup("rdma", GFP_KERNEL);
	if (auth) {
		hints->ep_attr->auth_key = kmemdup(auth, sizeof(*auth),
						   GFP_KERNEL);
		hints->ep_attr->auth_key_size = sizeof(*auth);
	}
	ret = kfi_getinfo(KFI_VERSION(1, 7), node, service, KFI_SOURCE, hints,
			  &info);
	kfi_freeinfo(hints);
	if (ret)
		return ret;
	ret = kfi_fabric(info->fabric_attr, &side->fabric, NULL) ?:
	      kfi_domain(side->fabric, info, &side->domain, NULL) ?:
	      kfi_av_open(side->domain, &av_attr, &side->av, NULL) ?:
	      kfi_cq_open(side->domain, &cq_attr, &side->cq, env_comp, side) ?:
	      kfi_endpoint(side->domain, info, &side->ep, NULL) ?:
	      kfi_ep_bind(side->ep, &side->cq->fid, KFI_TRANSMIT | KFI_RECV) ?:
	      kfi_ep_bind(side->ep, &side->av->fid, 0) ?:
	      kfi_enable(side->ep);
	kfi_freeinfo(info);
	if (ret)
		env_side_close(side);
	return ret;
}

void env_side_close(struct env_side *side)
{
	if (side->ep)
		WARN_ON(kfi_close(&side->ep->fid));
	if (side->cq)
		WARN_ON(kfi_close(&side->cq->fid));
	if (side->av)
		WARN_ON(kfi_close(&side->av->fid));
	if (side->domain)
		WARN_ON(kfi_close(&side->domain->fid));
	if (side->fabric)
		WARN_ON(kfi_close(&side->fabric->fid));
	memset(side, 0, sizeof(*side));
}

static bool env_poll(struct env_side *side, struct env_done *done)
{
	struct kfi_cq_data_entry entry;
	struct kfi_cq_err_entry err;
	ssize_t ret;

	ret = kfi_cq_read(side->cq, &entry, 1);
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
	if (ret != -KFI_EAVAIL || kfi_cq_readerr(side->cq, &err, 0) != 1)
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
	      env_side_open(&env->peer, NULL, NULL,
			    KFI_RMA | KFI_RMA_PMEM | KFI_ATOMIC | KFI_READ |
			    KFI_WRITE, &auth);
	if (!ret) {
		ret = kfi_av_insertsvc(env->peer.av, env->node, ENV_PORT,
				       &env->addr, 0, NULL);
		ret = ret == 1 ? 0 : -EINVAL;
	}
	if (ret)
		env_down(env);
	return ret;
}

void env_down(struct env *env)
{
	env_side_close(&env->peer);
	env_side_close(&env->target);
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
	ret = kfi_pool_test_power_cut(ENV_POOL);
	return ret ?: kfi_export_add(ENV_POOL, ENV_REGION, "b", env_key,
				     KFI_REMOTE_READ | KFI_REMOTE_WRITE, NULL) ?:
	       env_side_open(&env->target, "0.0.0.0", ENV_PORT,
			     KFI_RMA | KFI_RMA_PMEM | KFI_ATOMIC |
			     KFI_REMOTE_READ | KFI_REMOTE_WRITE, NULL);
}
