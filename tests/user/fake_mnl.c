// SPDX-License-Identifier: BSD-3-Clause
/*
 * A kernel for kfipmem to talk to: stands in for libmnl's sockets, so that the
 * command line is tested with its real encoder and decoder and no module.
 *
 * KFIPMEM_FAKE in the environment says how it behaves:
 *   ok		lists have entries with hostile names, commands succeed
 *   empty	lists are empty
 *   nofamily	the module is not loaded
 *   refuse	commands fail with EBUSY and a text
 *   refuse-bare	commands fail with EBUSY and no text
 *   interrupted	every list changed while it was sent
 *   scrubbing	a scrub runs, and has ended when asked for the third time
 *   differ	the last scrub has found something
 *   broken	the last scrub was broken off
 *   boot	a list has its first entry once the log has the request that makes
 *		such a thing, and not the one after it that removes it
 *   fenced	the set was taken over by another machine
 *   removed	the second of a set's three members was removed
 *   changing	reads go on, a member changes at the third list, and the set is
 *		gone at the fifth
 * KFIPMEM_FAKE_LOG names a file that gets one line per request.
 */
#include <errno.h>
#include <inttypes.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kfi_user.h"

#define FAMILY_ID	0x21
#define HOSTILE		"a\"b\\c\n\x01\x7f\xff/"

struct mnl_socket {
	char buf[64 * 1024];
	size_t len;
};

static struct mnl_socket the_socket;
static unsigned int lists;	/* that were asked for */

static bool mode_is(const char *mode)
{
	const char *set = getenv("KFIPMEM_FAKE");

	return !strcmp(set ? set : "ok", mode);
}

struct mnl_socket *mnl_socket_open2(int bus, int flags)
{
	(void)bus;
	(void)flags;
	return &the_socket;
}

int mnl_socket_bind(struct mnl_socket *nl, unsigned int groups, pid_t pid)
{
	(void)nl;
	(void)groups;
	(void)pid;
	return 0;
}

int mnl_socket_close(struct mnl_socket *nl)
{
	nl->len = 0;
	return 0;
}

int mnl_socket_setsockopt(const struct mnl_socket *nl, int type, void *buf,
			  socklen_t len)
{
	(void)nl;
	(void)type;
	(void)buf;
	(void)len;
	return 0;
}

static struct nlmsghdr *put(const struct nlmsghdr *req, uint16_t type,
			    uint16_t flags)
{
	struct nlmsghdr *nlh;

	nlh = mnl_nlmsg_put_header(the_socket.buf + the_socket.len);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = flags;
	nlh->nlmsg_seq = req->nlmsg_seq;
	if (type == FAMILY_ID && mode_is("interrupted"))
		nlh->nlmsg_flags |= NLM_F_DUMP_INTR;
	return nlh;
}

static void end(const struct nlmsghdr *nlh)
{
	the_socket.len += MNL_ALIGN(nlh->nlmsg_len);
}

static struct nlmsghdr *put_genl(const struct nlmsghdr *req, uint16_t type,
				 uint8_t cmd, uint16_t flags)
{
	struct nlmsghdr *nlh = put(req, type, flags);
	struct genlmsghdr *genl;

	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = 1;
	return nlh;
}

static void put_ack(const struct nlmsghdr *req, int error, const char *text)
{
	struct nlmsghdr *nlh = put(req, NLMSG_ERROR, NLM_F_CAPPED);
	struct nlmsgerr *err;

	err = mnl_nlmsg_put_extra_header(nlh, sizeof(*err));
	err->error = -error;
	err->msg = *req;
	if (text) {
		nlh->nlmsg_flags |= NLM_F_ACK_TLVS;
		mnl_attr_put_strz(nlh, NLMSGERR_ATTR_MSG, text);
	}
	end(nlh);
}

static void put_uuid(struct nlmsghdr *nlh, uint16_t type)
{
	static const uint8_t uuid[16] = {
		0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
		0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
	};

	mnl_attr_put(nlh, type, sizeof(uuid), uuid);
}

