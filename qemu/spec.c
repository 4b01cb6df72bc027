// SPDX-License-Identifier: BSD-3-Clause
/* The text that describes a node: NAME[:key=value,...]. */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kfirig.h"

#define MIB (1ull << 20)

const char spec_help[] =
	"A node is NAME[:KEY=VALUE[,KEY=VALUE]...]:\v"
	"  mem=SIZE      memory (768M)\n"
	"  cpus=N        virtual CPUs (1)\n"
	"  nvdimm=SIZE   an NVDIMM, a multiple of 16M; 0 for none; given again,\n"
	"                one more (256M)\n"
	"  domain=KIND   persistence domain of its NVDIMMs: mem-ctrl (ADR), cpu\n"
	"                (eADR) or virtio (virtio-pmem) (mem-ctrl)\n"
	"\n"
	"Nodes get the addresses 10.77.0.1, 10.77.0.2, ... in the order given and "
	"know each other by name.";

static const char *const domain_names[] = {
	[DOMAIN_MEM_CTRL] = "mem-ctrl",
	[DOMAIN_CPU] = "cpu",
	[DOMAIN_VIRTIO] = "virtio",
};

const char *domain_name(enum domain domain)
{
	return domain_names[domain];
}

static uint64_t parse_size(const char *node, const char *key, const char *text)
{
	unsigned long long value;
	unsigned int shift;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	switch (*end) {
	case 'G':
		shift = 30;
		break;
	case 'M':
		shift = 20;
		break;
	case 'K':
		shift = 10;
		break;
	default:
		shift = 0;
	}
	if (!isdigit((unsigned char)*text) || errno || (shift && end[1]) ||
	    (!shift && *end) || value > (1ull << 40) >> shift)
		die("node %s: %s=%s is not a size such as 256M or 1G",
		    node, key, text);
	return value << shift;
}

static void parse_domain(struct node_spec *spec, const char *text)
{
	size_t i;

	for (i = 0; i < sizeof(domain_names) / sizeof(*domain_names); i++) {
		if (!strcmp(text, domain_names[i])) {
			spec->domain = i;
			return;
		}
	}
	die("node %s: domain=%s is unknown: use mem-ctrl, cpu or virtio",
	    spec->name, text);
}

static void parse_nvdimm(struct node_spec *spec, const char *text)
{
	uint64_t size = parse_size(spec->name, "nvdimm", text);

	if (size % (16 * MIB))
		die("node %s: nvdimm=%s is not a multiple of 16M",
		    spec->name, text);
	if (!size)
		return;
	if (spec->nvdimms == NVDIMMS_MAX)
		die("node %s: more than %d NVDIMMs", spec->name, NVDIMMS_MAX);
	spec->nvdimm[spec->nvdimms++] = size;
}

void spec_parse(struct node_spec *spec, const char *text)
{
	size_t len = strcspn(text, ":");
	bool nvdimm_given = false;
	char *copy, *key, *save, *value, *end;
	size_t i;

	*spec = (struct node_spec){ .cpus = 1, .mem = 768 * MIB };
	if (!len || len > NAME_MAX_NODE)
		die("node name in \"%s\": 1 to %d characters, please",
		    text, NAME_MAX_NODE);
	memcpy(spec->name, text, len);
	/* The name is a host name, a folder and a word of the command line. */
	for (i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && (text[i] != '-' || !i))
			die("node name \"%s\": letters, digits and - only",
			    spec->name);
	if (!text[len])
		goto defaults;
	copy = strdup(text + len + 1);
	if (!copy)
		die("out of memory");
	for (key = strtok_r(copy, ",", &save); key;
	     key = strtok_r(NULL, ",", &save)) {
		value = strchr(key, '=');
		if (!value)
			die("node %s: \"%s\" is not KEY=VALUE", spec->name, key);
		*value++ = 0;
		if (!strcmp(key, "mem")) {
			spec->mem = parse_size(spec->name, key, value);
			if (spec->mem < 256 * MIB || spec->mem % MIB)
				die("node %s: mem=%s: at least 256M, in whole MiB",
				    spec->name, value);
		} else if (!strcmp(key, "cpus")) {
			spec->cpus = strtoul(value, &end, 10);
			if (*end || spec->cpus < 1 || spec->cpus > 64)
				die("node %s: cpus=%s: 1 to 64", spec->name, value);
		} else if (!strcmp(key, "nvdimm")) {
			nvdimm_given = true;
			parse_nvdimm(spec, value);
		} else if (!strcmp(key, "domain")) {
			parse_domain(spec, value);
		} else {
			die("node %s: unknown key \"%s\": mem, cpus, nvdimm or domain",
			    spec->name, key);
		}
	}
	free(copy);
defaults:
	if (!nvdimm_given) {
		spec->nvdimm[0] = 256 * MIB;
		spec->nvdimms = 1;
	}
}
