/* SPDX-License-Identifier: BSD-3-Clause */
/* A part of nl_hostile.c: replica sets, and block devices on them. */
#ifndef NL_HOSTILE_SET_H
#define NL_HOSTILE_SET_H

static const uint8_t any_key[64] = { 1 };

static struct nlmsghdr *set_command(uint8_t cmd)
{
	struct nlmsghdr *nlh = command(cmd);

	mnl_attr_put_strz(nlh, KFIPMEM_A_SET_NAME, "nowhere");
	return nlh;
}

static struct nlattr *member(struct nlmsghdr *nlh)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, KFIPMEM_A_SET_MEMBER);

	mnl_attr_put_strz(nlh, KFIPMEM_A_MEMBER_REGION, "region");
	return nest;
}

static struct nlattr *local_member(struct nlmsghdr *nlh)
{
	struct nlattr *nest = member(nlh);

	mnl_attr_put_strz(nlh, KFIPMEM_A_MEMBER_POOL, "nowhere");
	return nest;
}

static struct nlattr *remote_member(struct nlmsghdr *nlh)
{
	struct nlattr *nest = member(nlh);

	mnl_attr_put_strz(nlh, KFIPMEM_A_MEMBER_HOST, "127.0.0.1");
	mnl_attr_put_strz(nlh, KFIPMEM_A_MEMBER_PEER, "peer");
	return nest;
}

static struct nlattr *removed_member(struct nlmsghdr *nlh)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, KFIPMEM_A_SET_MEMBER);

	mnl_attr_put(nlh, KFIPMEM_A_MEMBER_REMOVED, 0, NULL);
	return nest;
}

/* One of what a request may say of a member, in a valid form. */
static void put_member_attr(struct nlmsghdr *nlh, uint16_t type)
{
	switch (type) {
	case KFIPMEM_A_MEMBER_PORT:
		mnl_attr_put_u16(nlh, type, 1);
		break;
	case KFIPMEM_A_MEMBER_KEY:
		mnl_attr_put(nlh, type, KFIPMEM_KEY_SIZE, any_key);
		break;
	case KFIPMEM_A_MEMBER_INSECURE:
	case KFIPMEM_A_MEMBER_WITNESS:
		mnl_attr_put(nlh, type, 0, NULL);
		break;
	default:
		mnl_attr_put_strz(nlh, type, "nowhere");
	}
}

static void refuse_member(struct nlmsghdr *nlh, struct nlattr *nest,
			  const char *what)
{
	mnl_attr_nest_end(nlh, nest);
	refuse(nlh, what);
}

