// SPDX-License-Identifier: BSD-3-Clause
/* kfipmem set status: what the kernel says of replica sets, once. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "set.h"

#define BAR_WIDTH	20

static void copy_str(char *to, size_t size, const struct nlattr *attr)
{
	snprintf(to, size, "%s", nl_str(attr));
}

static void read_member(const struct nlattr *nest, void *arg)
{
	const struct nlattr *a[KFIPMEM_A_MEMBER_MAX + 1];
	struct set_status *set = arg;
	struct member_status *m;

	if (set->nr_members == ARRAY_SIZE(set->member))
		return;
	m = &set->member[set->nr_members++];
	nl_parse_nested(nest, a, KFIPMEM_A_MEMBER_MAX);
	m->index = nl_uint(a[KFIPMEM_A_MEMBER_INDEX]);
	m->removed = a[KFIPMEM_A_MEMBER_REMOVED];
	if (m->removed)
		return;
	set->nr_votes++;
	m->local = a[KFIPMEM_A_MEMBER_POOL];
	copy_str(m->host, sizeof(m->host),
		 a[m->local ? KFIPMEM_A_MEMBER_POOL : KFIPMEM_A_MEMBER_HOST]);
	copy_str(m->region, sizeof(m->region), a[KFIPMEM_A_MEMBER_REGION]);
	snprintf(m->where, sizeof(m->where),
		 m->local ? "local:%s/%s" :
		 strchr(m->host, ':') ? "[%s]/%s" : "%s/%s", m->host,
		 m->region);
	m->witness = a[KFIPMEM_A_MEMBER_WITNESS];
	m->full = a[KFIPMEM_A_MEMBER_FULL];
	m->state = nl_uint(a[KFIPMEM_A_MEMBER_STATE]);
	m->error = nl_uint(a[KFIPMEM_A_MEMBER_ERROR]);
	m->behind = nl_uint(a[KFIPMEM_A_MEMBER_BEHIND]);
	m->resynced = nl_uint(a[KFIPMEM_A_MEMBER_RESYNCED]);
	m->resync_total = nl_uint(a[KFIPMEM_A_MEMBER_RESYNC_TOTAL]);
	m->writes = nl_uint(a[KFIPMEM_A_MEMBER_WRITES]);
}

static void read_set(const struct nlmsghdr *nlh, const struct nlattr **a,
		     struct set_status *set)
{
	copy_str(set->name, sizeof(set->name), a[KFIPMEM_A_SET_NAME]);
	nl_uuid(a[KFIPMEM_A_SET_UUID], set->uuid);
	set->size = nl_uint(a[KFIPMEM_A_SET_SIZE]);
	set->state = nl_uint(a[KFIPMEM_A_SET_STATE]);
	set->epoch = nl_uint(a[KFIPMEM_A_SET_EPOCH]);
	set->generation = nl_uint(a[KFIPMEM_A_SET_GENERATION]);
	set->quorum = nl_uint(a[KFIPMEM_A_SET_QUORUM]);
	set->extent_size = nl_uint(a[KFIPMEM_A_SET_EXTENT_SIZE]);
	set->dirty_extents = nl_uint(a[KFIPMEM_A_SET_DIRTY_EXTENTS]);
	set->held = nl_uint(a[KFIPMEM_A_SET_HELD]);
	set->reads = nl_uint(a[KFIPMEM_A_SET_READS]);
	set->writes = nl_uint(a[KFIPMEM_A_SET_WRITES]);
	set->commits = nl_uint(a[KFIPMEM_A_SET_COMMITS]);
	set->intent_writes = nl_uint(a[KFIPMEM_A_SET_INTENT_WRITES]);
	set->takeover_ms = nl_uint(a[KFIPMEM_A_SET_TAKEOVER_MS]);
	set->scrubbing = a[KFIPMEM_A_SET_SCRUBBING];
	set->scrubbed = nl_uint(a[KFIPMEM_A_SET_SCRUBBED]);
	set->mismatches = nl_uint(a[KFIPMEM_A_SET_MISMATCHES]);
	set->repaired = nl_uint(a[KFIPMEM_A_SET_REPAIRED]);
	set->users = nl_uint(a[KFIPMEM_A_SET_USERS]);
	nl_for_each(nlh, KFIPMEM_A_SET_MEMBER, read_member, set);
}

void sets_read(struct set_list *list, const char *name)
{
	const struct nlattr *a[KFIPMEM_A_SET_MAX + 1];
	struct reply reply;
	size_t i;

	nl_dump(KFIPMEM_CMD_SET_GET, &reply, "set status");
	list->nr = 0;
	list->set = xalloc((reply.nr + 1) * sizeof(*list->set));
	for (i = 0; i < reply.nr; i++) {
		nl_parse(reply.msg[i], a, KFIPMEM_A_SET_MAX);
		if (!name || !strcmp(nl_str(a[KFIPMEM_A_SET_NAME]), name))
			read_set(reply.msg[i], a, &list->set[list->nr++]);
	}
	nl_reply_free(&reply);
}

void sets_free(struct set_list *list)
{
	free(list->set);
	list->set = NULL;
	list->nr = 0;
}

/* Rounded down: 100 is the whole. */
unsigned int percent_of(uint64_t part, uint64_t whole)
{
	if (part >= whole)
		return 100;
	if (whole >= UINT64_MAX / 100)
		return (unsigned int)(part / (whole / 100));
	return (unsigned int)(part * 100 / whole);
}

