// SPDX-License-Identifier: BSD-3-Clause
/* The environment's variables, and what the library says of itself. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "internal.h"

/* SHMEM_<name>, or SMA_<name> as it was before 1.4. */
const char *shi_getenv(const char *name)
{
	const char *value;
	char full[64];

	snprintf(full, sizeof(full), "SHMEM_%s", name);
	value = getenv(full);
	if (value)
		return value;
	snprintf(full, sizeof(full), "SMA_%s", name);
	return getenv(full);
}

/* A number, which may have a fraction, and K, M, G or T (of 1024). */
size_t shi_env_size(const char *name, size_t otherwise)
{
	static const char units[] = "KMGT";
	const char *text = shi_getenv(name), *unit;
	double value;
	char *end;

	if (!text || !*text)
		return otherwise;
	value = strtod(text, &end);
	if (end == text || !(value >= 0))
		goto bad;
	if (*end) {
		unit = strchr(units, toupper((unsigned char)*end));
		if (!unit)
			goto bad;
		value *= (double)(1UL << (10 * (unit - units + 1)));
		end++;
		if (toupper((unsigned char)*end) == 'B')
			end++;
	}
	if (*end || value > (double)(1UL << 46))
		goto bad;
	return (size_t)value;
bad:
	shi_die("SHMEM_%s='%s' is not a size such as 512M", name, text);
}

void shi_env_show(void)
{
	if (shi.me)
		return;
	if (shi_getenv("VERSION"))
		printf("%s, OpenSHMEM %d.%d\n", SHMEM_VENDOR_STRING,
		       SHMEM_MAJOR_VERSION, SHMEM_MINOR_VERSION);
	if (shi_getenv("INFO"))
		printf("%s, OpenSHMEM %d.%d\n"
		       "SHMEM_SYMMETRIC_SIZE  %zu: bytes of a PE's symmetric heap\n"
		       "SHMEM_PMEM_DIR        %s: where persistent spaces are\n"
		       "SHMEM_VERSION         %s: print the version\n"
		       "SHMEM_INFO            %s: print this\n"
		       "SHMEM_DEBUG           %s: say on stderr what is set up\n",
		       SHMEM_VENDOR_STRING, SHMEM_MAJOR_VERSION, SHMEM_MINOR_VERSION,
		       (size_t)shi.heap_size,
		       shi_getenv("PMEM_DIR") ? shi_getenv("PMEM_DIR") : "not set",
		       shi_getenv("VERSION") ? "set" : "not set",
		       "set", shi_getenv("DEBUG") ? "set" : "not set");
	fflush(stdout);
}

SHI_FN(void, shmem_info_get_version, (int *major, int *minor))
{
	*major = SHMEM_MAJOR_VERSION;
	*minor = SHMEM_MINOR_VERSION;
}

SHI_FN(void, shmem_info_get_name, (char *name))
{
	strcpy(name, SHMEM_VENDOR_STRING);
}
