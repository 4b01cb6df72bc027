// SPDX-License-Identifier: BSD-3-Clause
/* kfipmem status, kfipmem stat */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "kfipmem.h"

#define BAR_WIDTH	40

static void json_status(const struct nlattr **a, const struct reply *atts)
{
	bool listening = a[KFIPMEM_A_TARGET_LISTENING];

	json_begin();
	json_object("target");
	json_bool("listening", listening);
	if (listening) {
		json_str("addr", nl_str(a[KFIPMEM_A_TARGET_ADDR]));
		json_uint("port", nl_uint(a[KFIPMEM_A_TARGET_PORT]));
		json_str("provider", nl_str(a[KFIPMEM_A_TARGET_PROVIDER]));
	} else {
		json_null("addr");
		json_null("port");
		json_null("provider");
	}
	json_object_end();
	json_uint("pools", nl_uint(a[KFIPMEM_A_TARGET_POOLS]));
	json_uint("regions", nl_uint(a[KFIPMEM_A_TARGET_REGIONS]));
	json_uint("exports", nl_uint(a[KFIPMEM_A_TARGET_EXPORTS]));
	json_uint("opens", nl_uint(a[KFIPMEM_A_TARGET_OPENS]));
	json_attachments(atts);
	json_end();
}

int cmd_status(const struct options *o)
{
	const struct nlattr *a[KFIPMEM_A_TARGET_MAX + 1];
	struct reply status, atts;

	nl_get(nl_request(KFIPMEM_CMD_STATUS_GET), &status, "status");
	nl_dump(KFIPMEM_CMD_ATTACHMENT_GET, &atts, "attachments");
	nl_parse(status.msg[0], a, KFIPMEM_A_TARGET_MAX);

	if (o->json) {
		json_status(a, &atts);
	} else {
		if (a[KFIPMEM_A_TARGET_LISTENING])
			printf("target       listening on %s port %u, provider %s\n",
			       nl_str(a[KFIPMEM_A_TARGET_ADDR]),
			       (unsigned int)nl_uint(a[KFIPMEM_A_TARGET_PORT]),
			       nl_str(a[KFIPMEM_A_TARGET_PROVIDER]));
		else
			puts("target       not listening");
		printf("pools        %" PRIu64 "\n",
		       nl_uint(a[KFIPMEM_A_TARGET_POOLS]));
		printf("regions      %" PRIu64 "\n",
		       nl_uint(a[KFIPMEM_A_TARGET_REGIONS]));
		printf("exports      %" PRIu64 "\n",
		       nl_uint(a[KFIPMEM_A_TARGET_EXPORTS]));
		printf("attachments  %zu\n", atts.nr);
		printf("open files   %" PRIu64 "\n",
		       nl_uint(a[KFIPMEM_A_TARGET_OPENS]));
		if (atts.nr) {
			putchar('\n');
			print_attachments(&atts);
		}
	}
	nl_reply_free(&status);
	nl_reply_free(&atts);
	return EXIT_OK;
}

struct op_stats {
	const struct nlattr *a[KFIPMEM_A_OP_STATS_MAX + 1];
	uint64_t latency[KFIPMEM_LATENCY_BUCKETS];
	uint64_t samples;
};

static void op_parse(const struct nlattr *nest, struct op_stats *s)
{
	const struct nlattr *latency;
	int i;

	nl_parse_nested(nest, s->a, KFIPMEM_A_OP_STATS_MAX);
	memset(s->latency, 0, sizeof(s->latency));
	s->samples = 0;
	latency = s->a[KFIPMEM_A_OP_STATS_LATENCY];
	if (latency &&
	    mnl_attr_get_payload_len(latency) == sizeof(s->latency))
		memcpy(s->latency, mnl_attr_get_payload(latency),
		       sizeof(s->latency));
	for (i = 0; i < KFIPMEM_LATENCY_BUCKETS; i++)
		s->samples += s->latency[i];
}

