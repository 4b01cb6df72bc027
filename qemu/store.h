/* SPDX-License-Identifier: BSD-3-Clause */
/* Snapshots that outlive their rig. */
#ifndef KFIRIG_STORE_H
#define KFIRIG_STORE_H

#include <stdbool.h>

struct node;
struct rig_config;
struct snapshot;

/* What a node's snapshot has to do with the store; zeros: nothing. */
struct store {
	char *identity;		/* of the boot under way */
	char *entry;		/* the folder that is its place */
	char *writes;		/* the one that is written meanwhile */
	bool keeps;		/* the snapshot of this boot is one for all rigs */
	bool kept;		/* the node's snapshot is in the store */
};

/* Before a boot: what it is. */
void store_prepare(struct node *n, const struct rig_config *cfg);
/* The node gets the snapshot that there is of it, if there is one. */
void store_load(struct node *n, const struct rig_config *cfg);

/* A file for the memory; -1: the snapshot is not to be kept. */
int store_begin(struct node *n, const struct rig_config *cfg);
/* Then either of these; one that cannot be kept is the node's own. */
void store_commit(struct node *n, const struct rig_config *cfg);
void store_abandon(struct snapshot *s);
bool store_writes(const struct snapshot *s);

/* The snapshot was of no use. */
void store_remove(struct snapshot *s);
void store_free(struct snapshot *s);

#endif
