// SPDX-License-Identifier: BSD-3-Clause
/* kfipmem blk ...: block devices on replica sets. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "kfipmem.h"

#define DEVICE	"/dev/kfiblk"

/* N, kfiblkN or /dev/kfiblkN */
static uint32_t get_number(const char *text)
{
	const char *number = text;
	const char *fault;
	uint64_t value;

	if (!strncmp(number, "/dev/", 5))
		number += 5;
	if (!strncmp(number, "kfiblk", 6))
		number += 6;
	else if (number != text)
		number = "";
	fault = parse_number(number, INT32_MAX, &value);
	if (fault)
		die_usage("'%.80s' is not a block device; write N or " DEVICE "N",
			  text);
	return (uint32_t)value;
}

static void put_add(struct nlmsghdr *nlh, const struct options *o)
{
	mnl_attr_put_strz(nlh, KFIPMEM_A_BLK_SET, o->arg[0]);
	if (o->number)
		mnl_attr_put_u32(nlh, KFIPMEM_A_BLK_NUMBER,
				 get_number(o->number));
	if (o->block_size)
		mnl_attr_put_u32(nlh, KFIPMEM_A_BLK_BLOCK_SIZE,
				 strcmp(o->block_size, "512") ? 4096 : 512);
	if (o->read_only)
		nl_put_flag(nlh, KFIPMEM_A_BLK_READ_ONLY);
}

int cmd_blk_add(const struct options *o)
{
	const struct nlattr *a[KFIPMEM_A_BLK_MAX + 1];
	struct nlmsghdr *nlh;
	struct reply reply;
	uint64_t number;
	char what[96];

	check_name("set", o->arg[0]);
	if (o->block_size && strcmp(o->block_size, "512") &&
	    strcmp(o->block_size, "4096"))
		die_usage("block size '%.80s' is neither 512 nor 4096",
			  o->block_size);
	if (o->number)
		get_number(o->number);

	nlh = nl_request(KFIPMEM_CMD_BLK_ADD);
	put_add(nlh, o);
	snprintf(what, sizeof(what), "blk add %s", o->arg[0]);
	nl_get(nlh, &reply, what);
	nl_parse(reply.msg[0], a, KFIPMEM_A_BLK_MAX);
	number = nl_uint(a[KFIPMEM_A_BLK_NUMBER]);
	nl_reply_free(&reply);

	snprintf(what, sizeof(what), DEVICE "%" PRIu64, number);
	if (o->json) {
		json_begin();
		json_bool("ok", true);
		json_str("node", what);
		json_uint("number", number);
		json_end();
	} else {
		puts(what);
	}
	return EXIT_OK;
}

int cmd_blk_del(const struct options *o)
{
	uint32_t number = get_number(o->arg[0]);
	struct nlmsghdr *nlh = nl_request(KFIPMEM_CMD_BLK_DEL);

	mnl_attr_put_u32(nlh, KFIPMEM_A_BLK_NUMBER, number);
	if (o->force)
		nl_put_flag(nlh, KFIPMEM_A_BLK_FORCE);
	nl_do(nlh, "blk del " DEVICE "%" PRIu32, number);
	json_ok();
	return EXIT_OK;
}

int cmd_blk_resize(const struct options *o)
{
	uint32_t number = get_number(o->arg[0]);
	struct nlmsghdr *nlh = nl_request(KFIPMEM_CMD_BLK_RESIZE);

	mnl_attr_put_u32(nlh, KFIPMEM_A_BLK_NUMBER, number);
	nl_do(nlh, "blk resize " DEVICE "%" PRIu32, number);
	json_ok();
	return EXIT_OK;
}

static void json_blk(const struct nlattr **a)
{
	char node[32];

	snprintf(node, sizeof(node), DEVICE "%" PRIu64,
		 nl_uint(a[KFIPMEM_A_BLK_NUMBER]));
	json_object(NULL);
	json_str("node", node);
	json_uint("number", nl_uint(a[KFIPMEM_A_BLK_NUMBER]));
	json_str("set", nl_str(a[KFIPMEM_A_BLK_SET]));
	json_uint("size", nl_uint(a[KFIPMEM_A_BLK_SIZE]));
	json_uint("block_size", nl_uint(a[KFIPMEM_A_BLK_BLOCK_SIZE]));
	json_bool("read_only", a[KFIPMEM_A_BLK_READ_ONLY]);
	json_uint("opens", nl_uint(a[KFIPMEM_A_BLK_OPENERS]));
	json_object_end();
}

static void print_blk(const struct nlattr **a)
{
	char node[32], size[16];

	snprintf(node, sizeof(node), DEVICE "%" PRIu64,
		 nl_uint(a[KFIPMEM_A_BLK_NUMBER]));
	printf("%-16s %-24s %8s %6" PRIu64 " %-6s %5" PRIu64 "\n", node,
	       nl_str(a[KFIPMEM_A_BLK_SET]),
	       size_text(nl_uint(a[KFIPMEM_A_BLK_SIZE]), size, sizeof(size)),
	       nl_uint(a[KFIPMEM_A_BLK_BLOCK_SIZE]),
	       a[KFIPMEM_A_BLK_READ_ONLY] ? "ro" : "rw",
	       nl_uint(a[KFIPMEM_A_BLK_OPENERS]));
}

int cmd_blk_list(const struct options *o)
{
	const struct nlattr *a[KFIPMEM_A_BLK_MAX + 1];
	struct reply reply;
	size_t i;

	nl_dump(KFIPMEM_CMD_BLK_GET, &reply, "blk list");
	if (o->json) {
		json_begin();
		json_array("devices");
	} else {
		printf("%-16s %-24s %8s %6s %-6s %5s\n", "DEVICE", "SET",
		       "SIZE", "BLOCK", "ACCESS", "OPENS");
	}
	for (i = 0; i < reply.nr; i++) {
		nl_parse(reply.msg[i], a, KFIPMEM_A_BLK_MAX);
		if (o->json)
			json_blk(a);
		else
			print_blk(a);
	}
	if (o->json) {
		json_array_end();
		json_end();
	}
	nl_reply_free(&reply);
	return EXIT_OK;
}
