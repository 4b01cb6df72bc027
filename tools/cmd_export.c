// SPDX-License-Identifier: BSD-3-Clause
/* The target's side: exports, fences, and the service that peers reach. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "kfipmem.h"

static void check_peer(const char *cmd, const struct options *o,
		       bool any_allowed)
{
	if (!o->peer)
		die_usage("%s: name the peer with --peer", cmd);
	if (!strcmp(o->peer, "*")) {
		if (!any_allowed)
			die_usage("%s: '*' needs --insecure-any; with a key, name the peer",
				  cmd);
		return;
	}
	check_name("peer", o->peer);
}

int cmd_export(const struct options *o)
{
	char pool[KFIPMEM_NAME_MAX + 1], region[KFIPMEM_NAME_MAX + 1];
	uint8_t key[KFIPMEM_KEY_SIZE];
	struct nlmsghdr *nlh;

	split_region(o->arg[0], pool, region);
	check_peer("export", o, o->insecure);
	if (o->insecure && o->key_file)
		die_usage("export: either --key-file or --insecure-any, not both");
	if (!o->insecure && !o->key_file)
		die_usage("export: give --key-file, or --insecure-any to ask for no key");
	if (o->key_file)
		read_key_file(o->key_file, key);

	nlh = nl_request(KFIPMEM_CMD_EXPORT_ADD);
	mnl_attr_put_strz(nlh, KFIPMEM_A_EXPORT_POOL, pool);
	mnl_attr_put_strz(nlh, KFIPMEM_A_EXPORT_REGION, region);
	mnl_attr_put_strz(nlh, KFIPMEM_A_EXPORT_PEER, o->peer);
	if (o->insecure)
		nl_put_flag(nlh, KFIPMEM_A_EXPORT_INSECURE);
	else
		mnl_attr_put(nlh, KFIPMEM_A_EXPORT_KEY, sizeof(key), key);
	if (o->read_only)
		nl_put_flag(nlh, KFIPMEM_A_EXPORT_READ_ONLY);
	explicit_bzero(key, sizeof(key));
	nl_do(nlh, "export %s/%s to %s", pool, region, o->peer);
	json_ok();
	return EXIT_OK;
}

int cmd_unexport(const struct options *o)
{
	char pool[KFIPMEM_NAME_MAX + 1], region[KFIPMEM_NAME_MAX + 1];
	struct nlmsghdr *nlh;

	split_region(o->arg[0], pool, region);
	check_peer("unexport", o, true);
	nlh = nl_request(KFIPMEM_CMD_EXPORT_REMOVE);
	mnl_attr_put_strz(nlh, KFIPMEM_A_EXPORT_POOL, pool);
	mnl_attr_put_strz(nlh, KFIPMEM_A_EXPORT_REGION, region);
	mnl_attr_put_strz(nlh, KFIPMEM_A_EXPORT_PEER, o->peer);
	nl_do(nlh, "unexport %s/%s from %s", pool, region, o->peer);
	json_ok();
	return EXIT_OK;
}

void print_exports(const struct reply *reply)
{
	const struct nlattr *a[KFIPMEM_A_EXPORT_MAX + 1];
	char name[2 * KFIPMEM_NAME_MAX + 2];
	size_t i;

	printf("%-24s %-16s %-6s %-9s %-8s %s\n", "REGION", "PEER", "ACCESS",
	       "KEY", "ATTACHED", "FENCED");
	for (i = 0; i < reply->nr; i++) {
		nl_parse(reply->msg[i], a, KFIPMEM_A_EXPORT_MAX);
		snprintf(name, sizeof(name), "%.63s/%.63s",
			 nl_str(a[KFIPMEM_A_EXPORT_POOL]),
			 nl_str(a[KFIPMEM_A_EXPORT_REGION]));
		printf("%-24s %-16s %-6s %-9s %-8" PRIu64 " %s\n", name,
		       nl_str(a[KFIPMEM_A_EXPORT_PEER]),
		       a[KFIPMEM_A_EXPORT_READ_ONLY] ? "ro" : "rw",
		       a[KFIPMEM_A_EXPORT_INSECURE] ? "insecure" : "required",
		       nl_uint(a[KFIPMEM_A_EXPORT_ATTACHED]),
		       a[KFIPMEM_A_EXPORT_REVOKED] ? "yes" : "no");
	}
}

static void json_exports(const struct reply *reply)
{
	const struct nlattr *a[KFIPMEM_A_EXPORT_MAX + 1];
	size_t i;

	json_begin();
	json_array("exports");
	for (i = 0; i < reply->nr; i++) {
		nl_parse(reply->msg[i], a, KFIPMEM_A_EXPORT_MAX);
		json_object(NULL);
		json_str("pool", nl_str(a[KFIPMEM_A_EXPORT_POOL]));
		json_str("region", nl_str(a[KFIPMEM_A_EXPORT_REGION]));
		json_str("peer", nl_str(a[KFIPMEM_A_EXPORT_PEER]));
		json_bool("read_only", a[KFIPMEM_A_EXPORT_READ_ONLY]);
		json_bool("insecure", a[KFIPMEM_A_EXPORT_INSECURE]);
		json_bool("fenced", a[KFIPMEM_A_EXPORT_REVOKED]);
		json_uint("attached", nl_uint(a[KFIPMEM_A_EXPORT_ATTACHED]));
		json_object_end();
	}
	json_array_end();
	json_end();
}

int cmd_exports(const struct options *o)
{
	struct reply reply;

	nl_dump(KFIPMEM_CMD_EXPORT_GET, &reply, "exports");
	if (o->json)
		json_exports(&reply);
	else
		print_exports(&reply);
	nl_reply_free(&reply);
	return EXIT_OK;
}

int cmd_fence(const struct options *o)
{
	char pool[KFIPMEM_NAME_MAX + 1], region[KFIPMEM_NAME_MAX + 1];
	const char *fault = NULL;
	struct nlmsghdr *nlh;
	uint64_t epoch = 0;

	split_region(o->arg[0], pool, region);
	if (!o->epoch == !o->peer)
		die_usage("fence: give either --epoch or --peer");
	if (o->peer)
		check_peer("fence", o, true);
	if (o->epoch) {
		fault = parse_number(o->epoch, UINT64_MAX, &epoch);
		if (!fault && !epoch)
			fault = "is zero";
	}
	if (fault)
		die_usage("epoch '%.80s' %s", o->epoch, fault);

	nlh = nl_request(KFIPMEM_CMD_FENCE);
	mnl_attr_put_strz(nlh, KFIPMEM_A_EXPORT_POOL, pool);
	mnl_attr_put_strz(nlh, KFIPMEM_A_EXPORT_REGION, region);
	if (o->peer)
		mnl_attr_put_strz(nlh, KFIPMEM_A_EXPORT_PEER, o->peer);
	else
		nl_put_uint(nlh, KFIPMEM_A_EXPORT_EPOCH, epoch);
	nl_do(nlh, "fence %s/%s", pool, region);
	json_ok();
	return EXIT_OK;
}

int cmd_listen(const struct options *o)
{
	char addr[KFIPMEM_HOST_MAX + 1] = "0.0.0.0";
	uint16_t port = KFIPMEM_DEFAULT_PORT;
	struct nlmsghdr *nlh;

	if (o->port)
		port = get_port(o->port);
	if (o->provider)
		check_name("provider", o->provider);
	if (o->addr) {
		if (!*o->addr)
			die_usage("listen: the address is empty");
		resolve_host(o->addr, addr, sizeof(addr));
	}
	nlh = nl_request(KFIPMEM_CMD_LISTEN);
	mnl_attr_put_strz(nlh, KFIPMEM_A_TARGET_ADDR, addr);
	mnl_attr_put_u16(nlh, KFIPMEM_A_TARGET_PORT, port);
	if (o->provider)
		mnl_attr_put_strz(nlh, KFIPMEM_A_TARGET_PROVIDER, o->provider);
	nl_do(nlh, "listen on %s port %u", addr, port);
	json_ok();
	return EXIT_OK;
}

int cmd_unlisten(const struct options *o)
{
	(void)o;
	nl_do(nl_request(KFIPMEM_CMD_UNLISTEN), "unlisten");
	json_ok();
	return EXIT_OK;
}