static void print_bar(unsigned int percent)
{
	unsigned int i;

	printf("%3u%% [", percent);
	for (i = 0; i < BAR_WIDTH; i++)
		putchar(i < percent * BAR_WIDTH / 100 ? '#' : '.');
	putchar(']');
}

static void print_member(const struct member_status *m)
{
	char behind[16];

	if (m->removed) {
		printf("  %2" PRIu64 "  removed\n", m->index);
		return;
	}
	printf("  %2" PRIu64 "  %-32s %-7s %-8s ", m->index, m->where,
	       m->witness ? "witness" : "data", member_state_name(m->state));
	if (m->behind || m->full)
		printf("%8s behind",
		       size_text(m->behind, behind, sizeof(behind)));
	if (m->full)
		printf(" (whole)");
	if (m->state == KFIPMEM_MEMBER_SYNCING && m->resync_total) {
		printf(" ");
		print_bar(percent_of(m->resynced, m->resync_total));
	}
	if (m->error)
		printf(" %s", strerror((int)m->error));
	putchar('\n');
}

static unsigned int print_scrub(const struct set_status *set)
{
	char size[16];

	if (set->scrubbing) {
		printf("  scrub ");
		print_bar(percent_of(set->scrubbed, set->size));
	} else if (set->scrubbed) {
		printf("  last scrub: %s compared%s",
		       size_text(set->scrubbed, size, sizeof(size)),
		       set->scrubbed < set->size ? ", broken off" : "");
	} else {
		return 0;
	}
	printf(", extents that differ %" PRIu64 ", repaired %" PRIu64 "\n",
	       set->mismatches, set->repaired);
	return 1;
}

static unsigned int print_set(const struct set_status *set)
{
	char size[16], extent[16];
	unsigned int i;

	printf("%s: %s, %s, epoch %" PRIu64 ", generation %" PRIu64
	       ", quorum %" PRIu64 " of %u, held %" PRIu64 ", users %" PRIu64
	       "\n", set->name, set_state_name(set->state),
	       size_text(set->size, size, sizeof(size)), set->epoch,
	       set->generation, set->quorum, set->nr_votes, set->held,
	       set->users);
	printf("  dirty extents %" PRIu64 " of %s, takeover %" PRIu64
	       " ms, reads %" PRIu64 ", writes %" PRIu64 " (%" PRIu64
	       " waited for an intent), commits %" PRIu64 "\n",
	       set->dirty_extents,
	       size_text(set->extent_size, extent, sizeof(extent)),
	       set->takeover_ms, set->reads, set->writes, set->intent_writes,
	       set->commits);
	for (i = 0; i < set->nr_members; i++)
		print_member(&set->member[i]);
	return 2 + set->nr_members + print_scrub(set);
}

