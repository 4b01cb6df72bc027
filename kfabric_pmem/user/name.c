// SPDX-License-Identifier: GPL-2.0-only
/* Names: what an administrator may call a node, a region, a pool or a peer. */
#include <linux/ctype.h>
#include <linux/string.h>
#include "user.h"

/**
 * ku_name_check() - is this a name for a node, region, pool or peer?
 * @extack: where a text for the administrator goes
 * @name: NUL-terminated
 *
 * Return: 0 or -EINVAL.
 */
int ku_name_check(struct netlink_ext_ack *extack, const char *name)
{
	const char *c;

	if (!*name) {
		NL_SET_ERR_MSG(extack, "a name cannot be empty");
		return -EINVAL;
	}
	if (!isalnum(*name)) {
		NL_SET_ERR_MSG(extack,
			       "a name starts with a letter or a digit");
		return -EINVAL;
	}
	if (strlen(name) > KFIPMEM_NAME_MAX) {
		NL_SET_ERR_MSG(extack, "a name has at most 63 characters");
		return -EINVAL;
	}
	for (c = name; *c; c++) {
		if (isascii(*c) && (isalnum(*c) || strchr("._-", *c)))
			continue;
		NL_SET_ERR_MSG(extack,
			       "a name consists of letters, digits, '.', '_' and '-'");
		return -EINVAL;
	}
	return 0;
}