static void put_pool(struct nlmsghdr *nlh, int i)
{
	mnl_attr_put_strz(nlh, KFIPMEM_A_POOL_NAME, i ? HOSTILE : "pool0");
	mnl_attr_put_strz(nlh, KFIPMEM_A_POOL_PATH, "/dev/pmem0");
	put_uuid(nlh, KFIPMEM_A_POOL_UUID);
	put_uuid(nlh, KFIPMEM_A_POOL_INCARNATION);
	mnl_attr_put_u64(nlh, KFIPMEM_A_POOL_SIZE, UINT64_MAX);
	mnl_attr_put_u32(nlh, KFIPMEM_A_POOL_FREE, 1 << 20);
	mnl_attr_put_u32(nlh, KFIPMEM_A_POOL_MAX_FREE, 1 << 20);
	mnl_attr_put_u32(nlh, KFIPMEM_A_POOL_REGIONS, 3);
	mnl_attr_put_u32(nlh, KFIPMEM_A_POOL_DOMAIN, i ? 99 : 2);
	if (i)
		mnl_attr_put(nlh, KFIPMEM_A_POOL_CACHE_MODEL, 0, NULL);
}

static void put_region(struct nlmsghdr *nlh, int i)
{
	mnl_attr_put_strz(nlh, KFIPMEM_A_REGION_POOL, "pool0");
	mnl_attr_put_strz(nlh, KFIPMEM_A_REGION_NAME, i ? HOSTILE : "data");
	mnl_attr_put_u64(nlh, KFIPMEM_A_REGION_SIZE, 3ULL << 30);
	put_uuid(nlh, KFIPMEM_A_REGION_UUID);
	mnl_attr_put_u32(nlh, KFIPMEM_A_REGION_EPOCH, 7);
	if (i)
		return;
	mnl_attr_put_strz(nlh, KFIPMEM_A_REGION_NODE, "data");
	mnl_attr_put_u32(nlh, KFIPMEM_A_REGION_OPENS, 1);
}

static void put_export(struct nlmsghdr *nlh, int i)
{
	mnl_attr_put_strz(nlh, KFIPMEM_A_EXPORT_POOL, "pool0");
	mnl_attr_put_strz(nlh, KFIPMEM_A_EXPORT_REGION, "data");
	mnl_attr_put_strz(nlh, KFIPMEM_A_EXPORT_PEER, i ? HOSTILE : "nodeb");
	if (i)
		mnl_attr_put(nlh, KFIPMEM_A_EXPORT_INSECURE, 0, NULL);
	mnl_attr_put_u32(nlh, KFIPMEM_A_EXPORT_ATTACHED, 2);
}

static void put_attachment(struct nlmsghdr *nlh, int i)
{
	mnl_attr_put_strz(nlh, KFIPMEM_A_ATTACHMENT_NAME, i ? HOSTILE : "far");
	mnl_attr_put_strz(nlh, KFIPMEM_A_ATTACHMENT_HOST,
			  i ? "2001:db8::1" : "192.0.2.1");
	mnl_attr_put_u16(nlh, KFIPMEM_A_ATTACHMENT_PORT, 7473);
	mnl_attr_put_strz(nlh, KFIPMEM_A_ATTACHMENT_REGION, "data");
	mnl_attr_put_u32(nlh, KFIPMEM_A_ATTACHMENT_SIZE, 1 << 30);
	mnl_attr_put_u32(nlh, KFIPMEM_A_ATTACHMENT_METHOD, 1);
	mnl_attr_put_strz(nlh, KFIPMEM_A_ATTACHMENT_NODE, "far");
}

/*
 * 100 samples: 50 in [1 us, 2 us), 49 in [4 us, 8 us), 1 in [1 ms, 2 ms). The
 * median is then in the first bucket and the 99th percentile in the second.
 */
