// SPDX-License-Identifier: GPL-2.0-only
/*
 * Look for leaks when the tests are over, whichever suites ran: a suite could
 * be filtered out, the halt that ends every run cannot.
 *
 * kmemleak scans when userspace writes to its file in debugfs, and there is no
 * userspace, so its scan is found by name. This code is never in a module.
 */
#include <linux/init.h>
#include <linux/kallsyms.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/rcupdate.h>
#include <linux/reboot.h>
#include <linux/workqueue.h>

struct kmemleak {
	void (*scan)(void);
	struct mutex *scan_mutex;	/* held over a scan */
	unsigned long *min_age;
};

static bool find_kmemleak(struct kmemleak *k)
{
	k->scan = (void *)kallsyms_lookup_name("kmemleak_scan");
	k->scan_mutex = (void *)kallsyms_lookup_name("scan_mutex");
	k->min_age = (void *)kallsyms_lookup_name("jiffies_min_age");
	return k->scan && k->scan_mutex && k->min_age;
}

static void scan_for_leaks(struct work_struct *work)
{
	struct kmemleak k;

	if (!find_kmemleak(&k)) {
		pr_warn("WARNING: kmemleak was not found, leaks go unseen\n");
		return;
	}

	/* What waits for a grace period is not leaked. */
	rcu_barrier();

	mutex_lock(k.scan_mutex);
	/* All is quiet: nothing is too young to be judged. */
	*k.min_age = 0;
	/* The first scan only learns the checksum of what looks leaked. */
	k.scan();
	k.scan();
	mutex_unlock(k.scan_mutex);
}

/* kmemleak asks whether its thread should stop, which only a kthread can. */
static DECLARE_WORK(scan_work, scan_for_leaks);

static int scan_before_halt(struct notifier_block *nb, unsigned long event,
			    void *data)
{
	schedule_work(&scan_work);
	flush_work(&scan_work);
	return NOTIFY_DONE;
}

static struct notifier_block scan_at_halt = {
	.notifier_call = scan_before_halt,
	.priority = INT_MAX,
};

static int __init scan_at_halt_init(void)
{
	if (!IS_ENABLED(CONFIG_DEBUG_KMEMLEAK))
		return 0;
	return register_reboot_notifier(&scan_at_halt);
}
late_initcall(scan_at_halt_init);
