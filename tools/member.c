// SPDX-License-Identifier: BSD-3-Clause
/* A member of a replica set, as it is written and as the kernel takes it. */
#include <string.h>
#include "kfipmem.h"

#define LOCAL	"local:"
#define REMOVED	"removed"

/* Keeps its index, and is nowhere. */
bool is_removed(const char *member)
{
	return !strcmp(member, REMOVED);
}

/* local:POOL/REGION, HOST[:PORT]/REGION, or the place of one that was removed */
void parse_member(const char *text, struct member_spec *spec)
{
	memset(spec, 0, sizeof(*spec));
	spec->removed = is_removed(text);
	if (spec->removed)
		return;
	spec->local = !strncmp(text, LOCAL, strlen(LOCAL));
	if (spec->local)
		split_region(text + strlen(LOCAL), spec->pool, spec->region);
	else
		split_remote(text, spec->host, &spec->port, spec->region);
}

static bool any_remote(const struct options *o)
{
	struct member_spec spec;
	unsigned int i;

	for (i = 0; i < o->nr_members; i++) {
		parse_member(o->member[i].text, &spec);
		if (!spec.local && !spec.removed)
			return true;
	}
	return false;
}

/* Of those that a set had, any number may have been removed. */
static void check_twice(const char *cmd, const struct options *o)
{
	unsigned int i, j;

	for (i = 0; i < o->nr_members; i++)
		for (j = 0; j < i; j++)
			if (!is_removed(o->member[i].text) &&
			    !strcmp(o->member[i].text, o->member[j].text))
				die_usage("%s: member '%.80s' is given twice",
					  cmd, o->member[i].text);
}

/* Checks the members as well, all before the kernel is asked. */
void get_member_auth(const char *cmd, const struct options *o,
		     struct member_auth *auth)
{
	memset(auth, 0, sizeof(*auth));
	check_twice(cmd, o);
	if (o->provider)
		check_name("provider", o->provider);
	if (o->insecure && o->key_file)
		die_usage("%s: either --key-file or --insecure, not both",
			  cmd);
	if (o->as)
		check_name("peer", o->as);
	if (!any_remote(o))
		return;
	if (!o->as)
		die_usage("%s: say with --as which name the members' machines export to",
			  cmd);
	if (!o->insecure && !o->key_file)
		die_usage("%s: give --key-file, or --insecure to attach members without a key",
			  cmd);
	auth->as = o->as;
	auth->provider = o->provider;
	auth->insecure = o->insecure;
	if (o->key_file)
		read_key_file(o->key_file, auth->key);
}

static void put_remote(struct nlmsghdr *nlh, const struct member_spec *spec,
		       const struct member_auth *auth)
{
	char addr[KFIPMEM_HOST_MAX + 1];

	resolve_host(spec->host, addr, sizeof(addr));
	mnl_attr_put_strz(nlh, KFIPMEM_A_MEMBER_HOST, addr);
	mnl_attr_put_u16(nlh, KFIPMEM_A_MEMBER_PORT, spec->port);
	if (auth->provider)
		mnl_attr_put_strz(nlh, KFIPMEM_A_MEMBER_PROVIDER,
				  auth->provider);
	mnl_attr_put_strz(nlh, KFIPMEM_A_MEMBER_PEER, auth->as);
	if (auth->insecure)
		nl_put_flag(nlh, KFIPMEM_A_MEMBER_INSECURE);
	else
		mnl_attr_put(nlh, KFIPMEM_A_MEMBER_KEY, sizeof(auth->key),
			     auth->key);
}

static void put_member(struct nlmsghdr *nlh, const char *text, bool witness,
		       const struct member_auth *auth)
{
	struct member_spec spec;

	parse_member(text, &spec);
	if (spec.removed) {
		nl_put_flag(nlh, KFIPMEM_A_MEMBER_REMOVED);
		return;
	}
	if (spec.local)
		mnl_attr_put_strz(nlh, KFIPMEM_A_MEMBER_POOL, spec.pool);
	mnl_attr_put_strz(nlh, KFIPMEM_A_MEMBER_REGION, spec.region);
	if (!spec.local)
		put_remote(nlh, &spec, auth);
	if (witness)
		nl_put_flag(nlh, KFIPMEM_A_MEMBER_WITNESS);
}

/* In their order, which says their indices. */
void put_members(struct nlmsghdr *nlh, const struct options *o,
		 const struct member_auth *auth)
{
	struct nlattr *nest;
	unsigned int i;

	for (i = 0; i < o->nr_members; i++) {
		nest = mnl_attr_nest_start(nlh, KFIPMEM_A_SET_MEMBER);
		put_member(nlh, o->member[i].text, o->member[i].witness, auth);
		mnl_attr_nest_end(nlh, nest);
	}
}