static void put_op(struct nlmsghdr *nlh)
{
	uint64_t latency[KFIPMEM_LATENCY_BUCKETS] = {
		[10] = 50, [12] = 49, [20] = 1,
	};
	struct nlattr *nest = mnl_attr_nest_start(nlh, KFIPMEM_A_STATS_OP);

	mnl_attr_put_u32(nlh, KFIPMEM_A_OP_STATS_OP, KFIPMEM_OP_WRITE_COMMIT);
	mnl_attr_put_u32(nlh, KFIPMEM_A_OP_STATS_OPS, 100);
	mnl_attr_put_u32(nlh, KFIPMEM_A_OP_STATS_POSTS, 100);
	mnl_attr_put_u32(nlh, KFIPMEM_A_OP_STATS_REQUESTS, 150);
	mnl_attr_put_u32(nlh, KFIPMEM_A_OP_STATS_REPLIES, 100);
	mnl_attr_put_u64(nlh, KFIPMEM_A_OP_STATS_BYTES_OUT, 30000);
	mnl_attr_put_u64(nlh, KFIPMEM_A_OP_STATS_BYTES_IN, 5000);
	mnl_attr_put(nlh, KFIPMEM_A_OP_STATS_LATENCY, sizeof(latency),
		     latency);
	mnl_attr_nest_end(nlh, nest);
}

/* An operation that never completed, and a histogram of the wrong length. */
static void put_bad_op(struct nlmsghdr *nlh)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, KFIPMEM_A_STATS_OP);

	mnl_attr_put_u32(nlh, KFIPMEM_A_OP_STATS_OP, 77);
	mnl_attr_put_u32(nlh, KFIPMEM_A_OP_STATS_ERRORS, 5);
	mnl_attr_put_u32(nlh, KFIPMEM_A_OP_STATS_LATENCY, 5);
	mnl_attr_nest_end(nlh, nest);
}

static void put_stats(struct nlmsghdr *nlh, int i)
{
	struct nlattr *nest;

	mnl_attr_put_strz(nlh, KFIPMEM_A_STATS_NAME, i ? "far" : "target");
	mnl_attr_put_u32(nlh, KFIPMEM_A_STATS_ENDPOINT, (uint32_t)i);
	put_op(nlh);
	put_bad_op(nlh);
	nest = mnl_attr_nest_start(nlh, KFIPMEM_A_STATS_COMMITS);
	mnl_attr_put_u32(nlh, KFIPMEM_A_COMMIT_STATS_METHOD,
			 KFIPMEM_METHOD_INLINE);
	mnl_attr_put_u32(nlh, KFIPMEM_A_COMMIT_STATS_COUNT, 100);
	mnl_attr_nest_end(nlh, nest);
	mnl_attr_put_u32(nlh, KFIPMEM_A_STATS_PEER_MEMORY, 65536);
}

static void put_member(struct nlmsghdr *nlh, uint32_t index, uint32_t state)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, KFIPMEM_A_SET_MEMBER);

	mnl_attr_put_u32(nlh, KFIPMEM_A_MEMBER_INDEX, index);
	if (!index)
		mnl_attr_put_strz(nlh, KFIPMEM_A_MEMBER_POOL, "tank");
	else
		mnl_attr_put_strz(nlh, KFIPMEM_A_MEMBER_HOST,
				  index == 1 ? "192.0.2.2" : "2001:db8::3");
	mnl_attr_put_strz(nlh, KFIPMEM_A_MEMBER_REGION,
			  index == 2 ? "vote" : "data");
	mnl_attr_put_u32(nlh, KFIPMEM_A_MEMBER_STATE, state);
	if (index == 1) {
		mnl_attr_put_u32(nlh, KFIPMEM_A_MEMBER_BEHIND, 55 << 20);
		mnl_attr_put_u32(nlh, KFIPMEM_A_MEMBER_RESYNCED, 45 << 20);
		mnl_attr_put_u32(nlh, KFIPMEM_A_MEMBER_RESYNC_TOTAL,
				 100 << 20);
	}
	if (index == 2) {
		mnl_attr_put(nlh, KFIPMEM_A_MEMBER_WITNESS, 0, NULL);
		mnl_attr_put_u32(nlh, KFIPMEM_A_MEMBER_ERROR, ETIMEDOUT);
	}
	mnl_attr_nest_end(nlh, nest);
}

