// SPDX-License-Identifier: BSD-3-Clause
/* The client's side: attaching and detaching a peer's region. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "kfipmem.h"

int cmd_attach(const struct options *o)
{
	char host[KFIPMEM_HOST_MAX + 1], addr[KFIPMEM_HOST_MAX + 1];
	char region[KFIPMEM_NAME_MAX + 1];
	const char *name = o->name ? o->name : region;
	uint8_t key[KFIPMEM_KEY_SIZE];
	struct nlmsghdr *nlh;
	char node[160];
	uint16_t port;

	split_remote(o->arg[0], host, &port, region);
	if (!o->as)
		die_usage("attach: say with --as which name the peer exports to");
	check_name("peer", o->as);
	if (o->name)
		check_name("local", o->name);
	if (o->provider)
		check_name("provider", o->provider);
	if (o->insecure && o->key_file)
		die_usage("attach: either --key-file or --insecure, not both");
	if (!o->insecure && !o->key_file)
		die_usage("attach: give --key-file, or --insecure to attach without a key");
	if (o->key_file)
		read_key_file(o->key_file, key);
	resolve_host(host, addr, sizeof(addr));

	nlh = nl_request(KFIPMEM_CMD_ATTACH);
	mnl_attr_put_strz(nlh, KFIPMEM_A_ATTACHMENT_NAME, name);
	mnl_attr_put_strz(nlh, KFIPMEM_A_ATTACHMENT_HOST, addr);
	mnl_attr_put_u16(nlh, KFIPMEM_A_ATTACHMENT_PORT, port);
	mnl_attr_put_strz(nlh, KFIPMEM_A_ATTACHMENT_REGION, region);
	mnl_attr_put_strz(nlh, KFIPMEM_A_ATTACHMENT_PEER, o->as);
	if (o->insecure)
		nl_put_flag(nlh, KFIPMEM_A_ATTACHMENT_INSECURE);
	else
		mnl_attr_put(nlh, KFIPMEM_A_ATTACHMENT_KEY, sizeof(key), key);
	if (o->read_only)
		nl_put_flag(nlh, KFIPMEM_A_ATTACHMENT_READ_ONLY);
	if (o->provider)
		mnl_attr_put_strz(nlh, KFIPMEM_A_ATTACHMENT_PROVIDER,
				  o->provider);
	explicit_bzero(key, sizeof(key));
	nl_do(nlh, "attach %s of %s", region, host);

	snprintf(node, sizeof(node), "/dev/kfi/%s", name);
	if (o->json) {
		json_begin();
		json_bool("ok", true);
		json_str("node", node);
		json_end();
	} else {
		puts(node);
	}
	return EXIT_OK;
}

int cmd_detach(const struct options *o)
{
	struct nlmsghdr *nlh;

	check_name("attachment", o->arg[0]);
	nlh = nl_request(KFIPMEM_CMD_DETACH);
	mnl_attr_put_strz(nlh, KFIPMEM_A_ATTACHMENT_NAME, o->arg[0]);
	if (o->force)
		nl_put_flag(nlh, KFIPMEM_A_ATTACHMENT_FORCE);
	nl_do(nlh, "detach %s", o->arg[0]);
	json_ok();
	return EXIT_OK;
}

void print_attachments(const struct reply *reply)
{
	const struct nlattr *a[KFIPMEM_A_ATTACHMENT_MAX + 1];
	char remote[KFIPMEM_HOST_MAX + KFIPMEM_NAME_MAX + 16], size[16];
	const char *host;
	size_t i;

	printf("%-16s %-32s %8s %-6s %-10s %-9s %5s\n", "ATTACHMENT", "REMOTE",
	       "SIZE", "ACCESS", "DOMAIN", "METHOD", "OPENS");
	for (i = 0; i < reply->nr; i++) {
		nl_parse(reply->msg[i], a, KFIPMEM_A_ATTACHMENT_MAX);
		host = nl_str(a[KFIPMEM_A_ATTACHMENT_HOST]);
		snprintf(remote, sizeof(remote), strchr(host, ':') ?
			 "[%.255s]:%u/%.63s" : "%.255s:%u/%.63s", host,
			 (unsigned int)nl_uint(a[KFIPMEM_A_ATTACHMENT_PORT]),
			 nl_str(a[KFIPMEM_A_ATTACHMENT_REGION]));
		printf("%-16s %-32s %8s %-6s %-10s %-9s %5" PRIu64 "\n",
		       nl_str(a[KFIPMEM_A_ATTACHMENT_NAME]), remote,
		       size_text(nl_uint(a[KFIPMEM_A_ATTACHMENT_SIZE]), size,
				 sizeof(size)),
		       a[KFIPMEM_A_ATTACHMENT_READ_ONLY] ? "ro" : "rw",
		       domain_name(nl_uint(a[KFIPMEM_A_ATTACHMENT_DOMAIN])),
		       method_name(nl_uint(a[KFIPMEM_A_ATTACHMENT_METHOD])),
		       nl_uint(a[KFIPMEM_A_ATTACHMENT_OPENS]));
	}
}

/* As a member of an object that is open. */
void json_attachments(const struct reply *reply)
{
	const struct nlattr *a[KFIPMEM_A_ATTACHMENT_MAX + 1];
	char uuid[37], node[160];
	size_t i;

	json_array("attachments");
	for (i = 0; i < reply->nr; i++) {
		nl_parse(reply->msg[i], a, KFIPMEM_A_ATTACHMENT_MAX);
		snprintf(node, sizeof(node), "/dev/kfi/%.130s",
			 nl_str(a[KFIPMEM_A_ATTACHMENT_NODE]));
		json_object(NULL);
		json_str("name", nl_str(a[KFIPMEM_A_ATTACHMENT_NAME]));
		json_str("node", node);
		json_str("host", nl_str(a[KFIPMEM_A_ATTACHMENT_HOST]));
		json_uint("port", nl_uint(a[KFIPMEM_A_ATTACHMENT_PORT]));
		json_str("region", nl_str(a[KFIPMEM_A_ATTACHMENT_REGION]));
		json_str("as", nl_str(a[KFIPMEM_A_ATTACHMENT_PEER]));
		json_str("provider",
			 nl_str(a[KFIPMEM_A_ATTACHMENT_PROVIDER]));
		json_bool("insecure", a[KFIPMEM_A_ATTACHMENT_INSECURE]);
		json_bool("read_only", a[KFIPMEM_A_ATTACHMENT_READ_ONLY]);
		json_uint("size", nl_uint(a[KFIPMEM_A_ATTACHMENT_SIZE]));
		json_str("uuid", nl_uuid(a[KFIPMEM_A_ATTACHMENT_UUID], uuid));
		json_str("incarnation",
			 nl_uuid(a[KFIPMEM_A_ATTACHMENT_INCARNATION], uuid));
		json_uint("generation",
			  nl_uint(a[KFIPMEM_A_ATTACHMENT_GENERATION]));
		json_uint("epoch", nl_uint(a[KFIPMEM_A_ATTACHMENT_EPOCH]));
		json_str("domain",
			 domain_name(nl_uint(a[KFIPMEM_A_ATTACHMENT_DOMAIN])));
		json_str("method",
			 method_name(nl_uint(a[KFIPMEM_A_ATTACHMENT_METHOD])));
		json_uint("atomic_width",
			  nl_uint(a[KFIPMEM_A_ATTACHMENT_ATOMIC_WIDTH]));
		json_uint("inline_max",
			  nl_uint(a[KFIPMEM_A_ATTACHMENT_INLINE_MAX]));
		json_uint("opens", nl_uint(a[KFIPMEM_A_ATTACHMENT_OPENS]));
		json_object_end();
	}
	json_array_end();
}
