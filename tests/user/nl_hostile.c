// SPDX-License-Identifier: BSD-3-Clause
/*
 * Hostile requests to a running kfi_user: malformed netlink messages, and
 * ioctls on a node. Each has to be refused, with one of the errors that it may
 * be refused with; what the kernel said is printed. Nothing is changed by a
 * run that passes.
 *
 * usage: nl_hostile [/dev/kfi/NAME]
 *
 * Needs root. Ends with "N passed, N failed".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include "kfi_user.h"

#define BUFFER		(64 * 1024)
#define RANDOM_ROUNDS	2000

static struct mnl_socket *sock;
static uint16_t family;
static unsigned int seq;
static unsigned int passed, failed;
static char request[BUFFER], reply[BUFFER];
static char said[256];

static void result(bool ok, const char *what, int err)
{
	if (ok)
		passed++;
	else
		failed++;
	printf("%s %s: %s%s%s\n", ok ? "refused" : "FAIL   ", what,
	       err > 0 ? strerror(err) : "accepted", *said ? ": " : "", said);
}

static struct nlmsghdr *begin(uint16_t type, uint8_t cmd, uint16_t flags)
{
	struct genlmsghdr *genl;
	struct nlmsghdr *nlh;

	memset(request, 0, sizeof(request));
	nlh = mnl_nlmsg_put_header(request);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++seq;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = KFIPMEM_FAMILY_VERSION;
	return nlh;
}

static void note_text(const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);
	size_t skip = sizeof(*err);
	const struct nlattr *attr;

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		skip += err->msg.nlmsg_len - sizeof(err->msg);
	mnl_attr_for_each(attr, nlh, skip)
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
			snprintf(said, sizeof(said), "%s",
				 mnl_attr_get_str(attr));
}

/* Return: 0 or a positive errno, with the kernel's text in @said. */
static int ask(struct nlmsghdr *nlh)
{
	const struct nlmsghdr *in;
	ssize_t got;
	int len;

	*said = '\0';
	if (mnl_socket_sendto(sock, nlh, nlh->nlmsg_len) < 0)
		return errno;
	for (;;) {
		got = mnl_socket_recvfrom(sock, reply, sizeof(reply));
		/* A message too broken for an answer gets none. */
		if (got < 0)
			return errno;
		len = (int)got;
		for (in = (struct nlmsghdr *)reply; mnl_nlmsg_ok(in, len);
		     in = mnl_nlmsg_next(in, &len)) {
			if (in->nlmsg_seq != seq)
				continue;
			if (in->nlmsg_type == NLMSG_ERROR) {
				const struct nlmsgerr *err =
					mnl_nlmsg_get_payload(in);

				note_text(in);
				return -err->error;
			}
			if (in->nlmsg_type == NLMSG_DONE)
				return 0;
		}
	}
}

static void refuse(struct nlmsghdr *nlh, const char *what)
{
	int err;

	nlh->nlmsg_flags |= NLM_F_ACK;
	err = ask(nlh);
	result(err > 0, what, err);
}

/* And for this reason, where others are near. */
static void refuse_as(struct nlmsghdr *nlh, const char *text, const char *what)
{
	int err;

	nlh->nlmsg_flags |= NLM_F_ACK;
	err = ask(nlh);
	result(err > 0 && strstr(said, text), what, err);
}