/* Of the two commands that take members. */
static void test_member_values(uint8_t cmd)
{
	static const unsigned int bad[] = { 0, 1, 31, 33, 64 };
	static const char *const names[] = { "", "..", "a/b", "-x", "\xff" };
	struct nlmsghdr *nlh;
	struct nlattr *nest;
	char what[64];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		nlh = set_command(cmd);
		nest = remote_member(nlh);
		mnl_attr_put(nlh, KFIPMEM_A_MEMBER_KEY, bad[i], any_key);
		snprintf(what, sizeof(what), "%u: a member's key of %u bytes",
			 cmd, bad[i]);
		refuse_member(nlh, nest, what);
	}
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		nlh = set_command(cmd);
		nest = mnl_attr_nest_start(nlh, KFIPMEM_A_SET_MEMBER);
		mnl_attr_put_strz(nlh, KFIPMEM_A_MEMBER_POOL, "nowhere");
		mnl_attr_put_strz(nlh, KFIPMEM_A_MEMBER_REGION, names[i]);
		snprintf(what, sizeof(what), "%u: a member's bad region %zu",
			 cmd, i);
		refuse_member(nlh, nest, what);
	}
	nlh = set_command(cmd);
	nest = remote_member(nlh);
	refuse_member(nlh, nest, "a member without a key");
	nlh = set_command(cmd);
	nest = remote_member(nlh);
	mnl_attr_put(nlh, KFIPMEM_A_MEMBER_KEY, KFIPMEM_KEY_SIZE, any_key);
	mnl_attr_put(nlh, KFIPMEM_A_MEMBER_INSECURE, 0, NULL);
	refuse_member(nlh, nest, "a member with a key and insecure");
	nlh = set_command(cmd);
	nest = remote_member(nlh);
	mnl_attr_put(nlh, KFIPMEM_A_MEMBER_INSECURE, 0, NULL);
	mnl_attr_put_u16(nlh, KFIPMEM_A_MEMBER_PORT, 0);
	refuse_member(nlh, nest, "a member at port 0");
	nlh = set_command(cmd);
	nest = local_member(nlh);
	mnl_attr_put_strz(nlh, KFIPMEM_A_MEMBER_HOST, "127.0.0.1");
	refuse_member(nlh, nest, "a member in a pool and on a host");
	nlh = set_command(cmd);
	nest = local_member(nlh);
	mnl_attr_put(nlh, KFIPMEM_A_MEMBER_KEY, KFIPMEM_KEY_SIZE, any_key);
	refuse_member(nlh, nest, "a local member with a key");
	nlh = set_command(cmd);
	nest = member(nlh);
	refuse_member(nlh, nest, "a member that is nowhere");
	nlh = set_command(cmd);
	nest = member(nlh);
	mnl_attr_put_strz(nlh, KFIPMEM_A_MEMBER_HOST, "");
	mnl_attr_put_strz(nlh, KFIPMEM_A_MEMBER_PEER, "peer");
	mnl_attr_put(nlh, KFIPMEM_A_MEMBER_INSECURE, 0, NULL);
	refuse_member(nlh, nest, "a member with an empty address");
	nlh = set_command(cmd);
	nest = member(nlh);
	mnl_attr_put_strz(nlh, KFIPMEM_A_MEMBER_HOST,
			  "0123456789012345678901234567890123456789012345678901234567890123");
	mnl_attr_put_strz(nlh, KFIPMEM_A_MEMBER_PEER, "peer");
	mnl_attr_put(nlh, KFIPMEM_A_MEMBER_INSECURE, 0, NULL);
	refuse_member(nlh, nest, "a member with an address of 64 characters");
	nlh = set_command(cmd);
	nest = member(nlh);
	mnl_attr_put_strz(nlh, KFIPMEM_A_MEMBER_HOST, "127.0.0.1");
	mnl_attr_put(nlh, KFIPMEM_A_MEMBER_INSECURE, 0, NULL);
	refuse_member(nlh, nest, "a member to which we have no name");
}

static void test_member_shapes(uint8_t cmd)
{
	struct nlattr *nest, *inner;
	struct nlmsghdr *nlh;
	uint16_t type;
	char what[64];

	nlh = set_command(cmd);
	refuse_member(nlh, mnl_attr_nest_start(nlh, KFIPMEM_A_SET_MEMBER),
		      "an empty member");
	nlh = set_command(cmd);
	mnl_attr_put_strz(nlh, KFIPMEM_A_SET_MEMBER, "local:pool/region");
	refuse(nlh, "a member that is a string");
	nlh = set_command(cmd);
	nest = local_member(nlh);
	nest->nla_type &= (uint16_t)~NLA_F_NESTED;
	refuse_member(nlh, nest, "a member that is not marked nested");
	for (type = KFIPMEM_A_MEMBER_INDEX; type <= KFIPMEM_A_MEMBER_MAX + 2;
	     type++) {
		nlh = set_command(cmd);
		nest = local_member(nlh);
		mnl_attr_put_u32(nlh, type, 1);
		snprintf(what, sizeof(what), "%u: a member's foreign attribute %u",
			 cmd, type);
		refuse_member(nlh, nest, what);
	}
	nlh = set_command(cmd);
	nest = local_member(nlh);
	inner = mnl_attr_nest_start(nlh, KFIPMEM_A_SET_MEMBER);
	mnl_attr_nest_end(nlh, inner);
	refuse_member(nlh, nest, "a member in a member");
	nlh = set_command(cmd);
	nest = member(nlh);
	inner = mnl_nlmsg_get_payload_tail(nlh);
	mnl_attr_put_strz(nlh, KFIPMEM_A_MEMBER_POOL, "nowhere");
	inner->nla_len = 0xfff0;
	refuse_member(nlh, nest, "an attribute longer than its member");
	nlh = set_command(cmd);
	nest = member(nlh);
	inner = mnl_nlmsg_get_payload_tail(nlh);
	mnl_attr_put(nlh, KFIPMEM_A_MEMBER_KEY, KFIPMEM_KEY_SIZE, any_key);
	inner->nla_len = 2;
	refuse_member(nlh, nest, "a key shorter than its header");
}