/* Return: the number of lines. */
unsigned int sets_print(const struct set_list *list)
{
	unsigned int lines = 0;
	size_t i;

	for (i = 0; i < list->nr; i++) {
		if (i) {
			putchar('\n');
			lines++;
		}
		lines += print_set(&list->set[i]);
	}
	return lines;
}

static void json_text(const char *key, const char *text)
{
	if (text)
		json_str(key, text);
	else
		json_null(key);
}

static void json_member(const struct member_status *m)
{
	bool is = !m->removed;

	json_object(NULL);
	json_uint("index", m->index);
	json_bool("removed", m->removed);
	json_text("where", is ? m->where : NULL);
	json_text("pool", is && m->local ? m->host : NULL);
	json_text("host", is && !m->local ? m->host : NULL);
	json_text("region", is ? m->region : NULL);
	json_bool("witness", m->witness);
	json_text("state", is ? member_state_name(m->state) : NULL);
	json_uint("errno", m->error);
	json_text("error", m->error ? strerror((int)m->error) : NULL);
	json_bool("full", m->full);
	json_uint("behind", m->behind);
	json_uint("resynced", m->resynced);
	json_uint("resync_total", m->resync_total);
	if (m->state == KFIPMEM_MEMBER_SYNCING && m->resync_total)
		json_uint("resync_percent",
			  percent_of(m->resynced, m->resync_total));
	else
		json_null("resync_percent");
	json_uint("writes", m->writes);
	json_object_end();
}

static void json_set(const struct set_status *set)
{
	unsigned int i;

	json_object(NULL);
	json_str("name", set->name);
	json_str("uuid", set->uuid);
	json_str("state", set_state_name(set->state));
	json_uint("size", set->size);
	json_uint("epoch", set->epoch);
	json_uint("generation", set->generation);
	json_uint("quorum", set->quorum);
	json_uint("extent_size", set->extent_size);
	json_uint("dirty_extents", set->dirty_extents);
	json_uint("held", set->held);
	json_uint("users", set->users);
	json_uint("takeover_ms", set->takeover_ms);
	json_uint("reads", set->reads);
	json_uint("writes", set->writes);
	json_uint("intent_writes", set->intent_writes);
	json_uint("commits", set->commits);
	json_object("scrub");
	json_bool("running", set->scrubbing);
	json_uint("scrubbed", set->scrubbed);
	json_uint("mismatches", set->mismatches);
	json_uint("repaired", set->repaired);
	json_object_end();
	json_array("members");
	for (i = 0; i < set->nr_members; i++)
		json_member(&set->member[i]);
	json_array_end();
	json_object_end();
}

void sets_json(const struct set_list *list)
{
	size_t i;

	json_begin();
	json_array("sets");
	for (i = 0; i < list->nr; i++)
		json_set(&list->set[i]);
	json_array_end();
	json_end();
}

int cmd_set_status(const struct options *o)
{
	const char *name = o->nr_args ? o->arg[0] : NULL;
	struct set_list list;

	if (name)
		check_name("set", name);
	sets_read(&list, name);
	if (name && !list.nr)
		die_usage("set status: no set '%s' is started here; see 'kfipmem set status'",
			  name);
	if (o->watch) {
		sets_free(&list);
		sets_watch(name);
		return EXIT_OK;
	}
	if (o->json)
		sets_json(&list);
	else if (list.nr)
		sets_print(&list);
	else
		puts("no set is started here");
	sets_free(&list);
	return EXIT_OK;
}