static bool find_family(void)
{
	const struct nlmsghdr *in = (struct nlmsghdr *)reply;
	const struct nlattr *attr;
	struct nlmsghdr *nlh;

	nlh = begin(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, KFIPMEM_FAMILY_NAME);
	if (mnl_socket_sendto(sock, nlh, nlh->nlmsg_len) < 0 ||
	    mnl_socket_recvfrom(sock, reply, sizeof(reply)) < 0)
		return false;
	if (in->nlmsg_type != GENL_ID_CTRL)
		return false;
	mnl_attr_for_each(attr, in, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
			family = mnl_attr_get_u16(attr);
	return family;
}

static struct nlmsghdr *command(uint8_t cmd)
{
	return begin(family, cmd, 0);
}

static void put_names(struct nlmsghdr *nlh, const char *pool,
		      const char *region)
{
	mnl_attr_put_strz(nlh, KFIPMEM_A_REGION_POOL, pool);
	mnl_attr_put_strz(nlh, KFIPMEM_A_REGION_NAME, region);
}

/* Every command that changes something, without what it needs. */
static void test_missing(void)
{
	static const uint8_t cmds[] = {
		KFIPMEM_CMD_POOL_CREATE, KFIPMEM_CMD_POOL_OPEN,
		KFIPMEM_CMD_POOL_CLOSE, KFIPMEM_CMD_POOL_DESTROY,
		KFIPMEM_CMD_REGION_CREATE, KFIPMEM_CMD_REGION_REMOVE,
		KFIPMEM_CMD_EXPORT_ADD, KFIPMEM_CMD_EXPORT_REMOVE,
		KFIPMEM_CMD_FENCE, KFIPMEM_CMD_ATTACH, KFIPMEM_CMD_DETACH,
		KFIPMEM_CMD_SET_START, KFIPMEM_CMD_SET_STOP,
		KFIPMEM_CMD_SET_ADD, KFIPMEM_CMD_SET_REMOVE,
		KFIPMEM_CMD_SET_SCRUB, KFIPMEM_CMD_BLK_ADD,
		KFIPMEM_CMD_BLK_DEL, KFIPMEM_CMD_BLK_RESIZE,
	};
	char what[64];
	size_t i;

	for (i = 0; i < sizeof(cmds); i++) {
		snprintf(what, sizeof(what), "command %u without attributes",
			 cmds[i]);
		refuse(command(cmds[i]), what);
	}
	refuse(command(KFIPMEM_CMD_MAX + 1), "a command that does not exist");
	refuse(command(0), "command 0");
	refuse(command(KFIPMEM_CMD_POOL_GET), "a list asked for as a command");
}

#include "nl_hostile_set.h"

static void test_names(void)
{
	static const char *const bad[] = {
		"", ".", "..", "../etc", "a/b", "-x", "a b", "a\nb", "\xff",
		"%s%n",
	};
	static char huge[BUFFER / 2];
	struct nlmsghdr *nlh;
	char what[64];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		nlh = command(KFIPMEM_CMD_REGION_CREATE);
		put_names(nlh, "pool", bad[i]);
		mnl_attr_put_u32(nlh, KFIPMEM_A_REGION_SIZE, 4096);
		snprintf(what, sizeof(what), "bad region name %zu", i);
		refuse(nlh, what);
		nlh = command(KFIPMEM_CMD_POOL_CREATE);
		mnl_attr_put_strz(nlh, KFIPMEM_A_POOL_NAME, bad[i]);
		mnl_attr_put_u32(nlh, KFIPMEM_A_POOL_RAM_SIZE, 1 << 22);
		snprintf(what, sizeof(what), "bad pool name %zu", i);
		refuse(nlh, what);
	}

	memset(huge, 'x', sizeof(huge) - 1);
	nlh = command(KFIPMEM_CMD_POOL_CLOSE);
	mnl_attr_put_strz(nlh, KFIPMEM_A_POOL_NAME, huge);
	refuse(nlh, "a pool name of 32 KiB");
	huge[KFIPMEM_NAME_MAX + 1] = '\0';
	nlh = command(KFIPMEM_CMD_POOL_CLOSE);
	mnl_attr_put_strz(nlh, KFIPMEM_A_POOL_NAME, huge);
	refuse(nlh, "a pool name of 64 characters");
	nlh = command(KFIPMEM_CMD_POOL_CLOSE);
	mnl_attr_put(nlh, KFIPMEM_A_POOL_NAME, 4, "abcd");
	refuse(nlh, "a name without NUL");
	nlh = command(KFIPMEM_CMD_POOL_CLOSE);
	mnl_attr_put_strz(nlh, KFIPMEM_A_POOL_NAME, "nowhere");
	refuse(nlh, "a pool that does not exist");
	nlh = command(KFIPMEM_CMD_POOL_OPEN);
	memset(huge, 'x', KFIPMEM_PATH_MAX + 1);
	huge[KFIPMEM_PATH_MAX + 1] = '\0';
	mnl_attr_put_strz(nlh, KFIPMEM_A_POOL_PATH, huge);
	refuse(nlh, "a path of 256 characters");
	nlh = command(KFIPMEM_CMD_POOL_OPEN);
	mnl_attr_put_strz(nlh, KFIPMEM_A_POOL_PATH, "/dev/zero");
	refuse(nlh, "a pool on a character device");
}