/* It is nowhere, not of a new set, and not to be added. */
static void test_removed_member(void)
{
	struct nlmsghdr *nlh;
	struct nlattr *nest;
	uint16_t type;
	char what[64];

	for (type = KFIPMEM_A_MEMBER_POOL; type <= KFIPMEM_A_MEMBER_WITNESS;
	     type++) {
		nlh = set_command(KFIPMEM_CMD_SET_START);
		mnl_attr_nest_end(nlh, local_member(nlh));
		nest = removed_member(nlh);
		put_member_attr(nlh, type);
		mnl_attr_nest_end(nlh, nest);
		snprintf(what, sizeof(what),
			 "a removed member with attribute %u", type);
		refuse_as(nlh, "was removed is nowhere", what);
	}
	nlh = set_command(KFIPMEM_CMD_SET_START);
	nest = mnl_attr_nest_start(nlh, KFIPMEM_A_SET_MEMBER);
	mnl_attr_put_u32(nlh, KFIPMEM_A_MEMBER_REMOVED, 0);
	refuse_member(nlh, nest, "a removed member with a value");
	nlh = set_command(KFIPMEM_CMD_SET_START);
	mnl_attr_nest_end(nlh, removed_member(nlh));
	refuse_as(nlh, "a member that holds data", "a set of removed members");
	nlh = set_command(KFIPMEM_CMD_SET_START);
	mnl_attr_put(nlh, KFIPMEM_A_SET_RAW, 0, NULL);
	mnl_attr_nest_end(nlh, removed_member(nlh));
	refuse_as(nlh, "a member that holds data",
		  "a raw set of a removed member");
	nlh = set_command(KFIPMEM_CMD_SET_START);
	mnl_attr_put(nlh, KFIPMEM_A_SET_CREATE, 0, NULL);
	mnl_attr_nest_end(nlh, local_member(nlh));
	mnl_attr_nest_end(nlh, removed_member(nlh));
	mnl_attr_nest_end(nlh, local_member(nlh));
	refuse_as(nlh, "a new set has no member that was removed",
		  "a new set with a removed member");
	nlh = set_command(KFIPMEM_CMD_SET_ADD);
	mnl_attr_nest_end(nlh, removed_member(nlh));
	refuse_as(nlh, "cannot be added", "adding a removed member");
}

static void test_many_members(uint8_t cmd, unsigned int nr, const char *what)
{
	struct nlmsghdr *nlh = set_command(cmd);
	unsigned int i;

	for (i = 0; i < nr; i++)
		mnl_attr_nest_end(nlh, local_member(nlh));
	refuse(nlh, what);
}

static void test_set_start(void)
{
	static const uint64_t sizes[] = {
		0, 1, 2, 3, 4096, 65537, 1ULL << 31, 1ULL << 63, UINT64_MAX,
	};
	static const uint16_t flags[] = {
		KFIPMEM_A_SET_ASSUME_CLEAN, KFIPMEM_A_SET_REPAIR,
	};
	struct nlmsghdr *nlh;
	char what[64];
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		nlh = set_command(KFIPMEM_CMD_SET_START);
		mnl_attr_put(nlh, KFIPMEM_A_SET_CREATE, 0, NULL);
		mnl_attr_put_u64(nlh, KFIPMEM_A_SET_EXTENT_SIZE, sizes[i]);
		mnl_attr_nest_end(nlh, local_member(nlh));
		snprintf(what, sizeof(what), "an extent of %#llx bytes",
			 (unsigned long long)sizes[i]);
		refuse(nlh, what);
	}
	nlh = set_command(KFIPMEM_CMD_SET_START);
	mnl_attr_put_u32(nlh, KFIPMEM_A_SET_EXTENT_SIZE, 1 << 20);
	mnl_attr_nest_end(nlh, local_member(nlh));
	refuse(nlh, "an extent size without create");
	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		nlh = set_command(KFIPMEM_CMD_SET_START);
		mnl_attr_put(nlh, flags[i], 0, NULL);
		mnl_attr_nest_end(nlh, local_member(nlh));
		snprintf(what, sizeof(what), "a start with flag %u", flags[i]);
		refuse(nlh, what);
	}
	nlh = set_command(KFIPMEM_CMD_SET_START);
	mnl_attr_put(nlh, KFIPMEM_A_SET_RAW, 0, NULL);
	mnl_attr_put(nlh, KFIPMEM_A_SET_CREATE, 0, NULL);
	mnl_attr_nest_end(nlh, local_member(nlh));
	refuse(nlh, "a raw set that is created");
	nlh = set_command(KFIPMEM_CMD_SET_START);
	mnl_attr_put_u32(nlh, KFIPMEM_A_SET_CREATE, 1);
	mnl_attr_nest_end(nlh, local_member(nlh));
	refuse(nlh, "create with a value");
	nlh = command(KFIPMEM_CMD_SET_START);
	mnl_attr_nest_end(nlh, local_member(nlh));
	refuse(nlh, "a set without a name");
	nlh = command(KFIPMEM_CMD_SET_START);
	mnl_attr_put_strz(nlh, KFIPMEM_A_SET_NAME, "../set");
	mnl_attr_nest_end(nlh, local_member(nlh));
	refuse(nlh, "a set with a bad name");
	test_many_members(KFIPMEM_CMD_SET_START, 0, "a set without members");
	test_many_members(KFIPMEM_CMD_SET_START, 9, "a set of 9 members");
	test_many_members(KFIPMEM_CMD_SET_START, 500, "a set of 500 members");
}

