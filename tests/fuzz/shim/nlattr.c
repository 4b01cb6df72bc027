// SPDX-License-Identifier: GPL-2.0-only
/*
 * Validation of a request's attributes by the policy of its command: what the
 * kernel does with a strict policy before a command is called.
 */
#include "kernel.h"
#include "netlink.h"

static bool in_range(const struct nla_policy *policy, u64 value)
{
	if (policy->range)
		return value >= policy->range->min && value <= policy->range->max;
	return !policy->ranged ||
	       (value >= (u64)policy->min && value <= (u64)policy->max);
}

static int check_string(const struct nla_policy *policy,
			const struct nlattr *attr)
{
	int len = nla_len(attr), most = policy->len + 1;

	/* It ends within what it may have, and in the attribute. */
	if (!memchr(nla_data(attr), 0, min(len, most)))
		return -EINVAL;
	return len > most ? -ERANGE : 0;
}

static int check_nested(const struct nla_policy *policy,
			const struct nlattr *attr,
			struct netlink_ext_ack *extack)
{
	struct nlattr *tb[32];

	if (!(attr->nla_type & NLA_F_NESTED))
		return -EINVAL;
	if (!nla_len(attr))
		return 0;
	if (nla_len(attr) < NLA_HDRLEN)
		return -ERANGE;
	return nla_parse_nested(tb, policy->last, attr, policy->nested, extack);
}

static int check_attr(const struct nla_policy *policy,
		      const struct nlattr *attr,
		      struct netlink_ext_ack *extack)
{
	int len = nla_len(attr);

	if (policy->type != NLA_NESTED && attr->nla_type & NLA_F_NESTED)
		return -EINVAL;
	switch (policy->type) {
	case NLA_FLAG:
		return len ? -ERANGE : 0;
	case NLA_NUL_STRING:
		return check_string(policy, attr);
	case NLA_U16:
		if (len != sizeof(u16))
			return -ERANGE;
		return in_range(policy, nla_get_u16(attr)) ? 0 : -ERANGE;
	case NLA_U32:
		if (len != sizeof(u32))
			return -ERANGE;
		return in_range(policy, nla_get_u32(attr)) ? 0 : -ERANGE;
	case NLA_UINT:
		if (len != sizeof(u32) && len != sizeof(u64))
			return -ERANGE;
		return in_range(policy, nla_get_uint(attr)) ? 0 : -ERANGE;
	case NLA_BINARY:
		return in_range(policy, (u64)len) ? 0 : -ERANGE;
	case NLA_NESTED:
		return check_nested(policy, attr, extack);
	default:
		return -EINVAL;	/* the command does not know it */
	}
}

/* Of an attribute that comes more than once, @tb has the last. */
int nla_parse(struct nlattr **tb, unsigned int last, const struct nlattr *head,
	      int len, const struct nla_policy *policy,
	      struct netlink_ext_ack *extack)
{
	struct nlattr *attr;
	int rem, err;

	memset(tb, 0, (last + 1) * sizeof(*tb));
	nla_for_each_attr(attr, (struct nlattr *)head, len, rem) {
		unsigned int type = (unsigned int)nla_type(attr);

		err = !type || type > last || !policy ? -EINVAL :
		      check_attr(&policy[type], attr, extack);
		if (err) {
			NL_SET_BAD_ATTR(extack, attr);
			NL_SET_ERR_MSG(extack, "not as its policy has it");
			return err;
		}
		tb[type] = attr;
	}
	return rem > 0 ? -EINVAL : 0;
}
