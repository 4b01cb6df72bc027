// SPDX-License-Identifier: GPL-2.0-only
/*
 * How much memory of programs the commands of rings keep pinned.
 *
 * It counts as what io_uring itself pins for registered buffers does: by user,
 * against RLIMIT_MEMLOCK, unless the program may lock as much as it likes. One
 * limit then covers both, and a registered buffer is counted once, there. It
 * counts until the fabric is done with it, which may be after the process has
 * ended. Beyond the limit data is copied, through pages that are charged to the
 * memory cgroup, as are requests and segments; the pinned pages themselves
 * are charged there as the program's memory, like any other.
 *
 * read(), write() and the ioctls pin as direct I/O does, for as long as the
 * caller waits, and are not counted.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>
#include <linux/user_namespace.h>
#include "io.h"

/**
 * ku_pins_init() - count what a request of the caller pins
 * @pins: of the request
 *
 * Context: process.
 */
void ku_pins_init(struct ku_pins *pins)
{
	if (!ns_capable_noaudit(&init_user_ns, CAP_IPC_LOCK))
		pins->user = get_uid(current_user());
}

/**
 * ku_pins_charge() - pages will be pinned
 * @pins: of a request of the caller
 * @pages: how many
 *
 * Context: process.
 * Return: whether the limit allows it.
 */
bool ku_pins_charge(struct ku_pins *pins, unsigned long pages)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	long now;

	if (!pins->user)
		return true;
	now = atomic_long_read(&pins->user->locked_vm);
	do {
		if (now + pages > limit)
			return false;
	} while (!atomic_long_try_cmpxchg(&pins->user->locked_vm, &now,
					  now + pages));
	pins->pages += pages;
	return true;
}

/**
 * ku_pins_refund() - fewer pages were pinned than expected
 * @pins: of a request
 * @pages: how many fewer
 *
 * Context: any.
 */
void ku_pins_refund(struct ku_pins *pins, unsigned long pages)
{
	if (!pins->user)
		return;
	atomic_long_sub(pages, &pins->user->locked_vm);
	pins->pages -= pages;
}

/**
 * ku_pins_exit() - nothing is pinned any more
 * @pins: of a request
 *
 * Context: any.
 */
void ku_pins_exit(struct ku_pins *pins)
{
	if (!pins->user)
		return;
	ku_pins_refund(pins, pins->pages);
	free_uid(pins->user);
}