static uint64_t op_get(const struct op_stats *s, int attr)
{
	return nl_uint(s->a[attr]);
}

/* Every message on the wire is a request or an answer to one. */
static uint64_t op_messages(const struct op_stats *s)
{
	return op_get(s, KFIPMEM_A_OP_STATS_REQUESTS) +
	       op_get(s, KFIPMEM_A_OP_STATS_REPLIES);
}

static uint64_t op_bytes(const struct op_stats *s)
{
	return op_get(s, KFIPMEM_A_OP_STATS_BYTES_OUT) +
	       op_get(s, KFIPMEM_A_OP_STATS_BYTES_IN);
}

static double per_op(const struct op_stats *s, uint64_t value)
{
	uint64_t ops = op_get(s, KFIPMEM_A_OP_STATS_OPS);

	return ops ? (double)value / (double)ops : 0;
}

/* The bucket that holds the percentile, or -1 without samples. */
static int percentile(const struct op_stats *s, unsigned int percent)
{
	uint64_t seen = 0, wanted;
	int i;

	if (!s->samples)
		return -1;
	/* Rounded up: the smallest count that is that share of the samples. */
	wanted = s->samples / 100 * percent +
		 (s->samples % 100 * percent + 99) / 100;
	for (i = 0; i < KFIPMEM_LATENCY_BUCKETS - 1; i++) {
		seen += s->latency[i];
		if (seen >= wanted)
			break;
	}
	return i;
}

static void json_percentile(const char *key, const struct op_stats *s,
			    unsigned int percent)
{
	int bucket = percentile(s, percent);

	if (bucket < 0) {
		json_null(key);
		return;
	}
	json_object(key);
	json_uint("from_ns", 1ULL << bucket);
	json_uint("below_ns", 2ULL << bucket);
	json_object_end();
}

/* Thousandths as a number with a fraction would tie readers to one parser. */
static void json_op(const struct nlattr *nest, void *arg)
{
	struct op_stats s;
	int i;

	(void)arg;
	op_parse(nest, &s);
	json_object(NULL);
	json_str("op", op_name(op_get(&s, KFIPMEM_A_OP_STATS_OP)));
	json_uint("ops", op_get(&s, KFIPMEM_A_OP_STATS_OPS));
	json_uint("errors", op_get(&s, KFIPMEM_A_OP_STATS_ERRORS));
	json_uint("served", op_get(&s, KFIPMEM_A_OP_STATS_SERVED));
	json_uint("posts", op_get(&s, KFIPMEM_A_OP_STATS_POSTS));
	json_uint("requests", op_get(&s, KFIPMEM_A_OP_STATS_REQUESTS));
	json_uint("replies", op_get(&s, KFIPMEM_A_OP_STATS_REPLIES));
	json_uint("messages", op_messages(&s));
	json_uint("bytes_out", op_get(&s, KFIPMEM_A_OP_STATS_BYTES_OUT));
	json_uint("bytes_in", op_get(&s, KFIPMEM_A_OP_STATS_BYTES_IN));
	json_uint("milli_messages_per_op",
		  (uint64_t)(per_op(&s, op_messages(&s)) * 1000));
	json_uint("bytes_per_op", (uint64_t)per_op(&s, op_bytes(&s)));
	json_object("latency");
	json_percentile("p50", &s, 50);
	json_percentile("p99", &s, 99);
	json_array("histogram");
	for (i = 0; i < KFIPMEM_LATENCY_BUCKETS; i++) {
		if (!s.latency[i])
			continue;
		json_object(NULL);
		json_uint("from_ns", 1ULL << i);
		json_uint("count", s.latency[i]);
		json_object_end();
	}
	json_array_end();
	json_object_end();
	json_object_end();
}

