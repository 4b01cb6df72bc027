// SPDX-License-Identifier: BSD-3-Clause
/* kfipmem region ... */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "kfipmem.h"

#define REGION_ALIGN	4096

/* A share of the largest region that the pool can still give. */
static uint64_t share_of_pool(const char *pool, uint64_t percent)
{
	const struct nlattr *a[KFIPMEM_A_POOL_MAX + 1];
	uint64_t size = 0;
	bool found = false;
	struct reply reply;
	size_t i;

	nl_dump(KFIPMEM_CMD_POOL_GET, &reply, "pool list");
	for (i = 0; i < reply.nr; i++) {
		nl_parse(reply.msg[i], a, KFIPMEM_A_POOL_MAX);
		if (strcmp(nl_str(a[KFIPMEM_A_POOL_NAME]), pool))
			continue;
		found = true;
		size = nl_uint(a[KFIPMEM_A_POOL_MAX_FREE]);
	}
	nl_reply_free(&reply);
	if (!found)
		die_usage("region create: no pool '%s' is open; see 'kfipmem pool list'",
			  pool);
	size = size / 100 * percent + size % 100 * percent / 100;
	size -= size % REGION_ALIGN;
	if (!size)
		die_usage("region create: pool '%s' has no room for that share",
			  pool);
	return size;
}

int cmd_region_create(const struct options *o)
{
	char pool[KFIPMEM_NAME_MAX + 1], region[KFIPMEM_NAME_MAX + 1];
	struct size_spec size;
	struct nlmsghdr *nlh;
	const char *fault;

	split_region(o->arg[0], pool, region);
	if (!o->size)
		die_usage("region create: give the size with --size");
	fault = parse_size(o->size, &size);
	if (fault)
		die_usage("size '%.80s' %s", o->size, fault);
	if (size.percent)
		size.value = share_of_pool(pool, size.value);

	nlh = nl_request(KFIPMEM_CMD_REGION_CREATE);
	mnl_attr_put_strz(nlh, KFIPMEM_A_REGION_POOL, pool);
	mnl_attr_put_strz(nlh, KFIPMEM_A_REGION_NAME, region);
	nl_put_uint(nlh, KFIPMEM_A_REGION_SIZE, size.value);
	nl_do(nlh, "region create %s/%s", pool, region);
	json_ok();
	return EXIT_OK;
}

int cmd_region_remove(const struct options *o)
{
	char pool[KFIPMEM_NAME_MAX + 1], region[KFIPMEM_NAME_MAX + 1];
	struct nlmsghdr *nlh;

	split_region(o->arg[0], pool, region);
	nlh = nl_request(KFIPMEM_CMD_REGION_REMOVE);
	mnl_attr_put_strz(nlh, KFIPMEM_A_REGION_POOL, pool);
	mnl_attr_put_strz(nlh, KFIPMEM_A_REGION_NAME, region);
	nl_do(nlh, "region remove %s/%s", pool, region);
	json_ok();
	return EXIT_OK;
}

void print_regions(const struct reply *reply)
{
	const struct nlattr *a[KFIPMEM_A_REGION_MAX + 1];
	char name[2 * KFIPMEM_NAME_MAX + 2], node[160], size[16];
	size_t i;

	printf("%-24s %8s %-10s %6s %6s %5s %s\n", "REGION", "SIZE", "DOMAIN",
	       "GEN", "EPOCH", "OPENS", "NODE");
	for (i = 0; i < reply->nr; i++) {
		nl_parse(reply->msg[i], a, KFIPMEM_A_REGION_MAX);
		snprintf(name, sizeof(name), "%.63s/%.63s",
			 nl_str(a[KFIPMEM_A_REGION_POOL]),
			 nl_str(a[KFIPMEM_A_REGION_NAME]));
		snprintf(node, sizeof(node), "-");
		if (a[KFIPMEM_A_REGION_NODE])
			snprintf(node, sizeof(node), "/dev/kfi/%.130s",
				 nl_str(a[KFIPMEM_A_REGION_NODE]));
		printf("%-24s %8s %-10s %6" PRIu64 " %6" PRIu64 " %5" PRIu64
		       " %s\n", name,
		       size_text(nl_uint(a[KFIPMEM_A_REGION_SIZE]), size,
				 sizeof(size)),
		       domain_name(nl_uint(a[KFIPMEM_A_REGION_DOMAIN])),
		       nl_uint(a[KFIPMEM_A_REGION_GENERATION]),
		       nl_uint(a[KFIPMEM_A_REGION_EPOCH]),
		       nl_uint(a[KFIPMEM_A_REGION_OPENS]), node);
	}
}

static void json_regions(const struct reply *reply)
{
	const struct nlattr *a[KFIPMEM_A_REGION_MAX + 1];
	char uuid[37], node[160];
	size_t i;

	json_begin();
	json_array("regions");
	for (i = 0; i < reply->nr; i++) {
		nl_parse(reply->msg[i], a, KFIPMEM_A_REGION_MAX);
		json_object(NULL);
		json_str("pool", nl_str(a[KFIPMEM_A_REGION_POOL]));
		json_str("name", nl_str(a[KFIPMEM_A_REGION_NAME]));
		json_uint("size", nl_uint(a[KFIPMEM_A_REGION_SIZE]));
		json_str("uuid", nl_uuid(a[KFIPMEM_A_REGION_UUID], uuid));
		json_str("incarnation",
			 nl_uuid(a[KFIPMEM_A_REGION_INCARNATION], uuid));
		json_uint("generation",
			  nl_uint(a[KFIPMEM_A_REGION_GENERATION]));
		json_uint("epoch", nl_uint(a[KFIPMEM_A_REGION_EPOCH]));
		json_str("domain",
			 domain_name(nl_uint(a[KFIPMEM_A_REGION_DOMAIN])));
		json_uint("atomic_width",
			  nl_uint(a[KFIPMEM_A_REGION_ATOMIC_WIDTH]));
		if (a[KFIPMEM_A_REGION_NODE]) {
			snprintf(node, sizeof(node), "/dev/kfi/%.130s",
				 nl_str(a[KFIPMEM_A_REGION_NODE]));
			json_str("node", node);
		} else {
			json_null("node");
		}
		json_uint("opens", nl_uint(a[KFIPMEM_A_REGION_OPENS]));
		json_object_end();
	}
	json_array_end();
	json_end();
}

int cmd_region_list(const struct options *o)
{
	struct reply reply;

	nl_dump(KFIPMEM_CMD_REGION_GET, &reply, "region list");
	if (o->json)
		json_regions(&reply);
	else
		print_regions(&reply);
	nl_reply_free(&reply);
	return EXIT_OK;
}
