/* SPDX-License-Identifier: BSD-3-Clause */
/* kfipmem: the command line of persistent memory over kfabric. */
#ifndef KFIPMEM_H
#define KFIPMEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <libmnl/libmnl.h>
#include "kfi_user.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

enum exit_code {
	EXIT_OK = 0,
	EXIT_KERNEL = 1,	/* the kernel refused, or nobody takes the answer */
	EXIT_USAGE = 2,		/* the kernel was not asked */
	EXIT_NO_MODULE = 3,	/* there is nobody to ask */
};

/* main.c: everything that a command line can say. */
struct options {
	bool json;
	const char *name;
	const char *peer;
	const char *as;
	const char *key_file;
	const char *size;
	const char *addr;
	const char *port;
	const char *provider;
	const char *epoch;
	const char *cache_seed;
	const char *extent_size;
	const char *resync_rate;
	const char *config;
	const char *block_size;
	const char *number;
	const char *set;
	const char *mode;
	const char *owner;
	bool cache_model;
	bool force;
	bool insecure;
	bool read_only;
	bool assume_clean;
	bool raw;
	bool fail_io;
	bool repair;
	bool wait;
	bool watch;
	bool check;
	struct {
		const char *text;
		bool witness;
	} member[KFIPMEM_SET_MEMBERS_MAX];
	unsigned int nr_members;
	const char *arg[4];
	unsigned int nr_args;
};

extern bool json_mode;

/* Print and leave: a command is one request, so nothing has to be undone. */
void die_usage(const char *fmt, ...)
	__attribute__((noreturn, format(printf, 1, 2)));
void die_kernel(int err, const char *text, const char *fmt, ...)
	__attribute__((noreturn, format(printf, 3, 4)));
void die_no_module(void) __attribute__((noreturn));
/* What an error says first, while a file is read; "" for nothing. */
void die_where(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void flush_answer(void);
void *xalloc(size_t size);

/* parse.c: what people write, checked before the kernel is asked. */
struct size_spec {
	bool percent;
	uint64_t value;		/* bytes, or hundredths of the whole */
};

const char *parse_size(const char *text, struct size_spec *size);
const char *parse_number(const char *text, uint64_t max, uint64_t *value);
uint64_t get_bytes(const char *what, const char *text);
uint64_t get_extent_size(const char *text);
void check_name(const char *what, const char *name);
void split_region(const char *text, char *pool, char *region);
void split_remote(const char *text, char *host, uint16_t *port, char *region);
uint16_t get_port(const char *text);
void resolve_host(const char *host, char *numeric, size_t size);
void read_key_file(const char *path, uint8_t key[KFIPMEM_KEY_SIZE]);

/* node.c: owner and mode of what is in /dev/kfi. */
unsigned int get_mode(const char *text);
void get_owner(const char *text, unsigned int *uid, unsigned int *gid);
bool node_differs(const struct options *o);
int cmd_node(const struct options *o);

/* member.c: a member of a replica set. */
struct member_spec {
	bool removed;	/* nothing else counts then */
	bool local;
	char pool[KFIPMEM_NAME_MAX + 1];
	char host[KFIPMEM_HOST_MAX + 1];
	uint16_t port;
	char region[KFIPMEM_NAME_MAX + 1];
};

/* How this machine presents itself to members on others. */
struct member_auth {
	const char *as;
	const char *provider;
	bool insecure;
	uint8_t key[KFIPMEM_KEY_SIZE];
};

bool is_removed(const char *member);
void parse_member(const char *text, struct member_spec *spec);
void get_member_auth(const char *cmd, const struct options *o,
		     struct member_auth *auth);
void put_members(struct nlmsghdr *nlh, const struct options *o,
		 const struct member_auth *auth);

/* nl.c: requests to the kernel. */
struct reply {
	struct nlmsghdr **msg;
	size_t nr;
};

typedef void (*nl_attr_cb)(const struct nlattr *attr, void *arg);

struct nlmsghdr *nl_request(uint8_t cmd);
void nl_forget(void);
void nl_put_uint(struct nlmsghdr *nlh, uint16_t type, uint64_t value);
void nl_put_flag(struct nlmsghdr *nlh, uint16_t type);
void nl_do(struct nlmsghdr *nlh, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void nl_get(struct nlmsghdr *nlh, struct reply *reply, const char *what);
void nl_dump(uint8_t cmd, struct reply *reply, const char *what);
void nl_reply_free(struct reply *reply);
void nl_parse(const struct nlmsghdr *nlh, const struct nlattr **attrs,
	      uint16_t max);
void nl_parse_nested(const struct nlattr *nest, const struct nlattr **attrs,
		     uint16_t max);
void nl_for_each(const struct nlmsghdr *nlh, uint16_t type, nl_attr_cb cb,
		 void *arg);
uint64_t nl_uint(const struct nlattr *attr);
const char *nl_str(const struct nlattr *attr);
const char *nl_uuid(const struct nlattr *attr, char text[37]);

/* json.c: a writer that keeps track of commas and nesting. */
void json_begin(void);
void json_end(void);
void json_object(const char *key);
void json_object_end(void);
void json_array(const char *key);
void json_array_end(void);
void json_str(const char *key, const char *value);
void json_uint(const char *key, uint64_t value);
void json_bool(const char *key, bool value);
void json_null(const char *key);
void json_ok(void);

/* names.c: enumerations and quantities in words. */
const char *domain_name(uint64_t domain);
const char *method_name(uint64_t method);
const char *op_name(uint64_t op);
const char *set_state_name(uint64_t state);
const char *member_state_name(uint64_t state);
const char *size_text(uint64_t bytes, char *buf, size_t size);
const char *time_text(uint64_t ns, char *buf, size_t size);

/* Lists that more than one command shows. */
void print_pools(const struct reply *reply);
void print_regions(const struct reply *reply);
void print_exports(const struct reply *reply);
void print_attachments(const struct reply *reply);
void json_attachments(const struct reply *reply);

/* cmd_*.c */
int cmd_pool_create(const struct options *o);
int cmd_pool_open(const struct options *o);
int cmd_pool_close(const struct options *o);
int cmd_pool_list(const struct options *o);
int cmd_pool_destroy(const struct options *o);
int cmd_region_create(const struct options *o);
int cmd_region_list(const struct options *o);
int cmd_region_remove(const struct options *o);
int cmd_export(const struct options *o);
int cmd_unexport(const struct options *o);
int cmd_exports(const struct options *o);
int cmd_fence(const struct options *o);
int cmd_listen(const struct options *o);
int cmd_unlisten(const struct options *o);
int cmd_attach(const struct options *o);
int cmd_detach(const struct options *o);
int cmd_key_generate(const struct options *o);
int cmd_status(const struct options *o);
int cmd_stat(const struct options *o);
int cmd_set_create(const struct options *o);
int cmd_set_start(const struct options *o);
int cmd_set_stop(const struct options *o);
int cmd_set_add(const struct options *o);
int cmd_set_remove(const struct options *o);
int cmd_set_scrub(const struct options *o);
int cmd_set_members(const struct options *o);
int cmd_set_status(const struct options *o);
int cmd_blk_add(const struct options *o);
int cmd_blk_del(const struct options *o);
int cmd_blk_resize(const struct options *o);
int cmd_blk_list(const struct options *o);
int cmd_up(const struct options *o);
int cmd_down(const struct options *o);

#endif /* KFIPMEM_H */