static void json_commit(const struct nlattr *nest, void *arg)
{
	const struct nlattr *a[KFIPMEM_A_COMMIT_STATS_MAX + 1];

	(void)arg;
	nl_parse_nested(nest, a, KFIPMEM_A_COMMIT_STATS_MAX);
	json_uint(method_name(nl_uint(a[KFIPMEM_A_COMMIT_STATS_METHOD])),
		  nl_uint(a[KFIPMEM_A_COMMIT_STATS_COUNT]));
}

static const char *endpoint_name(const struct nlattr *attr)
{
	return nl_uint(attr) == KFIPMEM_ENDPOINT_TARGET ? "target" :
							  "attachment";
}

static void json_endpoint(const struct nlmsghdr *nlh, const struct nlattr **a)
{
	json_object(NULL);
	json_str("name", nl_str(a[KFIPMEM_A_STATS_NAME]));
	json_str("kind", endpoint_name(a[KFIPMEM_A_STATS_ENDPOINT]));
	json_array("ops");
	nl_for_each(nlh, KFIPMEM_A_STATS_OP, json_op, NULL);
	json_array_end();
	json_object("commits");
	nl_for_each(nlh, KFIPMEM_A_STATS_COMMITS, json_commit, NULL);
	json_object_end();
	json_uint("served_commits",
		  nl_uint(a[KFIPMEM_A_STATS_SERVED_COMMITS]));
	json_uint("refused", nl_uint(a[KFIPMEM_A_STATS_REFUSED]));
	json_uint("peers", nl_uint(a[KFIPMEM_A_STATS_PEERS]));
	json_uint("peer_memory", nl_uint(a[KFIPMEM_A_STATS_PEER_MEMORY]));
	json_uint("reconnects", nl_uint(a[KFIPMEM_A_STATS_RECONNECTS]));
	json_uint("credit_stalls",
		  nl_uint(a[KFIPMEM_A_STATS_CREDIT_STALLS]));
	json_object_end();
}

static void print_bucket(int bucket, uint64_t count, uint64_t most)
{
	char from[16], below[16];
	int bar = (int)((double)count * BAR_WIDTH / (double)most + 0.5);

	printf("    %9s - %-9s %10" PRIu64 " ",
	       time_text(1ULL << bucket, from, sizeof(from)),
	       time_text(2ULL << bucket, below, sizeof(below)), count);
	while (bar-- > 0)
		putchar('#');
	putchar('\n');
}

static void print_percentile(const struct op_stats *s, unsigned int percent)
{
	char from[16], below[16];
	int bucket = percentile(s, percent);

	printf("    p%u between %s and %s\n", percent,
	       time_text(1ULL << bucket, from, sizeof(from)),
	       time_text(2ULL << bucket, below, sizeof(below)));
}

static void print_op(const struct nlattr *nest, void *arg)
{
	uint64_t most = 0;
	struct op_stats s;
	int i;

	(void)arg;
	op_parse(nest, &s);
	printf("  %s\n", op_name(op_get(&s, KFIPMEM_A_OP_STATS_OP)));
	printf("    ops %" PRIu64 ", errors %" PRIu64 ", served %" PRIu64 "\n",
	       op_get(&s, KFIPMEM_A_OP_STATS_OPS),
	       op_get(&s, KFIPMEM_A_OP_STATS_ERRORS),
	       op_get(&s, KFIPMEM_A_OP_STATS_SERVED));
	if (op_get(&s, KFIPMEM_A_OP_STATS_OPS))
		printf("    per op: %.2f posts, %.2f requests, %.2f replies, %.2f messages, %.0f bytes out, %.0f bytes in\n",
		       per_op(&s, op_get(&s, KFIPMEM_A_OP_STATS_POSTS)),
		       per_op(&s, op_get(&s, KFIPMEM_A_OP_STATS_REQUESTS)),
		       per_op(&s, op_get(&s, KFIPMEM_A_OP_STATS_REPLIES)),
		       per_op(&s, op_messages(&s)),
		       per_op(&s, op_get(&s, KFIPMEM_A_OP_STATS_BYTES_OUT)),
		       per_op(&s, op_get(&s, KFIPMEM_A_OP_STATS_BYTES_IN)));
	if (!s.samples)
		return;
	print_percentile(&s, 50);
	print_percentile(&s, 99);
	for (i = 0; i < KFIPMEM_LATENCY_BUCKETS; i++)
		if (s.latency[i] > most)
			most = s.latency[i];
	for (i = 0; i < KFIPMEM_LATENCY_BUCKETS; i++)
		if (s.latency[i])
			print_bucket(i, s.latency[i], most);
}

