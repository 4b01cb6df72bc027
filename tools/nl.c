// SPDX-License-Identifier: BSD-3-Clause
/* Requests to the kernel over generic netlink. */
#include <errno.h>
#include <linux/genetlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kfipmem.h"

/* Large enough for the counters of one endpoint, the longest answer. */
#define NL_BUFFER	(64 * 1024)
#define DUMP_ATTEMPTS	5

static struct mnl_socket *sock;
static unsigned int seq;
static uint16_t family;
static char buffer[NL_BUFFER];

static void nl_open(void)
{
	int on = 1;

	sock = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!sock || mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) < 0)
		die_kernel(errno, NULL, "netlink");
	/* The kernel's text, without a copy of the request: it may hold a key. */
	mnl_socket_setsockopt(sock, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(sock, NETLINK_CAP_ACK, &on, sizeof(on));
}

/* A child must not read answers to its parent. */
void nl_forget(void)
{
	if (sock)
		mnl_socket_close(sock);
	sock = NULL;
	family = 0;
}

static void nl_send(struct nlmsghdr *nlh)
{
	if (mnl_socket_sendto(sock, nlh, nlh->nlmsg_len) < 0)
		die_kernel(errno, NULL, "netlink");
}

static size_t nl_recv(void)
{
	ssize_t ret;

	do {
		ret = mnl_socket_recvfrom(sock, buffer, sizeof(buffer));
	} while (ret < 0 && errno == EINTR);
	if (ret < 0)
		die_kernel(errno, NULL, "netlink");
	return (size_t)ret;
}

static struct nlmsghdr *nl_header(uint16_t type, uint8_t cmd, uint8_t version)
{
	struct genlmsghdr *genl;
	struct nlmsghdr *nlh;

	nlh = mnl_nlmsg_put_header(xalloc(NL_BUFFER));
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	nlh->nlmsg_seq = ++seq;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = version;
	return nlh;
}

/* The text of an error, in @buffer until the next receive. */
static const char *nl_error_text(const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);
	size_t skip = sizeof(*err);
	const struct nlattr *attr;

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return NULL;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		skip += err->msg.nlmsg_len - sizeof(err->msg);
	if (mnl_nlmsg_get_payload_len(nlh) < skip)
		return NULL;
	mnl_attr_for_each(attr, nlh, skip)
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG &&
		    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
			return mnl_attr_get_str(attr);
	return NULL;
}

static void nl_keep(struct reply *reply, const struct nlmsghdr *nlh)
{
	struct nlmsghdr *copy = xalloc(nlh->nlmsg_len);

	memcpy(copy, nlh, nlh->nlmsg_len);
	reply->msg = realloc(reply->msg, (reply->nr + 1) *
			     sizeof(*reply->msg));
	if (!reply->msg)
		die_kernel(ENOMEM, NULL, "memory");
	reply->msg[reply->nr++] = copy;
}

/*
 * Receive until the acknowledgment or the end of the list. Return: 0, or a
 * positive errno with its text. -1: the list changed while it was sent.
 */
static int nl_collect(unsigned int wanted, struct reply *reply,
		      const char **text)
{
	const struct nlmsghdr *nlh;
	const struct nlmsgerr *err;
	bool interrupted = false;
	int len;

	*text = NULL;
	for (;;) {
		len = (int)nl_recv();
		for (nlh = (struct nlmsghdr *)buffer; mnl_nlmsg_ok(nlh, len);
		     nlh = mnl_nlmsg_next(nlh, &len)) {
			if (nlh->nlmsg_seq != wanted)
				continue;
			if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
				interrupted = true;
			if (nlh->nlmsg_type == NLMSG_ERROR) {
				err = mnl_nlmsg_get_payload(nlh);
				*text = nl_error_text(nlh);
				return -err->error;
			}
			if (nlh->nlmsg_type == NLMSG_DONE) {
				int code = 0;

				if (mnl_nlmsg_get_payload_len(nlh) >=
				    sizeof(code))
					memcpy(&code,
					       mnl_nlmsg_get_payload(nlh),
					       sizeof(code));
				if (code < 0)
					return -code;
				return interrupted ? -1 : 0;
			}
			if (nlh->nlmsg_type == family && reply)
				nl_keep(reply, nlh);
			else if (nlh->nlmsg_type == GENL_ID_CTRL && reply)
				nl_keep(reply, nlh);
		}
	}
}

static void nl_find_family(void)
{
	const struct nlattr *attrs[CTRL_ATTR_MAX + 1];
	struct reply reply = {};
	struct nlmsghdr *nlh;
	const char *text;
	int ret;

	if (family)
		return;
	nl_open();
	nlh = nl_header(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1);
	nlh->nlmsg_flags |= NLM_F_ACK;
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, KFIPMEM_FAMILY_NAME);
	nl_send(nlh);
	ret = nl_collect(nlh->nlmsg_seq, &reply, &text);
	free(nlh);
	if (ret == ENOENT)
		die_no_module();
	if (ret)
		die_kernel(ret, text, "netlink");
	if (reply.nr) {
		nl_parse(reply.msg[0], attrs, CTRL_ATTR_MAX);
		family = (uint16_t)nl_uint(attrs[CTRL_ATTR_FAMILY_ID]);
	}
	nl_reply_free(&reply);
	if (!family)
		die_no_module();
}

