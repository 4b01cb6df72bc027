/* SPDX-License-Identifier: BSD-3-Clause */
/* kfirig: nodes with NVDIMMs and a network between them, in QEMU. */
#ifndef KFIRIG_H
#define KFIRIG_H

#include <argp.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "buf.h"
#include "gdb.h"
#include "snapshot.h"
#include "wire.h"

/* Exit statuses that are not the command's own; see kfirig(1). */
#define EXIT_TIMEOUT	124
#define EXIT_NODE_LOST	125
#define EXIT_RIG	255

#define NODES_MAX	32
#define NAME_MAX_NODE	15
#define NVDIMMS_MAX	4

/* What is built into the program. */
extern const char embed_agent[], embed_agent_end[];
extern const char embed_init[], embed_init_end[];
extern const char embed_mkimage[], embed_mkimage_end[];

/* spec.c: what a node is made of */
enum domain { DOMAIN_MEM_CTRL, DOMAIN_CPU, DOMAIN_VIRTIO };

struct node_spec {
	char name[NAME_MAX_NODE + 1];
	unsigned int cpus;
	uint64_t mem;
	uint64_t nvdimm[NVDIMMS_MAX];
	unsigned int nvdimms;
	enum domain domain;
};

void spec_parse(struct node_spec *spec, const char *text);
const char *domain_name(enum domain domain);
extern const char spec_help[];

/* The options that all nodes of a rig share. */
struct rig_config {
	char dir[PATH_MAX];
	char *image;
	char *vmlinuz;
	char *append;		/* to the kernel's command line */
	char *qemu;
	char **qemu_args;
	unsigned int nr_qemu_args;
	char **plugins;		/* of TCG, with %d, %n and %b in them */
	unsigned int nr_plugins;
	unsigned int mtu;
	bool kvm;
	bool fresh;
	bool fast_boot;
	char *store;		/* snapshots of all rigs; NULL: none */
	struct node_spec nodes[NODES_MAX];
	unsigned int nr_nodes;
};

/* node.c: one QEMU process */
enum node_state { NODE_OFF, NODE_BOOTING, NODE_READY, NODE_FAILED, NODE_DEAD };

struct node {
	const struct node_spec *spec;
	unsigned int index;
	enum node_state state;
	bool link_up;
	bool cutting;		/* killed on purpose, not reaped yet */
	bool freezes;		/* where it is armed for it is not cut */
	bool frozen;		/* it stands there */
	bool reached;		/* and that at the address it was armed for */
	bool restored;		/* this boot began at the snapshot */
	unsigned int boots;
	pid_t pid;
	int chan;		/* to the agent */
	int tap;
	struct buf in;
	struct buf out;
	struct gdb gdb;
	struct snapshot snapshot;
	uint32_t next_id;
	int64_t started;	/* CLOCK_MONOTONIC, milliseconds */
	int64_t boot_ms;
	char why[512];		/* reason of NODE_FAILED and NODE_DEAD */
	char note[512];		/* of its power-on: why it was not restored */
};

/* boot: not from a snapshot */
int node_start(struct node *n, const struct rig_config *cfg, bool boot);
void node_reaped(struct node *n, int status);
void node_path(const struct rig_config *cfg, const struct node *n,
	       const char *file, char *path, size_t size);
void node_nvdimm(const struct rig_config *cfg, const struct node *n,
		 unsigned int i, char *path, size_t size);
/* What the guest sees: the same in any rig that has such a node. */
void node_describe(const struct node *n, const struct rig_config *cfg, FILE *f);
/* Of this power-on, for who waits for it. */
void node_note(struct node *n, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void node_console(const struct rig_config *cfg, const char *name,
		  char *path, size_t size);
bool console_complains(const char *path);
/* What the console has said so far is what a restored node begins with. */
bool node_console_keep(const struct node *n, const struct rig_config *cfg);
const char *node_state_name(enum node_state state);
void node_address(unsigned int index, char *text, size_t size);

/* medium.c: what is in a node's NVDIMM files */
/* Where namespaces are told, of each NVDIMM; NULL: cannot be read. Allocated. */
char *medium_heads(const struct node *n, const struct rig_config *cfg);
bool medium_has_heads(const struct node *n, const struct rig_config *cfg,
		      const char *heads);
bool medium_is_blank(const struct node *n, const struct rig_config *cfg);
/* All that is not zero, to be written to blank files. */
bool medium_collect(const struct node *n, const struct rig_config *cfg,
		    struct buf *pages);
/* Blank NVDIMMs become as collected; the others must have the same heads. */
enum medium_fill { MEDIUM_FILLED, MEDIUM_OTHER, MEDIUM_FAILED };
enum medium_fill medium_fill(const struct node *n, const struct rig_config *cfg,
			     const struct buf *pages);

/* net.c: the rig's own network namespace, called inside it */
int net_enter(void);
int net_bridge_create(unsigned int mtu);
int net_tap_open(unsigned int index, unsigned int mtu);
int net_tap_link(int tap, bool up);

/* rig.c: the supervisor. Returns when the rig is down. */
int rig_supervise(const struct rig_config *cfg, int owner);

/* client.c: talking to the supervisor */
extern const char *rig_dir_option;
const char *rig_dir(void);
int rig_connect(const char *dir);
void rig_send(int fd, uint8_t type, const void *data, size_t len);
/* Wait for WIRE_OK; print its text. Returns the exit status. */
int rig_wait_reply(int fd);
/* Ask for the same of several nodes at once. Returns the exit status. */
int rig_nodes_request(uint8_t type, const char *const *nodes, int count);
void rig_wait_gone(int fd);

/* image.c */
char *image_default(const char *kernel);
bool image_kernel(const char *image, char *version, size_t size);

/* kernel.c */
char *kernel_bootable(const char *vmlinuz);

/* kvm.c */
bool kvm_usable(const char *qemu, const char *vmlinuz);

/* util.c */
void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void *xrealloc(void *p, size_t count, size_t size);
int64_t now_ms(void);
double patience(void);
void cache_path(char *path, size_t size, const char *name);
void make_dirs(const char *path);
bool is_zero(const char *p, size_t len);
bool write_all(int fd, const void *data, size_t len);
char *find_qemu(void);
void newest_kernel(char *version, size_t size);
int embed_open(const char *name, const char *data, const char *end);

/* The sub-commands; argv[0] is "kfirig NAME". */
int cmd_image(int argc, char **argv);
int cmd_up(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_exec(int argc, char **argv);
int cmd_put(int argc, char **argv);
int cmd_get(int argc, char **argv);
int cmd_cut(int argc, char **argv);
int cmd_thaw(int argc, char **argv);
int cmd_power_on(int argc, char **argv);
int cmd_link(int argc, char **argv);
int cmd_netem(int argc, char **argv);
int cmd_dmesg(int argc, char **argv);
int cmd_console(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_down(int argc, char **argv);

/* stream.c: run a command on a node with this process's descriptors */
struct stream_options {
	const char *node;
	const char *cut_node;	/* power to cut when the output has cut_text */
	const char *cut_text;
	double timeout;		/* seconds; 0: none */
	int in;			/* -1: no standard input */
	int out;
	int error;
	/* When set, gets the output instead of the descriptor out. */
	bool (*sink)(void *arg, const char *data, size_t len);
	void *sink_arg;
};

int stream_run(const struct stream_options *o, char *const argv[]);

#endif
