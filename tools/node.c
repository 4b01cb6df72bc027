// SPDX-License-Identifier: BSD-3-Clause
/* Owner and mode of a node, as the configuration file has them. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "kfipmem.h"

#define MODE_MAX	0777

/* What is not asked for stays as it is. */
struct node_wish {
	bool has_mode;
	mode_t mode;
	uid_t uid;
	gid_t gid;
};

/* Dies unless the text is one, such as 0660. */
unsigned int get_mode(const char *text)
{
	unsigned long mode;
	char *end;

	errno = 0;
	mode = strtoul(text, &end, 8);
	if (!*text || strspn(text, "01234567") != strlen(text) || *end ||
	    errno || mode > MODE_MAX)
		die_usage("mode '%.80s' is no octal number up to 0777", text);
	return mode;
}

static bool is_id(const char *text, unsigned int *id)
{
	uint64_t value;

	/* -1 means "as it is" to chown(). */
	if (parse_number(text, UINT32_MAX - 1, &value))
		return false;
	*id = value;
	return true;
}

/* Dies unless the text is USER, USER:GROUP or :GROUP, of this machine. */
void get_owner(const char *text, unsigned int *uid, unsigned int *gid)
{
	const char *colon = strchr(text, ':');
	size_t length = colon ? (size_t)(colon - text) : strlen(text);
	const struct passwd *user;
	const struct group *group;
	char name[64];

	*uid = *gid = -1;
	if (length >= sizeof(name))
		die_usage("owner '%.80s' has a name that is too long", text);
	memcpy(name, text, length);
	name[length] = '\0';
	if (!length && (!colon || !colon[1]))
		die_usage("owner '%.80s' names nobody; write USER, USER:GROUP or :GROUP",
			  text);
	if (length && !is_id(name, uid)) {
		user = getpwnam(name);
		if (!user)
			die_usage("there is no user '%s'", name);
		*uid = user->pw_uid;
	}
	if (colon && !is_id(colon + 1, gid)) {
		group = getgrnam(colon + 1);
		if (!group)
			die_usage("there is no group '%.80s'", colon + 1);
		*gid = group->gr_gid;
	}
}

static void get_wish(const struct options *o, struct node_wish *wish)
{
	wish->has_mode = o->mode;
	wish->mode = o->mode ? get_mode(o->mode) : 0;
	wish->uid = wish->gid = -1;
	if (o->owner)
		get_owner(o->owner, &wish->uid, &wish->gid);
}

static const char *path_of(const char *name)
{
	static char path[sizeof("/dev/kfi/") + 2 * KFIPMEM_NAME_MAX + 1];

	snprintf(path, sizeof(path), "/dev/kfi/%s", name);
	return path;
}

/* Whether there is a node, and it has another owner or mode. */
bool node_differs(const struct options *o)
{
	struct node_wish wish;
	struct stat st;

	get_wish(o, &wish);
	if (stat(path_of(o->arg[0]), &st) || !S_ISCHR(st.st_mode))
		return false;
	return (wish.has_mode && (st.st_mode & MODE_MAX) != wish.mode) ||
	       (wish.uid != (uid_t)-1 && st.st_uid != wish.uid) ||
	       (wish.gid != (gid_t)-1 && st.st_gid != wish.gid);
}

int cmd_node(const struct options *o)
{
	const char *path = path_of(o->arg[0]);
	struct node_wish wish;

	get_wish(o, &wish);
	/* The mode last: for no moment has somebody more than both together. */
	if (chown(path, wish.uid, wish.gid))
		die_usage("%s: cannot change the owner: %s", path,
			  strerror(errno));
	if (wish.has_mode && chmod(path, wish.mode))
		die_usage("%s: cannot change the mode: %s", path,
			  strerror(errno));
	return EXIT_OK;
}