/* The commands that name a set and little else. */
static void test_set_names(void)
{
	static const uint8_t cmds[] = {
		KFIPMEM_CMD_SET_STOP, KFIPMEM_CMD_SET_SCRUB,
	};
	struct nlmsghdr *nlh;
	char what[64];
	size_t i;

	for (i = 0; i < sizeof(cmds); i++) {
		nlh = set_command(cmds[i]);
		snprintf(what, sizeof(what), "%u of no set", cmds[i]);
		refuse(nlh, what);
		nlh = command(cmds[i]);
		mnl_attr_put_strz(nlh, KFIPMEM_A_SET_NAME, "");
		snprintf(what, sizeof(what), "%u of an empty name", cmds[i]);
		refuse(nlh, what);
		nlh = command(cmds[i]);
		mnl_attr_put(nlh, KFIPMEM_A_SET_NAME, 4, "abcd");
		snprintf(what, sizeof(what), "%u of a name without NUL",
			 cmds[i]);
		refuse(nlh, what);
		nlh = set_command(cmds[i]);
		mnl_attr_nest_end(nlh, local_member(nlh));
		snprintf(what, sizeof(what), "%u with a member", cmds[i]);
		refuse(nlh, what);
	}
	nlh = set_command(KFIPMEM_CMD_SET_SCRUB);
	mnl_attr_put_u32(nlh, KFIPMEM_A_SET_REPAIR, 1);
	refuse(nlh, "repair with a value");
	nlh = set_command(KFIPMEM_CMD_SET_REMOVE);
	refuse(nlh, "removing no member");
	nlh = set_command(KFIPMEM_CMD_SET_REMOVE);
	mnl_attr_put_u32(nlh, KFIPMEM_A_SET_INDEX, 8);
	refuse(nlh, "removing member 8");
	nlh = set_command(KFIPMEM_CMD_SET_REMOVE);
	mnl_attr_put_u32(nlh, KFIPMEM_A_SET_INDEX, UINT32_MAX);
	refuse(nlh, "removing member 4294967295");
	nlh = set_command(KFIPMEM_CMD_SET_REMOVE);
	mnl_attr_put_u8(nlh, KFIPMEM_A_SET_INDEX, 0);
	refuse(nlh, "an index of one byte");
	nlh = set_command(KFIPMEM_CMD_SET_REMOVE);
	mnl_attr_put_u32(nlh, KFIPMEM_A_SET_INDEX, 0);
	refuse(nlh, "removing a member of no set");
	test_many_members(KFIPMEM_CMD_SET_ADD, 0, "adding no member");
	test_many_members(KFIPMEM_CMD_SET_ADD, 1, "adding a member to no set");
	test_many_members(KFIPMEM_CMD_SET_ADD, 2, "adding two members");
}

