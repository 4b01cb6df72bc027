// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mistakes to order, one of each kind that a debugging kernel has to report:
 * a kernel that does not would let every test pass.
 *
 *	echo leak > /sys/module/kfi_mistakes/parameters/make
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#define MISTAKE_BYTES	192	/* no multiple of what others like to allocate */
#define MISTAKE_RACES	2000000

static noinline int mistake_use_after_free(void)
{
	char *p = kzalloc(MISTAKE_BYTES, GFP_KERNEL);

	if (!p)
		return -ENOMEM;
	kfree(p);
	OPTIMIZER_HIDE_VAR(p);
	return READ_ONCE(p[MISTAKE_BYTES / 2]) & 0;
}

static noinline int mistake_leak(void)
{
	char *p = kzalloc(MISTAKE_BYTES, GFP_KERNEL);

	if (!p)
		return -ENOMEM;
	/* Whoever uses its address later does not have it in a register. */
	OPTIMIZER_HIDE_VAR(p);
	return 0;
}

static noinline int mistake_sleep(void)
{
	static DEFINE_SPINLOCK(lock);

	spin_lock(&lock);
	might_sleep();
	spin_unlock(&lock);
	return 0;
}

/* Nobody waits here: it is the order that could make somebody. */
static noinline int mistake_order(void)
{
	static DEFINE_MUTEX(first);
	static DEFINE_MUTEX(second);

	mutex_lock(&first);
	mutex_lock(&second);
	mutex_unlock(&second);
	mutex_unlock(&first);

	mutex_lock(&second);
	mutex_lock(&first);
	mutex_unlock(&first);
	mutex_unlock(&second);
	return 0;
}

static noinline int mistake_shift(void)
{
	unsigned int bits = 64;

	OPTIMIZER_HIDE_VAR(bits);
	return (1 << bits) & 0;
}

static unsigned long mistake_counter;

static int mistake_racer(void *arg)
{
	struct completion *done = arg;
	unsigned int i;

	for (i = 0; i < MISTAKE_RACES; i++) {
		mistake_counter++;
		barrier();
		cond_resched();
	}
	complete(done);
	return 0;
}

static noinline int mistake_race(void)
{
	DECLARE_COMPLETION_ONSTACK(done);
	struct task_struct *task;
	unsigned int i, racers = 0;

	for (i = 0; i < 2; i++) {
		task = kthread_run(mistake_racer, &done, "kfi_racer/%u", i);
		racers += !IS_ERR(task);
	}
	for (i = 0; i < racers; i++)
		wait_for_completion(&done);
	return racers == 2 ? 0 : -ENOMEM;
}

static const struct {
	const char *name;
	int (*make)(void);
} mistakes[] = {
	{ "use-after-free", mistake_use_after_free },
	{ "leak", mistake_leak },
	{ "sleep", mistake_sleep },
	{ "order", mistake_order },
	{ "shift", mistake_shift },
	{ "race", mistake_race },
};

static int mistake_set(const char *value, const struct kernel_param *param)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mistakes); i++)
		if (sysfs_streq(value, mistakes[i].name))
			return mistakes[i].make();
	return -EINVAL;
}

static const struct kernel_param_ops mistake_ops = { .set = mistake_set };
module_param_cb(make, &mistake_ops, NULL, 0200);
MODULE_PARM_DESC(make, "use-after-free, leak, sleep, order, shift or race");

MODULE_DESCRIPTION("Mistakes that a debugging kernel has to report");
MODULE_LICENSE("GPL");
