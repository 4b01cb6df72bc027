// SPDX-License-Identifier: GPL-2.0-only
/* The generic netlink family "kfipmem": what its commands find in a request. */
#include <linux/atomic.h>
#include "user.h"
#include "netlink.h"

static atomic_t ku_changes = ATOMIC_INIT(1);

/**
 * ku_change_seq() - how much has changed
 *
 * Context: any.
 * Return: a number that moves with every change.
 */
unsigned int ku_change_seq(void)
{
	return atomic_read(&ku_changes);
}

/**
 * ku_nl_done() - a command has ended
 * @ret: how
 *
 * Return: @ret.
 */
int ku_nl_done(int ret)
{
	if (!ret)
		atomic_inc(&ku_changes);
	return ret;
}

/**
 * ku_nl_refuse() - an error about one attribute
 * @info: the request
 * @attr: the attribute
 * @err: the error
 * @msg: the text
 *
 * Return: @err.
 */
int ku_nl_refuse(struct genl_info *info, int attr, int err, const char *msg)
{
	return ku_nl_refuse_attr(info->extack, info->attrs[attr], err, msg);
}

/**
 * ku_nl_refuse_attr() - an error about an attribute, wherever it lies
 * @extack: where the text and the place go
 * @attr: the attribute
 * @err: the error
 * @msg: the text
 *
 * Return: @err.
 */
int ku_nl_refuse_attr(struct netlink_ext_ack *extack,
		      const struct nlattr *attr, int err, const char *msg)
{
	NL_SET_BAD_ATTR(extack, attr);
	NL_SET_ERR_MSG_FMT(extack, "%s", msg);
	return err;
}

/**
 * ku_nl_need() - an attribute that has to be there
 * @info: the request
 * @attr: the attribute
 * @what: what it is, for the text
 *
 * Return: 0 or -EINVAL.
 */
int ku_nl_need(struct genl_info *info, int attr, const char *what)
{
	if (!GENL_REQ_ATTR_CHECK(info, attr))
		return 0;
	NL_SET_ERR_MSG_FMT(info->extack, "%s is missing", what);
	return -EINVAL;
}

/**
 * ku_nl_name() - a name that is there and has to be one
 * @info: the request
 * @attr: the attribute
 * @name: where it goes
 *
 * Return: 0 or -EINVAL.
 */
int ku_nl_name(struct genl_info *info, int attr, const char **name)
{
	*name = ku_nl_str(info, attr);
	return ku_nl_name_attr(info->extack, info->attrs[attr], name);
}

/**
 * ku_nl_need_name() - a name that has to be there, and to be one
 * @info: the request
 * @attr: the attribute
 * @what: what it is, for the text
 * @name: where it goes
 *
 * Return: 0 or -EINVAL.
 */
int ku_nl_need_name(struct genl_info *info, int attr, const char *what,
		    const char **name)
{
	return ku_nl_need(info, attr, what) ?: ku_nl_name(info, attr, name);
}

/**
 * ku_nl_name_attr() - a name that has to be one, wherever it lies
 * @extack: where the text and the place go
 * @attr: the attribute, a string
 * @name: where it goes
 *
 * Return: 0 or -EINVAL.
 */
int ku_nl_name_attr(struct netlink_ext_ack *extack, const struct nlattr *attr,
		    const char **name)
{
	int ret;

	*name = nla_data(attr);
	ret = ku_name_check(extack, *name);
	if (ret)
		NL_SET_BAD_ATTR(extack, attr);
	return ret;
}

/**
 * ku_nl_key_attr() - the key, or the explicit wish for none
 * @extack: where the text and the place go
 * @key_attr: the attribute of the key, or NULL
 * @insecure_attr: the attribute of the wish, or NULL
 * @key: where the key goes, or NULL
 *
 * The bytes lie in the request; the caller wipes them there when they were
 * used.
 *
 * Return: 0; -EINVAL: both; -ENOKEY: neither.
 */
int ku_nl_key_attr(struct netlink_ext_ack *extack,
		   const struct nlattr *key_attr,
		   const struct nlattr *insecure_attr, const u8 **key)
{
	*key = NULL;
	if (key_attr && insecure_attr)
		return ku_nl_refuse_attr(extack, insecure_attr, -EINVAL,
					 "either a key or insecure, not both");
	if (!key_attr && !insecure_attr) {
		NL_SET_ERR_MSG(extack,
			       "no key given; anybody's access has to be asked for explicitly");
		return -ENOKEY;
	}
	if (key_attr)
		*key = nla_data(key_attr);
	return 0;
}
