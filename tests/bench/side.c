// SPDX-License-Identifier: GPL-2.0-only
/* The two sides, each with both paths. */
#include <linux/err.h>

#include "bench.h"
#include "kfi_pool.h"

/* No secret: all it guards is what this benchmark writes. */
static const u8 bench_key[KFI_PMEM_KEY_SIZE] = "the key of a benchmark";

unsigned int bench_setup_mib[BENCH_SETUPS];
int bench_setups;

static int bench_region_add(const char *name, u64 size)
{
	return kfi_region_create(BENCH_POOL, name, size, NULL) ?:
	       kfi_export_add(BENCH_POOL, name, BENCH_PEER, bench_key,
			      KFI_REMOTE_READ | KFI_REMOTE_WRITE, NULL);
}

static void bench_region_drop(const char *name)
{
	kfi_export_remove(BENCH_POOL, name, BENCH_PEER, NULL);
	kfi_region_remove(BENCH_POOL, name, NULL);
}

/**
 * bench_target_open() - make a pool and a region, and listen on both paths
 * @target: zeroed
 * @device: pmem device, all content of which is lost; or NULL for DRAM
 * @ram: bytes of a pool on DRAM
 *
 * Context: process.
 * Return: 0 or a negative errno, with nothing left open.
 */
int bench_target_open(struct bench_target *target, const char *device, u64 ram)
{
	struct kfi_pool_params params = {
		.path = device,
		.name = BENCH_POOL,
		.force = true,
	};
	char name[16];
	int ret, i;

	ret = device ? kfi_pool_create(&params, NULL) :
		       kfi_pool_create_ram(BENCH_POOL, ram, false, 0, NULL);
	if (ret)
		return ret;
	target->pool = true;
	ret = bench_region_add(BENCH_REGION, BENCH_SIZE);
	target->exported = true;
	if (ret)
		goto err;
	/* The initiator sees which of these there was room for. */
	for (i = 0; i < bench_setups; i++) {
		snprintf(name, sizeof(name), "m%u", bench_setup_mib[i]);
		ret = bench_region_add(name, (u64)bench_setup_mib[i] << 20);
		if (ret)
			pr_info("no region of %u MiB: %d\n",
				bench_setup_mib[i], ret);
	}
	target->region = kfi_region_open(BENCH_POOL, BENCH_REGION);
	if (IS_ERR(target->region)) {
		ret = PTR_ERR(target->region);
		target->region = NULL;
		goto err;
	}
	target->kfi = kfi_loop_listen(BENCH_KFI_PORT);
	if (IS_ERR(target->kfi)) {
		ret = PTR_ERR(target->kfi);
		target->kfi = NULL;
		goto err;
	}
	target->verbs = verbs_target_listen(target->region, BENCH_VERBS_PORT);
	if (IS_ERR(target->verbs)) {
		ret = PTR_ERR(target->verbs);
		target->verbs = NULL;
		goto err;
	}
	return 0;

err:
	bench_target_close(target);
	return ret;
}

/**
 * bench_target_close() - undo bench_target_open()
 * @target: target; the initiator had better be closed
 *
 * Context: process.
 */
void bench_target_close(struct bench_target *target)
{
	char name[16];
	int i;

	if (target->verbs)
		verbs_target_close(target->verbs);
	if (target->kfi)
		kfi_loop_close(target->kfi);
	if (target->region)
		kfi_region_put(target->region);
	if (target->exported) {
		for (i = 0; i < bench_setups; i++) {
			snprintf(name, sizeof(name), "m%u", bench_setup_mib[i]);
			bench_region_drop(name);
		}
		bench_region_drop(BENCH_REGION);
	}
	if (target->pool)
		WARN_ON(kfi_pool_destroy(BENCH_POOL, NULL));
	memset(target, 0, sizeof(*target));
}

/**
 * bench_initiator_open() - connect to a target on both paths
 * @bench: zeroed
 * @text: where results go
 * @node: IPv4 address of the target
 *
 * Context: process.
 * Return: 0 or a negative errno, with nothing left open.
 */
int bench_initiator_open(struct bench *bench, struct bench_text *text,
			 const char *node)
{
	struct kfi_auth auth = { .peer = BENCH_PEER };
	int ret = bench_init(bench, text);

	if (ret)
		return ret;
	memcpy(auth.key, bench_key, sizeof(auth.key));
	bench->kfi = kfi_loop_connect(bench, &auth, node, BENCH_KFI_PORT);
	if (IS_ERR(bench->kfi)) {
		ret = PTR_ERR(bench->kfi);
		bench->kfi = NULL;
		goto err;
	}
	bench->verbs = verbs_loop_connect(bench, node, BENCH_VERBS_PORT);
	if (IS_ERR(bench->verbs)) {
		ret = PTR_ERR(bench->verbs);
		bench->verbs = NULL;
		goto err;
	}
	bench->dev = verbs_loop_device(bench->verbs);
	return 0;

err:
	bench_initiator_close(bench);
	return ret;
}

/**
 * bench_initiator_close() - undo bench_initiator_open()
 * @bench: idle
 *
 * Context: process.
 */
void bench_initiator_close(struct bench *bench)
{
	if (bench->verbs)
		verbs_loop_close(bench->verbs);
	if (bench->kfi)
		kfi_loop_close(bench->kfi);
	bench->verbs = NULL;
	bench->kfi = NULL;
	bench->dev = NULL;
	bench_exit(bench);
}