struct nlmsghdr *nl_request(uint8_t cmd)
{
	nl_find_family();
	return nl_header(family, cmd, KFIPMEM_FAMILY_VERSION);
}

/* Attributes of type uint have 4 or 8 bytes. */
void nl_put_uint(struct nlmsghdr *nlh, uint16_t type, uint64_t value)
{
	if (value > UINT32_MAX)
		mnl_attr_put_u64(nlh, type, value);
	else
		mnl_attr_put_u32(nlh, type, (uint32_t)value);
}

void nl_put_flag(struct nlmsghdr *nlh, uint16_t type)
{
	mnl_attr_put(nlh, type, 0, NULL);
}

/* Send a command. On an error say what it was about, and leave. */
void nl_do(struct nlmsghdr *nlh, const char *fmt, ...)
{
	const char *text;
	char what[256];
	va_list ap;
	int ret;

	nlh->nlmsg_flags |= NLM_F_ACK;
	nl_send(nlh);
	ret = nl_collect(nlh->nlmsg_seq, NULL, &text);
	explicit_bzero(nlh, nlh->nlmsg_len);
	free(nlh);
	if (!ret)
		return;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	die_kernel(ret, text, "%s", what);
}

void nl_get(struct nlmsghdr *nlh, struct reply *reply, const char *what)
{
	const char *text;
	int ret;

	memset(reply, 0, sizeof(*reply));
	nlh->nlmsg_flags |= NLM_F_ACK;
	nl_send(nlh);
	ret = nl_collect(nlh->nlmsg_seq, reply, &text);
	free(nlh);
	if (!ret && !reply->nr)
		ret = EPROTO;
	if (ret)
		die_kernel(ret, text, "%s", what);
}

void nl_dump(uint8_t cmd, struct reply *reply, const char *what)
{
	struct nlmsghdr *nlh;
	const char *text;
	int ret, i;

	for (i = 0; i < DUMP_ATTEMPTS; i++) {
		memset(reply, 0, sizeof(*reply));
		nlh = nl_request(cmd);
		nlh->nlmsg_flags |= NLM_F_DUMP;
		nl_send(nlh);
		ret = nl_collect(nlh->nlmsg_seq, reply, &text);
		free(nlh);
		if (!ret)
			return;
		if (ret > 0)
			die_kernel(ret, text, "%s", what);
		if (i + 1 < DUMP_ATTEMPTS)
			nl_reply_free(reply);
	}
	warn("%s: changed while it was read and may be incomplete", what);
}

void nl_reply_free(struct reply *reply)
{
	size_t i;

	for (i = 0; i < reply->nr; i++)
		free(reply->msg[i]);
	free(reply->msg);
	memset(reply, 0, sizeof(*reply));
}

void nl_parse(const struct nlmsghdr *nlh, const struct nlattr **attrs,
	      uint16_t max)
{
	const struct nlattr *attr;

	memset(attrs, 0, (max + 1U) * sizeof(*attrs));
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) <= max)
			attrs[mnl_attr_get_type(attr)] = attr;
}

void nl_parse_nested(const struct nlattr *nest, const struct nlattr **attrs,
		     uint16_t max)
{
	const struct nlattr *attr;

	memset(attrs, 0, (max + 1U) * sizeof(*attrs));
	mnl_attr_for_each_nested(attr, nest)
		if (mnl_attr_get_type(attr) <= max)
			attrs[mnl_attr_get_type(attr)] = attr;
}

/* Attributes that come more than once. */
void nl_for_each(const struct nlmsghdr *nlh, uint16_t type, nl_attr_cb cb,
		 void *arg)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == type)
			cb(attr, arg);
}

/* Any unsigned integer; 0 for one that is not there. */
uint64_t nl_uint(const struct nlattr *attr)
{
	if (!attr)
		return 0;
	switch (mnl_attr_get_payload_len(attr)) {
	case 1:
		return mnl_attr_get_u8(attr);
	case 2:
		return mnl_attr_get_u16(attr);
	case 4:
		return mnl_attr_get_u32(attr);
	case 8:
		return mnl_attr_get_u64(attr);
	}
	return 0;
}

const char *nl_str(const struct nlattr *attr)
{
	if (!attr || mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) < 0)
		return "";
	return mnl_attr_get_str(attr);
}

const char *nl_uuid(const struct nlattr *attr, char text[37])
{
	const uint8_t *u;
	int i, at = 0;

	text[0] = '\0';
	if (!attr || mnl_attr_get_payload_len(attr) != KFIPMEM_UUID_SIZE)
		return text;
	u = mnl_attr_get_payload(attr);
	for (i = 0; i < KFIPMEM_UUID_SIZE; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			text[at++] = '-';
		at += snprintf(text + at, (size_t)(37 - at), "%02x", u[i]);
	}
	return text;
}