static void test_values(void)
{
	static const uint8_t key[64];
	struct nlmsghdr *nlh;
	unsigned int len;
	char what[64];
	size_t i;

	for (len = 0; len <= 9; len++) {
		if (len == 4 || len == 8)
			continue;
		nlh = command(KFIPMEM_CMD_REGION_CREATE);
		put_names(nlh, "pool", "region");
		mnl_attr_put(nlh, KFIPMEM_A_REGION_SIZE, len, key);
		snprintf(what, sizeof(what), "a size of %u bytes", len);
		refuse(nlh, what);
	}
	nlh = command(KFIPMEM_CMD_REGION_CREATE);
	put_names(nlh, "pool", "region");
	mnl_attr_put_u32(nlh, KFIPMEM_A_REGION_SIZE, 0);
	refuse(nlh, "a region of 0 bytes");
	nlh = command(KFIPMEM_CMD_POOL_CREATE);
	mnl_attr_put_strz(nlh, KFIPMEM_A_POOL_NAME, "hostile");
	mnl_attr_put_u64(nlh, KFIPMEM_A_POOL_RAM_SIZE, UINT64_MAX);
	refuse(nlh, "a pool of 16 EiB of DRAM");
	nlh = command(KFIPMEM_CMD_POOL_CREATE);
	mnl_attr_put_strz(nlh, KFIPMEM_A_POOL_NAME, "hostile");
	mnl_attr_put_strz(nlh, KFIPMEM_A_POOL_PATH, "/dev/null");
	mnl_attr_put_u32(nlh, KFIPMEM_A_POOL_RAM_SIZE, 1 << 22);
	refuse(nlh, "a pool on a device and on DRAM");
	for (i = 0; i < 2; i++) {
		nlh = command(KFIPMEM_CMD_POOL_CREATE);
		mnl_attr_put_strz(nlh, KFIPMEM_A_POOL_NAME, "hostile");
		mnl_attr_put_u32(nlh, KFIPMEM_A_POOL_RAM_SIZE, 1 << 22);
		mnl_attr_put_u32(nlh, KFIPMEM_A_POOL_CACHE_SEED, (uint32_t)i);
		snprintf(what, sizeof(what),
			 "cache seed %zu without the cache model", i);
		refuse(nlh, what);
	}
	nlh = command(KFIPMEM_CMD_POOL_CREATE);
	mnl_attr_put_strz(nlh, KFIPMEM_A_POOL_NAME, "hostile");
	mnl_attr_put_u32(nlh, KFIPMEM_A_POOL_FORCE, 1);
	mnl_attr_put_u32(nlh, KFIPMEM_A_POOL_RAM_SIZE, 1 << 22);
	refuse(nlh, "a flag with a value");
	nlh = command(KFIPMEM_CMD_LISTEN);
	mnl_attr_put_u16(nlh, KFIPMEM_A_TARGET_PORT, 0);
	refuse(nlh, "port 0");
	nlh = command(KFIPMEM_CMD_LISTEN);
	mnl_attr_put_strz(nlh, KFIPMEM_A_TARGET_ADDR, "");
	refuse(nlh, "an empty address");
}