static void put_removed(struct nlmsghdr *nlh, uint32_t index)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, KFIPMEM_A_SET_MEMBER);

	mnl_attr_put_u32(nlh, KFIPMEM_A_MEMBER_INDEX, index);
	mnl_attr_put(nlh, KFIPMEM_A_MEMBER_REMOVED, 0, NULL);
	mnl_attr_nest_end(nlh, nest);
}

/* More members than a set can have, each of them hostile. */
static void put_bad_members(struct nlmsghdr *nlh)
{
	struct nlattr *nest;
	int i;

	for (i = 0; i < 12; i++) {
		nest = mnl_attr_nest_start(nlh, KFIPMEM_A_SET_MEMBER);
		mnl_attr_put_u64(nlh, KFIPMEM_A_MEMBER_INDEX, UINT64_MAX);
		mnl_attr_put_strz(nlh, KFIPMEM_A_MEMBER_HOST, HOSTILE);
		mnl_attr_put_u32(nlh, KFIPMEM_A_MEMBER_STATE, 2);
		mnl_attr_put_u32(nlh, KFIPMEM_A_MEMBER_RESYNCED, 7);
		mnl_attr_put_u32(nlh, KFIPMEM_A_MEMBER_RESYNC_TOTAL, 3);
		mnl_attr_nest_end(nlh, nest);
	}
}

static void put_scrub(struct nlmsghdr *nlh)
{
	bool running = mode_is("scrubbing") && lists < 3;

	if (running)
		mnl_attr_put(nlh, KFIPMEM_A_SET_SCRUBBING, 0, NULL);
	mnl_attr_put_u32(nlh, KFIPMEM_A_SET_SCRUBBED,
			 running || mode_is("broken") ? 256U << 20 : 1U << 30);
	if (mode_is("differ"))
		mnl_attr_put_u32(nlh, KFIPMEM_A_SET_MISMATCHES, 3);
}

static void put_set(struct nlmsghdr *nlh, int i)
{
	bool late = mode_is("changing") && lists > 2;

	mnl_attr_put_strz(nlh, KFIPMEM_A_SET_NAME, i ? HOSTILE : "data");
	put_uuid(nlh, KFIPMEM_A_SET_UUID);
	mnl_attr_put_u32(nlh, KFIPMEM_A_SET_STATE,
			 i ? 77 : mode_is("fenced") ? KFIPMEM_SET_FENCED :
			 KFIPMEM_SET_ACTIVE);
	if (i) {
		put_bad_members(nlh);
		return;
	}
	mnl_attr_put_u32(nlh, KFIPMEM_A_SET_SIZE, 1 << 30);
	mnl_attr_put_u32(nlh, KFIPMEM_A_SET_EPOCH, 5);
	mnl_attr_put_u64(nlh, KFIPMEM_A_SET_GENERATION, 12);
	mnl_attr_put_u32(nlh, KFIPMEM_A_SET_QUORUM, 2);
	mnl_attr_put_u32(nlh, KFIPMEM_A_SET_EXTENT_SIZE, 1 << 20);
	mnl_attr_put_u32(nlh, KFIPMEM_A_SET_DIRTY_EXTENTS, 3);
	mnl_attr_put_u32(nlh, KFIPMEM_A_SET_HELD, 4);
	mnl_attr_put_u32(nlh, KFIPMEM_A_SET_READS, 1000 + lists);
	mnl_attr_put_u32(nlh, KFIPMEM_A_SET_USERS, 1);
	put_scrub(nlh);
	put_member(nlh, 0, KFIPMEM_MEMBER_IN_SYNC);
	if (mode_is("removed"))
		put_removed(nlh, 1);
	else
		put_member(nlh, 1, late ? KFIPMEM_MEMBER_DOWN :
					  KFIPMEM_MEMBER_SYNCING);
	put_member(nlh, 2, KFIPMEM_MEMBER_DOWN);
}

static void put_blk(struct nlmsghdr *nlh, int i)
{
	mnl_attr_put_u32(nlh, KFIPMEM_A_BLK_NUMBER, i ? UINT32_MAX : 3);
	mnl_attr_put_strz(nlh, KFIPMEM_A_BLK_SET, i ? HOSTILE : "data");
	mnl_attr_put_u32(nlh, KFIPMEM_A_BLK_BLOCK_SIZE, 4096);
	mnl_attr_put_u32(nlh, KFIPMEM_A_BLK_SIZE, 1 << 30);
	if (i)
		mnl_attr_put(nlh, KFIPMEM_A_BLK_READ_ONLY, 0, NULL);
	mnl_attr_put_u32(nlh, KFIPMEM_A_BLK_OPENERS, 1);
}