static void test_list(uint8_t cmd)
{
	struct nlmsghdr *nlh;

	refuse(command(cmd), "a list asked for as a command");
	nlh = begin(family, cmd, NLM_F_DUMP);
	((struct genlmsghdr *)mnl_nlmsg_get_payload(nlh))->reserved = 1;
	refuse(nlh, "a list with a reserved field that is set");
	nlh = begin(family, cmd, NLM_F_DUMP | 0x800);
	refuse(nlh, "a list with a reserved flag");
	nlh = begin(family, cmd, NLM_F_ROOT);
	refuse(nlh, "half a list");
}

static void test_sets(void)
{
	test_member_values(KFIPMEM_CMD_SET_START);
	test_member_values(KFIPMEM_CMD_SET_ADD);
	test_member_shapes(KFIPMEM_CMD_SET_START);
	test_member_shapes(KFIPMEM_CMD_SET_ADD);
	test_removed_member();
	test_set_start();
	test_set_names();
	test_list(KFIPMEM_CMD_SET_GET);
}

static void test_blk_number(uint8_t cmd)
{
	struct nlmsghdr *nlh;

	nlh = command(cmd);
	mnl_attr_put_u32(nlh, KFIPMEM_A_BLK_NUMBER, 9999);
	refuse(nlh, "a block device that does not exist");
	nlh = command(cmd);
	mnl_attr_put_u32(nlh, KFIPMEM_A_BLK_NUMBER, UINT32_MAX);
	refuse(nlh, "block device -1");
	nlh = command(cmd);
	mnl_attr_put_u64(nlh, KFIPMEM_A_BLK_NUMBER, 0);
	refuse(nlh, "a number of eight bytes");
	nlh = command(cmd);
	mnl_attr_put_u32(nlh, KFIPMEM_A_BLK_NUMBER, 9999);
	mnl_attr_put_strz(nlh, KFIPMEM_A_BLK_SET, "nowhere");
	refuse(nlh, "a block device by number and set");
}

static void test_blks(void)
{
	struct nlmsghdr *nlh;

	nlh = command(KFIPMEM_CMD_BLK_ADD);
	mnl_attr_put_strz(nlh, KFIPMEM_A_BLK_SET, "nowhere");
	refuse(nlh, "a block device on no set");
	nlh = command(KFIPMEM_CMD_BLK_ADD);
	mnl_attr_put_strz(nlh, KFIPMEM_A_BLK_SET, "../set");
	refuse(nlh, "a block device on a bad name");
	nlh = command(KFIPMEM_CMD_BLK_ADD);
	mnl_attr_put_strz(nlh, KFIPMEM_A_BLK_SET, "nowhere");
	mnl_attr_put_u32(nlh, KFIPMEM_A_BLK_NUMBER, UINT32_MAX);
	refuse(nlh, "a new block device -1");
	nlh = command(KFIPMEM_CMD_BLK_ADD);
	mnl_attr_put_strz(nlh, KFIPMEM_A_BLK_SET, "nowhere");
	mnl_attr_put_u32(nlh, KFIPMEM_A_BLK_NUMBER, 10000);
	refuse(nlh, "a new block device 10000");
	nlh = command(KFIPMEM_CMD_BLK_ADD);
	mnl_attr_put_strz(nlh, KFIPMEM_A_BLK_SET, "nowhere");
	mnl_attr_put_u32(nlh, KFIPMEM_A_BLK_BLOCK_SIZE, 1024);
	refuse(nlh, "blocks of 1024 bytes");
	nlh = command(KFIPMEM_CMD_BLK_ADD);
	mnl_attr_put_strz(nlh, KFIPMEM_A_BLK_SET, "nowhere");
	mnl_attr_put(nlh, KFIPMEM_A_BLK_FORCE, 0, NULL);
	refuse(nlh, "a block device that is added by force");
	test_blk_number(KFIPMEM_CMD_BLK_DEL);
	test_blk_number(KFIPMEM_CMD_BLK_RESIZE);
	nlh = command(KFIPMEM_CMD_BLK_RESIZE);
	mnl_attr_put_u32(nlh, KFIPMEM_A_BLK_NUMBER, 9999);
	mnl_attr_put(nlh, KFIPMEM_A_BLK_FORCE, 0, NULL);
	refuse(nlh, "a block device that is resized by force");
	test_list(KFIPMEM_CMD_BLK_GET);
}

#endif /* NL_HOSTILE_SET_H */
