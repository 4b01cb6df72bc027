// SPDX-License-Identifier: BSD-3-Clause
/* kfipmem pool ... */
#include <stdio.h>
#include <string.h>
#include "kfipmem.h"

static uint64_t get_seed(const struct options *o)
{
	uint64_t seed = 0;
	const char *fault;

	if (!o->cache_seed)
		return 0;
	fault = parse_number(o->cache_seed, UINT64_MAX, &seed);
	if (fault)
		die_usage("seed '%.80s' %s", o->cache_seed, fault);
	return seed;
}

static void put_cache_model(struct nlmsghdr *nlh, const struct options *o)
{
	if (o->cache_model)
		nl_put_flag(nlh, KFIPMEM_A_POOL_CACHE_MODEL);
	if (o->cache_seed)
		nl_put_uint(nlh, KFIPMEM_A_POOL_CACHE_SEED, get_seed(o));
}

static void check_path(const char *path)
{
	if (path[0] != '/')
		die_usage("'%.80s' is not the path of a device (/dev/pmem0)",
			  path);
	if (strlen(path) > KFIPMEM_PATH_MAX)
		die_usage("the path is longer than %d characters",
			  KFIPMEM_PATH_MAX);
}

/* ram:SIZE, or 0 for a device. */
static uint64_t ram_size(const char *dev)
{
	struct size_spec size;
	const char *fault;

	if (strncmp(dev, "ram:", 4))
		return 0;
	fault = parse_size(dev + 4, &size);
	if (!fault && size.percent)
		fault = "is a share of nothing; a pool on DRAM needs bytes";
	if (fault)
		die_usage("size '%.80s' %s", dev + 4, fault);
	return size.value;
}

int cmd_pool_create(const struct options *o)
{
	uint64_t ram = ram_size(o->arg[0]);
	struct nlmsghdr *nlh;

	if (!ram)
		check_path(o->arg[0]);
	if (!o->name)
		die_usage("pool create: give the pool a name with --name");
	check_name("pool", o->name);
	get_seed(o);

	nlh = nl_request(KFIPMEM_CMD_POOL_CREATE);
	mnl_attr_put_strz(nlh, KFIPMEM_A_POOL_NAME, o->name);
	if (ram)
		nl_put_uint(nlh, KFIPMEM_A_POOL_RAM_SIZE, ram);
	else
		mnl_attr_put_strz(nlh, KFIPMEM_A_POOL_PATH, o->arg[0]);
	if (o->force)
		nl_put_flag(nlh, KFIPMEM_A_POOL_FORCE);
	put_cache_model(nlh, o);
	nl_do(nlh, "pool create %s on %s", o->name, o->arg[0]);
	json_ok();
	return EXIT_OK;
}

int cmd_pool_open(const struct options *o)
{
	struct nlmsghdr *nlh;

	check_path(o->arg[0]);
	get_seed(o);
	nlh = nl_request(KFIPMEM_CMD_POOL_OPEN);
	mnl_attr_put_strz(nlh, KFIPMEM_A_POOL_PATH, o->arg[0]);
	put_cache_model(nlh, o);
	nl_do(nlh, "pool open %s", o->arg[0]);
	json_ok();
	return EXIT_OK;
}

static int pool_by_name(const struct options *o, uint8_t cmd, const char *what)
{
	struct nlmsghdr *nlh;

	check_name("pool", o->arg[0]);
	nlh = nl_request(cmd);
	mnl_attr_put_strz(nlh, KFIPMEM_A_POOL_NAME, o->arg[0]);
	nl_do(nlh, "pool %s %s", what, o->arg[0]);
	json_ok();
	return EXIT_OK;
}

int cmd_pool_close(const struct options *o)
{
	return pool_by_name(o, KFIPMEM_CMD_POOL_CLOSE, "close");
}

int cmd_pool_destroy(const struct options *o)
{
	return pool_by_name(o, KFIPMEM_CMD_POOL_DESTROY, "destroy");
}

void print_pools(const struct reply *reply)
{
	const struct nlattr *a[KFIPMEM_A_POOL_MAX + 1];
	char size[16], free_text[16];
	size_t i;

	printf("%-16s %-20s %8s %8s %8s %-10s %s\n", "POOL", "DEVICE", "SIZE",
	       "FREE", "REGIONS", "DOMAIN", "CACHE-MODEL");
	for (i = 0; i < reply->nr; i++) {
		nl_parse(reply->msg[i], a, KFIPMEM_A_POOL_MAX);
		printf("%-16s %-20s %8s %8s %8u %-10s %s\n",
		       nl_str(a[KFIPMEM_A_POOL_NAME]),
		       nl_str(a[KFIPMEM_A_POOL_PATH]),
		       size_text(nl_uint(a[KFIPMEM_A_POOL_SIZE]), size,
				 sizeof(size)),
		       size_text(nl_uint(a[KFIPMEM_A_POOL_FREE]), free_text,
				 sizeof(free_text)),
		       (unsigned int)nl_uint(a[KFIPMEM_A_POOL_REGIONS]),
		       domain_name(nl_uint(a[KFIPMEM_A_POOL_DOMAIN])),
		       a[KFIPMEM_A_POOL_CACHE_MODEL] ? "on" : "off");
	}
}

static void json_pools(const struct reply *reply)
{
	const struct nlattr *a[KFIPMEM_A_POOL_MAX + 1];
	char uuid[37];
	size_t i;

	json_begin();
	json_array("pools");
	for (i = 0; i < reply->nr; i++) {
		nl_parse(reply->msg[i], a, KFIPMEM_A_POOL_MAX);
		json_object(NULL);
		json_str("name", nl_str(a[KFIPMEM_A_POOL_NAME]));
		json_str("device", nl_str(a[KFIPMEM_A_POOL_PATH]));
		json_str("uuid", nl_uuid(a[KFIPMEM_A_POOL_UUID], uuid));
		json_str("incarnation",
			 nl_uuid(a[KFIPMEM_A_POOL_INCARNATION], uuid));
		json_uint("size", nl_uint(a[KFIPMEM_A_POOL_SIZE]));
		json_uint("free", nl_uint(a[KFIPMEM_A_POOL_FREE]));
		json_uint("max_free", nl_uint(a[KFIPMEM_A_POOL_MAX_FREE]));
		json_uint("regions", nl_uint(a[KFIPMEM_A_POOL_REGIONS]));
		json_str("domain",
			 domain_name(nl_uint(a[KFIPMEM_A_POOL_DOMAIN])));
		json_bool("cache_model", a[KFIPMEM_A_POOL_CACHE_MODEL]);
		json_object_end();
	}
	json_array_end();
	json_end();
}

int cmd_pool_list(const struct options *o)
{
	struct reply reply;

	nl_dump(KFIPMEM_CMD_POOL_GET, &reply, "pool list");
	if (o->json)
		json_pools(&reply);
	else
		print_pools(&reply);
	nl_reply_free(&reply);
	return EXIT_OK;
}