static void test_keys(void)
{
	static const uint8_t key[64] = { 1 };
	static const unsigned int bad[] = { 0, 1, 31, 33, 64 };
	struct nlmsghdr *nlh;
	char what[64];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		nlh = command(KFIPMEM_CMD_EXPORT_ADD);
		put_names(nlh, "nowhere", "region");
		mnl_attr_put_strz(nlh, KFIPMEM_A_EXPORT_PEER, "peer");
		mnl_attr_put(nlh, KFIPMEM_A_EXPORT_KEY, bad[i], key);
		snprintf(what, sizeof(what), "a key of %u bytes", bad[i]);
		refuse(nlh, what);
	}
	nlh = command(KFIPMEM_CMD_EXPORT_ADD);
	put_names(nlh, "nowhere", "region");
	mnl_attr_put_strz(nlh, KFIPMEM_A_EXPORT_PEER, "peer");
	refuse(nlh, "an export without a key");
	nlh = command(KFIPMEM_CMD_EXPORT_ADD);
	put_names(nlh, "nowhere", "region");
	mnl_attr_put_strz(nlh, KFIPMEM_A_EXPORT_PEER, "peer");
	mnl_attr_put(nlh, KFIPMEM_A_EXPORT_KEY, KFIPMEM_KEY_SIZE, key);
	mnl_attr_put(nlh, KFIPMEM_A_EXPORT_INSECURE, 0, NULL);
	refuse(nlh, "a key and insecure");
	nlh = command(KFIPMEM_CMD_EXPORT_ADD);
	put_names(nlh, "nowhere", "region");
	mnl_attr_put_strz(nlh, KFIPMEM_A_EXPORT_PEER, "*");
	mnl_attr_put(nlh, KFIPMEM_A_EXPORT_KEY, KFIPMEM_KEY_SIZE, key);
	refuse(nlh, "a key for anybody");
	nlh = command(KFIPMEM_CMD_ATTACH);
	mnl_attr_put_strz(nlh, KFIPMEM_A_ATTACHMENT_HOST, "127.0.0.1");
	mnl_attr_put_strz(nlh, KFIPMEM_A_ATTACHMENT_REGION, "region");
	mnl_attr_put_strz(nlh, KFIPMEM_A_ATTACHMENT_PEER, "peer");
	refuse(nlh, "an attachment without a key");
	nlh = command(KFIPMEM_CMD_ATTACH);
	mnl_attr_put_strz(nlh, KFIPMEM_A_ATTACHMENT_HOST, "no address");
	mnl_attr_put_strz(nlh, KFIPMEM_A_ATTACHMENT_REGION, "region");
	mnl_attr_put_strz(nlh, KFIPMEM_A_ATTACHMENT_PEER, "peer");
	mnl_attr_put(nlh, KFIPMEM_A_ATTACHMENT_INSECURE, 0, NULL);
	refuse(nlh, "an attachment of no address");
	nlh = command(KFIPMEM_CMD_DETACH);
	mnl_attr_put_strz(nlh, KFIPMEM_A_ATTACHMENT_NAME, "nowhere");
	refuse(nlh, "detaching what is not attached");
	nlh = command(KFIPMEM_CMD_FENCE);
	put_names(nlh, "nowhere", "region");
	refuse(nlh, "a fence of nobody");
	nlh = command(KFIPMEM_CMD_FENCE);
	put_names(nlh, "nowhere", "region");
	mnl_attr_put_u32(nlh, KFIPMEM_A_EXPORT_EPOCH, 1);
	mnl_attr_put_strz(nlh, KFIPMEM_A_EXPORT_PEER, "peer");
	refuse(nlh, "a fence of both kinds");
}

