/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration file: sections of keys and values. kfipmem(1) describes it
 * for those who write it; what may be in it is the table in config.c.
 */
#ifndef KFIPMEM_CONFIG_H
#define KFIPMEM_CONFIG_H

#include <stdbool.h>

#define CONFIG_PATH	"/etc/kfipmem.conf"

/* One line "key = text". */
struct config_value {
	struct config_value *next;
	const char *key;	/* the table's: one address for each name */
	char *text;
	unsigned int line;
};

/* One section "[kind name]", its values in the order of the file. */
struct config_section {
	struct config_section *next;
	const char *kind;
	char *name;
	unsigned int line;
	struct config_value *values;
};

struct config {
	const char *path;
	struct config_section *sections;
};

/*
 * Dies with "FILE:LINE: what is wrong" unless everything in it is right. What it
 * returns is there until the end: a command reads one file.
 */
struct config *config_read(const char *path);
const struct config_section *config_find(const struct config *config,
					 const char *kind, const char *name);
const struct config_value *config_get(const struct config_section *section,
				      const char *key);
bool config_is(const struct config_section *section, const char *key,
	       const char *text);
void config_at(const struct config *config, unsigned int line);
void config_at_end(void);

#endif /* KFIPMEM_CONFIG_H */