static void print_commit(const struct nlattr *nest, void *arg)
{
	const struct nlattr *a[KFIPMEM_A_COMMIT_STATS_MAX + 1];
	bool *any = arg;

	nl_parse_nested(nest, a, KFIPMEM_A_COMMIT_STATS_MAX);
	printf("%s %s %" PRIu64, *any ? "," : "  commits:",
	       method_name(nl_uint(a[KFIPMEM_A_COMMIT_STATS_METHOD])),
	       nl_uint(a[KFIPMEM_A_COMMIT_STATS_COUNT]));
	*any = true;
}

static void print_endpoint(const struct nlmsghdr *nlh,
			   const struct nlattr **a)
{
	bool any = false;
	char size[16];

	printf("%s (%s)\n", nl_str(a[KFIPMEM_A_STATS_NAME]),
	       endpoint_name(a[KFIPMEM_A_STATS_ENDPOINT]));
	printf("  peers %" PRIu64 ", memory of an idle peer %s, reconnects %" PRIu64 "\n",
	       nl_uint(a[KFIPMEM_A_STATS_PEERS]),
	       size_text(nl_uint(a[KFIPMEM_A_STATS_PEER_MEMORY]), size,
			 sizeof(size)),
	       nl_uint(a[KFIPMEM_A_STATS_RECONNECTS]));
	printf("  commits served %" PRIu64 ", refused %" PRIu64 ", credit stalls %" PRIu64 "\n",
	       nl_uint(a[KFIPMEM_A_STATS_SERVED_COMMITS]),
	       nl_uint(a[KFIPMEM_A_STATS_REFUSED]),
	       nl_uint(a[KFIPMEM_A_STATS_CREDIT_STALLS]));
	nl_for_each(nlh, KFIPMEM_A_STATS_COMMITS, print_commit, &any);
	if (any)
		putchar('\n');
	nl_for_each(nlh, KFIPMEM_A_STATS_OP, print_op, NULL);
}

int cmd_stat(const struct options *o)
{
	const struct nlattr *a[KFIPMEM_A_STATS_MAX + 1];
	const char *wanted = o->nr_args ? o->arg[0] : NULL;
	struct reply reply;
	size_t i, shown = 0;

	if (wanted)
		check_name("attachment", wanted);
	nl_dump(KFIPMEM_CMD_STATS_GET, &reply, "stat");
	for (i = 0; i < reply.nr; i++) {
		nl_parse(reply.msg[i], a, KFIPMEM_A_STATS_MAX);
		if (!wanted || !strcmp(nl_str(a[KFIPMEM_A_STATS_NAME]), wanted))
			shown++;
	}
	if (wanted && !shown)
		die_usage("stat: '%s' is not attached, and only 'target' is another name; see 'kfipmem status'",
			  wanted);

	if (o->json) {
		json_begin();
		json_array("endpoints");
	}
	for (i = 0; i < reply.nr; i++) {
		nl_parse(reply.msg[i], a, KFIPMEM_A_STATS_MAX);
		if (wanted && strcmp(nl_str(a[KFIPMEM_A_STATS_NAME]), wanted))
			continue;
		if (o->json)
			json_endpoint(reply.msg[i], a);
		else
			print_endpoint(reply.msg[i], a);
	}
	if (o->json) {
		json_array_end();
		json_end();
	}
	nl_reply_free(&reply);
	return EXIT_OK;
}