/* Attributes that are not the command's, and lengths that lie. */
static void test_shapes(void)
{
	struct nlmsghdr *nlh;
	struct nlattr *attr;
	uint16_t type;
	char what[64];

	for (type = KFIPMEM_A_POOL_UUID; type <= KFIPMEM_A_POOL_MAX + 3;
	     type++) {
		nlh = command(KFIPMEM_CMD_POOL_CLOSE);
		mnl_attr_put_strz(nlh, KFIPMEM_A_POOL_NAME, "nowhere");
		mnl_attr_put_u32(nlh, type, 1);
		snprintf(what, sizeof(what), "foreign attribute %u", type);
		refuse(nlh, what);
	}
	nlh = command(KFIPMEM_CMD_POOL_CLOSE);
	mnl_attr_put_strz(nlh, 0x3fff, "x");
	refuse(nlh, "an attribute of type 16383");
	nlh = command(KFIPMEM_CMD_POOL_CLOSE);
	mnl_attr_put_strz(nlh, KFIPMEM_A_POOL_NAME | NLA_F_NESTED, "x");
	refuse(nlh, "a name that is marked nested");

	nlh = command(KFIPMEM_CMD_POOL_CLOSE);
	attr = mnl_nlmsg_get_payload_tail(nlh);
	mnl_attr_put_strz(nlh, KFIPMEM_A_POOL_NAME, "nowhere");
	attr->nla_len = 0xfff0;
	refuse(nlh, "an attribute longer than its message");
	nlh = command(KFIPMEM_CMD_POOL_CLOSE);
	attr = mnl_nlmsg_get_payload_tail(nlh);
	mnl_attr_put_strz(nlh, KFIPMEM_A_POOL_NAME, "nowhere");
	attr->nla_len = 1;
	refuse(nlh, "an attribute shorter than its header");
	nlh = command(KFIPMEM_CMD_POOL_CLOSE);
	mnl_attr_put_strz(nlh, KFIPMEM_A_POOL_NAME, "nowhere");
	nlh->nlmsg_len -= 6;
	refuse(nlh, "a message cut in its attribute");
	nlh = command(KFIPMEM_CMD_POOL_CLOSE);
	nlh->nlmsg_len = sizeof(*nlh);
	refuse(nlh, "a message without a command");
	nlh = command(KFIPMEM_CMD_POOL_CLOSE);
	((struct genlmsghdr *)mnl_nlmsg_get_payload(nlh))->reserved = 1;
	mnl_attr_put_strz(nlh, KFIPMEM_A_POOL_NAME, "nowhere");
	refuse(nlh, "a reserved field that is set");
}

/*
 * Random attributes for commands that refuse all of them because their pool
 * is named "nowhere", or not at all. The seed is printed for a repetition.
 */
static void test_random(void)
{
	static const uint8_t cmds[] = {
		KFIPMEM_CMD_POOL_CLOSE, KFIPMEM_CMD_REGION_CREATE,
		KFIPMEM_CMD_REGION_REMOVE, KFIPMEM_CMD_EXPORT_REMOVE,
		KFIPMEM_CMD_FENCE, KFIPMEM_CMD_SET_START, KFIPMEM_CMD_SET_STOP,
		KFIPMEM_CMD_SET_ADD, KFIPMEM_CMD_SET_REMOVE,
		KFIPMEM_CMD_SET_SCRUB, KFIPMEM_CMD_BLK_DEL,
		KFIPMEM_CMD_BLK_RESIZE,
	};
	unsigned int seed = (unsigned int)time(NULL), i, n, accepted = 0;
	struct nlmsghdr *nlh;
	uint8_t data[300];
	size_t j;

	srandom(seed);
	for (i = 0; i < RANDOM_ROUNDS; i++) {
		nlh = command(cmds[random() % (long)sizeof(cmds)]);
		mnl_attr_put_strz(nlh, 1, "nowhere");
		for (n = (unsigned int)random() % 6; n; n--) {
			for (j = 0; j < sizeof(data); j++)
				data[j] = (uint8_t)random();
			mnl_attr_put(nlh, 2 + random() % 14,
				     (size_t)random() % sizeof(data), data);
		}
		nlh->nlmsg_flags |= NLM_F_ACK;
		if (ask(nlh) <= 0)
			accepted++;
	}
	snprintf(said, sizeof(said), "%u of %u accepted, seed %u", accepted,
		 RANDOM_ROUNDS, seed);
	result(!accepted, "random attributes", EINVAL);
}

