// SPDX-License-Identifier: BSD-3-Clause
/* Enumerations and quantities in words. */
#include <inttypes.h>
#include <stdio.h>
#include "kfipmem.h"

static const char *lookup(const char *const *names, size_t nr, uint64_t value)
{
	return value < nr ? names[value] : "unknown";
}

const char *domain_name(uint64_t domain)
{
	static const char *const names[] = {
		[KFIPMEM_DOMAIN_NONE] = "none",
		[KFIPMEM_DOMAIN_ASYNC] = "async",
		[KFIPMEM_DOMAIN_MEM_CTRL] = "mem-ctrl",
		[KFIPMEM_DOMAIN_CPU_CACHE] = "cpu-cache",
		[KFIPMEM_DOMAIN_EMULATED] = "emulated",
	};

	return lookup(names, ARRAY_SIZE(names), domain);
}

const char *method_name(uint64_t method)
{
	static const char *const names[] = {
		[KFIPMEM_METHOD_REFUSED] = "refused",
		[KFIPMEM_METHOD_ASSISTED] = "assisted",
		[KFIPMEM_METHOD_INLINE] = "inline",
		[KFIPMEM_METHOD_EADR] = "eadr",
		[KFIPMEM_METHOD_ASYNC] = "async",
		[KFIPMEM_METHOD_NATIVE] = "native",
	};

	return lookup(names, ARRAY_SIZE(names), method);
}

const char *op_name(uint64_t op)
{
	static const char *const names[] = {
		[KFIPMEM_OP_WRITE] = "write",
		[KFIPMEM_OP_READ] = "read",
		[KFIPMEM_OP_WRITE_COMMIT] = "write-commit",
		[KFIPMEM_OP_COMMIT] = "commit",
		[KFIPMEM_OP_PUBLISH] = "publish",
		[KFIPMEM_OP_ATOMIC] = "atomic",
		[KFIPMEM_OP_SEND] = "send",
		[KFIPMEM_OP_RECV] = "recv",
	};

	return lookup(names, ARRAY_SIZE(names), op);
}

const char *set_state_name(uint64_t state)
{
	static const char *const names[] = {
		[KFIPMEM_SET_TAKEOVER] = "takeover",
		[KFIPMEM_SET_ACTIVE] = "active",
		[KFIPMEM_SET_SUSPENDED] = "suspended",
		[KFIPMEM_SET_FENCED] = "fenced",
		[KFIPMEM_SET_STOPPING] = "stopping",
	};

	return lookup(names, ARRAY_SIZE(names), state);
}

const char *member_state_name(uint64_t state)
{
	static const char *const names[] = {
		[KFIPMEM_MEMBER_DOWN] = "down",
		[KFIPMEM_MEMBER_BEHIND] = "behind",
		[KFIPMEM_MEMBER_SYNCING] = "syncing",
		[KFIPMEM_MEMBER_IN_SYNC] = "in-sync",
	};

	return lookup(names, ARRAY_SIZE(names), state);
}

const char *size_text(uint64_t bytes, char *buf, size_t size)
{
	static const char units[] = "KMGTPE";
	int unit = -1;
	double value = bytes;

	while (value >= 1024 && units[unit + 1]) {
		value /= 1024;
		unit++;
	}
	if (unit < 0)
		snprintf(buf, size, "%" PRIu64, bytes);
	else if (value == (uint64_t)value)
		snprintf(buf, size, "%.0f%c", value, units[unit]);
	else
		snprintf(buf, size, "%.1f%c", value, units[unit]);
	return buf;
}

const char *time_text(uint64_t ns, char *buf, size_t size)
{
	if (ns < 1000)
		snprintf(buf, size, "%" PRIu64 "ns", ns);
	else if (ns < 1000000)
		snprintf(buf, size, "%.1fus", ns / 1e3);
	else if (ns < 1000000000)
		snprintf(buf, size, "%.1fms", ns / 1e6);
	else
		snprintf(buf, size, "%.1fs", ns / 1e9);
	return buf;
}