/* The command that adds to a list, and the one that removes. */
static bool made(uint8_t get)
{
	static const uint8_t adds[][3] = {
		{ KFIPMEM_CMD_POOL_GET, KFIPMEM_CMD_POOL_OPEN,
		  KFIPMEM_CMD_POOL_CLOSE },
		{ KFIPMEM_CMD_EXPORT_GET, KFIPMEM_CMD_EXPORT_ADD,
		  KFIPMEM_CMD_EXPORT_REMOVE },
		{ KFIPMEM_CMD_ATTACHMENT_GET, KFIPMEM_CMD_ATTACH,
		  KFIPMEM_CMD_DETACH },
		{ KFIPMEM_CMD_SET_GET, KFIPMEM_CMD_SET_START,
		  KFIPMEM_CMD_SET_STOP },
		{ KFIPMEM_CMD_BLK_GET, KFIPMEM_CMD_BLK_ADD,
		  KFIPMEM_CMD_BLK_DEL },
		{ KFIPMEM_CMD_STATUS_GET, KFIPMEM_CMD_LISTEN,
		  KFIPMEM_CMD_UNLISTEN },
	};
	const char *path = getenv("KFIPMEM_FAKE_LOG");
	FILE *log = path ? fopen(path, "r") : NULL;
	bool there = false;
	unsigned int cmd;
	char line[8192];
	size_t i;

	while (log && fgets(line, sizeof(line), log)) {
		if (sscanf(line, "%u", &cmd) != 1)
			continue;
		for (i = 0; i < sizeof(adds) / sizeof(adds[0]); i++) {
			if (adds[i][0] != get)
				continue;
			if (cmd == adds[i][1])
				there = true;
			if (cmd == adds[i][2])
				there = false;
		}
	}
	if (log)
		fclose(log);
	return there;
}

static void dump(const struct nlmsghdr *req, uint8_t cmd)
{
	static void (*const fill[])(struct nlmsghdr *nlh, int i) = {
		[KFIPMEM_CMD_POOL_GET] = put_pool,
		[KFIPMEM_CMD_REGION_GET] = put_region,
		[KFIPMEM_CMD_EXPORT_GET] = put_export,
		[KFIPMEM_CMD_ATTACHMENT_GET] = put_attachment,
		[KFIPMEM_CMD_STATS_GET] = put_stats,
		[KFIPMEM_CMD_SET_GET] = put_set,
		[KFIPMEM_CMD_BLK_GET] = put_blk,
	};
	struct nlmsghdr *nlh;
	bool empty;
	int i;

	lists++;
	empty = mode_is("empty") || (mode_is("changing") && lists >= 5) ||
		(mode_is("boot") && !made(cmd));
	for (i = 0; i < (mode_is("boot") ? 1 : 2) && !empty && fill[cmd]; i++) {
		nlh = put_genl(req, FAMILY_ID, cmd, NLM_F_MULTI);
		fill[cmd](nlh, i);
		end(nlh);
	}
	nlh = put(req, NLMSG_DONE, NLM_F_MULTI);
	*(int *)mnl_nlmsg_put_extra_header(nlh, sizeof(int)) = 0;
	end(nlh);
}