static void test_unprivileged(void)
{
	struct nlmsghdr *nlh;
	int err;

	if (seteuid(65534)) {
		perror("seteuid");
		return;
	}
	nlh = command(KFIPMEM_CMD_POOL_CLOSE);
	mnl_attr_put_strz(nlh, KFIPMEM_A_POOL_NAME, "nowhere");
	nlh->nlmsg_flags |= NLM_F_ACK;
	err = ask(nlh);
	result(err == EPERM, "a command of an ordinary user", err);
	if (seteuid(0))
		perror("seteuid");
}

static void refuse_ioctl(int fd, unsigned long cmd, void *arg, int wanted,
			 const char *what)
{
	int err = ioctl(fd, cmd, arg) < 0 ? errno : 0;

	*said = '\0';
	if (err && err != wanted)
		snprintf(said, sizeof(said), "expected %s", strerror(wanted));
	result(err == wanted, what, err);
}

static void test_ioctl_info(int fd)
{
	struct {
		struct kfi_ioc_info info;
		uint8_t more[8192];
	} big = { .info.argsz = sizeof(struct kfi_ioc_info) };

	refuse_ioctl(fd, KFI_IOC_INFO, NULL, EFAULT, "INFO at address 0");
	refuse_ioctl(fd, KFI_IOC_INFO, (void *)-1L, EFAULT,
		     "INFO at address -1");
	big.info.argsz = 0;
	refuse_ioctl(fd, KFI_IOC_INFO, &big, EINVAL, "INFO of size 0");
	big.info.argsz = sizeof(big.info) - 1;
	refuse_ioctl(fd, KFI_IOC_INFO, &big, EINVAL, "INFO one byte short");
	big.info.argsz = UINT32_MAX;
	refuse_ioctl(fd, KFI_IOC_INFO, &big, E2BIG, "INFO of size 4 GiB");
	big.info.argsz = sizeof(big.info);
	big.info.flags = 1;
	refuse_ioctl(fd, KFI_IOC_INFO, &big, EINVAL, "INFO with a flag");
	refuse_ioctl(fd, _IO(KFI_IOC_TYPE, 0xef), &big, ENOTTY,
		     "an ioctl that does not exist");
}

static void test_ioctl_commit(int fd, uint64_t size)
{
	struct {
		struct kfi_ioc_commit commit;
		uint64_t more;
	} c = { .commit.argsz = sizeof(c.commit) };

	c.commit.flags = 0x80000000;
	refuse_ioctl(fd, KFI_IOC_COMMIT, &c, EINVAL,
		     "COMMIT with an unknown flag");
	c.commit.flags = 0;
	c.commit.offset = size;
	refuse_ioctl(fd, KFI_IOC_COMMIT, &c, EINVAL, "COMMIT behind the end");
	c.commit.offset = 0;
	c.commit.length = size + 1;
	refuse_ioctl(fd, KFI_IOC_COMMIT, &c, EINVAL, "COMMIT over the end");
	c.commit.offset = size - 1;
	c.commit.length = UINT64_MAX;
	refuse_ioctl(fd, KFI_IOC_COMMIT, &c, EINVAL,
		     "COMMIT whose end wraps around");
	c.commit.argsz = sizeof(c);
	c.more = 1;
	refuse_ioctl(fd, KFI_IOC_COMMIT, &c, E2BIG,
		     "COMMIT with a field from the future");
}

