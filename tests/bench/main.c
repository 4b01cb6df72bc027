// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module between two machines: loaded as a target first, then as an
 * initiator elsewhere, where loading it runs the benchmark. The results are in
 * debugfs. In the kernel of the KUnit suites, see suite.c.
 */
#include <linux/debugfs.h>
#include <linux/module.h>

#include "main.h"

static char *role = "";
module_param(role, charp, 0444);
MODULE_PARM_DESC(role, "target or initiator; without one nothing is done");

static char *device;
module_param(device, charp, 0444);
MODULE_PARM_DESC(device, "of a target: pmem device, all content of which is lost; none: DRAM");

static char *addr;
module_param(addr, charp, 0444);
MODULE_PARM_DESC(addr, "of an initiator: IPv4 address of the target");

unsigned int bench_rounds;
module_param_named(rounds, bench_rounds, uint, 0444);
MODULE_PARM_DESC(rounds, "how often both paths are measured");

unsigned int bench_scale = 100;
module_param_named(scale, bench_scale, uint, 0444);
MODULE_PARM_DESC(scale, "operations of a batch, in percent of the usual number");

unsigned int bench_max_size = BENCH_SLOT_SIZE;
module_param_named(max_size, bench_max_size, uint, 0444);
MODULE_PARM_DESC(max_size, "bytes of the greatest write that is measured");

unsigned int bench_pool_mib = 64;
module_param_named(pool_mib, bench_pool_mib, uint, 0444);
MODULE_PARM_DESC(pool_mib, "MiB of a pool on DRAM");

module_param_array_named(setup_mib, bench_setup_mib, uint, &bench_setups, 0444);
MODULE_PARM_DESC(setup_mib, "MiB of regions, to measure their set-up");

static char *only;
module_param(only, charp, 0444);
MODULE_PARM_DESC(only, "measure only this path, kfi or verbs: for a profile");

/* Only so that a run's console is found again. */
static char *tag;
module_param(tag, charp, 0444);
MODULE_PARM_DESC(tag, "name of the run");

static struct bench_target bench_main_target;
static struct bench_text bench_main_text;
static struct dentry *bench_dir;

static ssize_t bench_results_read(struct file *file, char __user *buf,
				  size_t count, loff_t *pos)
{
	return simple_read_from_buffer(buf, count, pos, bench_main_text.buf,
				       bench_main_text.len);
}

static const struct file_operations bench_results_fops = {
	.owner = THIS_MODULE,
	.read = bench_results_read,
};

/**
 * bench_measure() - everything, with an initiator that is open
 * @bench: bench
 *
 * Context: process.
 * Return: 0 or a negative errno; what was measured until then is printed.
 */
int bench_measure(struct bench *bench)
{
	struct bench_plan plan = {
		.rounds = bench_rounds ?: 1,
		.scale = bench_scale,
		.max_size = bench_max_size,
		.only = only,
	};
	int ret = bench_run(bench, &plan), i;

	for (i = 0; i < bench_setups && !ret; i++)
		ret = bench_setup_cost(bench, bench_setup_mib[i], 15);
	bench_print(bench->text, "end errno=%d\n", -ret);
	return ret;
}

static int __init bench_run_initiator(void)
{
	struct bench *bench = kvzalloc(sizeof(*bench), GFP_KERNEL);
	int ret;

	if (!bench)
		return -ENOMEM;
	ret = bench_text_init(&bench_main_text, BENCH_TEXT_SIZE);
	if (ret)
		goto free;
	ret = bench_initiator_open(bench, &bench_main_text, addr);
	if (!ret) {
		ret = bench_measure(bench);
		bench_initiator_close(bench);
	}
	if (ret) {
		pr_err("failed: %d\n%s", ret, bench_main_text.buf);
		bench_text_exit(&bench_main_text);
		goto free;
	}
	bench_dir = debugfs_create_dir("kfi_bench", NULL);
	debugfs_create_file("results", 0400, bench_dir, NULL,
			    &bench_results_fops);
free:
	kvfree(bench);
	return ret;
}

static int __init bench_main_init(void)
{
	if (!strcmp(role, "target"))
		return bench_target_open(&bench_main_target,
					 device && *device ? device : NULL,
					 (u64)bench_pool_mib << 20);
	if (!strcmp(role, "initiator") && addr)
		return bench_run_initiator();
	/* Built in, and loaded only to be there. */
	return *role ? -EINVAL : 0;
}

static void __exit bench_main_exit(void)
{
	debugfs_remove(bench_dir);
	bench_text_exit(&bench_main_text);
	bench_target_close(&bench_main_target);
}

module_init(bench_main_init);
module_exit(bench_main_exit);
MODULE_DESCRIPTION("Benchmark of durable remote writes");
MODULE_LICENSE("GPL");
MODULE_SOFTDEP("pre: kfi_rdma");