static void do_command(const struct nlmsghdr *req, uint8_t cmd)
{
	struct nlmsghdr *nlh;

	if (cmd == KFIPMEM_CMD_STATUS_GET) {
		nlh = put_genl(req, FAMILY_ID, cmd, 0);
		mnl_attr_put_u32(nlh, KFIPMEM_A_TARGET_POOLS, 1);
		if (mode_is("boot") ? made(cmd) : !mode_is("empty")) {
			mnl_attr_put(nlh, KFIPMEM_A_TARGET_LISTENING, 0, NULL);
			mnl_attr_put_strz(nlh, KFIPMEM_A_TARGET_ADDR,
					  "0.0.0.0");
			mnl_attr_put_u16(nlh, KFIPMEM_A_TARGET_PORT, 7473);
		}
		end(nlh);
		put_ack(req, 0, NULL);
	} else if (mode_is("refuse")) {
		put_ack(req, EBUSY, "the object is busy; close it first");
	} else if (mode_is("refuse-bare")) {
		put_ack(req, EBUSY, NULL);
	} else {
		if (cmd == KFIPMEM_CMD_BLK_ADD) {
			nlh = put_genl(req, FAMILY_ID, cmd, 0);
			mnl_attr_put_u32(nlh, KFIPMEM_A_BLK_NUMBER, 3);
			end(nlh);
		}
		put_ack(req, 0, NULL);
	}
}

static void log_attr(FILE *log, const struct nlattr *attr);

static void log_nest(FILE *log, const struct nlattr *nest)
{
	const struct nlattr *attr;

	fprintf(log, " %u={", mnl_attr_get_type(nest));
	mnl_attr_for_each_nested(attr, nest)
		log_attr(log, attr);
	fprintf(log, " }");
}

static void log_attr(FILE *log, const struct nlattr *attr)
{
	const uint8_t *data = mnl_attr_get_payload(attr);
	uint16_t len = mnl_attr_get_payload_len(attr), i;
	bool text = len > 1 && !data[len - 1];

	if (attr->nla_type & NLA_F_NESTED) {
		log_nest(log, attr);
		return;
	}
	for (i = 0; i + 1 < len && text; i++)
		text = data[i] >= 0x20 && data[i] < 0x7f;
	fprintf(log, " %u=", mnl_attr_get_type(attr));
	if (text) {
		fprintf(log, "%s", (const char *)data);
	} else if (len == 8) {
		fprintf(log, "%" PRIu64, mnl_attr_get_u64(attr));
	} else if (len == 4) {
		fprintf(log, "%" PRIu32, mnl_attr_get_u32(attr));
	} else if (len == 2) {
		fprintf(log, "%u", mnl_attr_get_u16(attr));
	} else {
		for (i = 0; i < len; i++)
			fprintf(log, "%02x", data[i]);
	}
}

static void log_request(const struct nlmsghdr *req, uint8_t cmd)
{
	const char *path = getenv("KFIPMEM_FAKE_LOG");
	const struct nlattr *attr;
	FILE *log;

	if (!path)
		return;
	log = fopen(path, "a");
	if (!log)
		return;
	fprintf(log, "%u", cmd);
	mnl_attr_for_each(attr, req, sizeof(struct genlmsghdr))
		log_attr(log, attr);
	fputc('\n', log);
	fclose(log);
}

ssize_t mnl_socket_sendto(const struct mnl_socket *nl, const void *req,
			  size_t siz)
{
	const struct nlmsghdr *msg = req;
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(msg);
	struct nlmsghdr *nlh;

	(void)nl;
	the_socket.len = 0;
	if (msg->nlmsg_type == GENL_ID_CTRL) {
		if (mode_is("nofamily")) {
			put_ack(msg, ENOENT, NULL);
			return (ssize_t)siz;
		}
		nlh = put_genl(msg, GENL_ID_CTRL, CTRL_CMD_NEWFAMILY, 0);
		mnl_attr_put_u16(nlh, CTRL_ATTR_FAMILY_ID, FAMILY_ID);
		end(nlh);
		put_ack(msg, 0, NULL);
		return (ssize_t)siz;
	}
	log_request(msg, genl->cmd);
	if ((msg->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP)
		dump(msg, genl->cmd);
	else
		do_command(msg, genl->cmd);
	return (ssize_t)siz;
}

ssize_t mnl_socket_recvfrom(const struct mnl_socket *nl, void *buf,
			    size_t bufsiz)
{
	size_t len = the_socket.len;

	(void)nl;
	if (!len || len > bufsiz) {
		errno = EAGAIN;
		return -1;
	}
	memcpy(buf, the_socket.buf, len);
	the_socket.len = 0;
	return (ssize_t)len;
}