static void test_ioctl_publish(int fd, uint64_t size)
{
	static char data[4096];
	const struct kfi_ioc_publish good = {
		.argsz = sizeof(good),
		.data = (uintptr_t)data,
		.length = sizeof(data),
		.word_offset = sizeof(data),
	};
	struct kfi_ioc_publish p = good;

	p.flags = 1;
	refuse_ioctl(fd, KFI_IOC_PUBLISH, &p, EINVAL, "PUBLISH with a flag");
	p = good;
	p.length = 0;
	refuse_ioctl(fd, KFI_IOC_PUBLISH, &p, EINVAL, "PUBLISH of nothing");
	p = good;
	p.word_offset = 4097;
	refuse_ioctl(fd, KFI_IOC_PUBLISH, &p, EINVAL,
		     "PUBLISH of a word that is not aligned");
	p = good;
	p.word_offset = size;
	refuse_ioctl(fd, KFI_IOC_PUBLISH, &p, EINVAL,
		     "PUBLISH of a word behind the end");
	p = good;
	p.word_offset = UINT64_MAX - 7;
	refuse_ioctl(fd, KFI_IOC_PUBLISH, &p, EINVAL,
		     "PUBLISH of a word whose end wraps around");
	p = good;
	p.word_offset = 8;
	refuse_ioctl(fd, KFI_IOC_PUBLISH, &p, EINVAL,
		     "PUBLISH of a word in its data");
	p = good;
	p.offset = size - 1;
	refuse_ioctl(fd, KFI_IOC_PUBLISH, &p, EINVAL,
		     "PUBLISH over the end");
	p = good;
	p.length = UINT64_MAX;
	refuse_ioctl(fd, KFI_IOC_PUBLISH, &p, EINVAL,
		     "PUBLISH of 16 EiB");
	p = good;
	p.data = 8;
	refuse_ioctl(fd, KFI_IOC_PUBLISH, &p, EFAULT,
		     "PUBLISH from address 8");
}

static void test_file(int fd, uint64_t size)
{
	char byte = 0;
	void *map, *closed;

	*said = '\0';
	closed = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	result(pread(fd, &byte, 1, (off_t)size) == 0, "reading at the end", 0);
	result(pwrite(fd, &byte, 1, (off_t)size) < 0 && errno == ENOSPC,
	       "writing at the end", errno);
	result(pread(fd, closed, 1, 0) < 0 && errno == EFAULT,
	       "reading to memory out of reach", errno);
	result(pwrite(fd, closed, 1, 0) < 0 && errno == EFAULT,
	       "writing from memory out of reach", errno);
	result(lseek(fd, -1, SEEK_SET) < 0 && errno == EINVAL,
	       "seeking before the start", errno);
	result(lseek(fd, 1, SEEK_END) < 0 && errno == EINVAL,
	       "seeking behind the end", errno);
	result(lseek(fd, (off_t)size, SEEK_DATA) < 0 && errno == ENXIO,
	       "seeking data behind the end", errno);
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	result(map == MAP_FAILED, "a private mapping that is written to",
	       errno);
}

static int test_node(const char *path)
{
	struct kfi_ioc_info info = { .argsz = sizeof(info) };
	int fd = open(path, O_RDWR | O_CLOEXEC);
	int ro = open(path, O_RDONLY | O_CLOEXEC);
	struct kfi_ioc_commit commit = { .argsz = sizeof(commit) };

	if (fd < 0 || ro < 0 || ioctl(fd, KFI_IOC_INFO, &info)) {
		perror(path);
		return 1;
	}
	printf("%s: %llu bytes\n", path, (unsigned long long)info.size);
	test_ioctl_info(fd);
	test_ioctl_commit(fd, info.size);
	test_ioctl_publish(fd, info.size);
	test_file(fd, info.size);
	refuse_ioctl(ro, KFI_IOC_COMMIT, &commit, EBADF,
		     "COMMIT on a file that is open for reading");
	close(ro);
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	struct timeval timeout = { .tv_sec = 2 };
	int on = 1;

	sock = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!sock || mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) < 0) {
		perror("netlink");
		return 2;
	}
	mnl_socket_setsockopt(sock, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(mnl_socket_get_fd(sock), SOL_SOCKET, SO_RCVTIMEO, &timeout,
		   sizeof(timeout));
	if (!find_family()) {
		fprintf(stderr, "no family kfipmem: modprobe kfi_user\n");
		return 3;
	}
	test_missing();
	test_names();
	test_values();
	test_keys();
	test_shapes();
	test_sets();
	test_blks();
	test_random();
	if (argc > 1 && test_node(argv[1]))
		return 2;
	test_unprivileged();

	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}
