// SPDX-License-Identifier: BSD-3-Clause
/* kfipmem key generate */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include "kfipmem.h"

int cmd_key_generate(const struct options *o)
{
	char text[2 * KFIPMEM_KEY_SIZE + 2];
	uint8_t key[KFIPMEM_KEY_SIZE];
	const char *path = o->arg[0];
	int fd, i, err;

	if (getrandom(key, sizeof(key), 0) != sizeof(key))
		die_usage("no random numbers: %s", strerror(errno));
	for (i = 0; i < KFIPMEM_KEY_SIZE; i++)
		snprintf(text + 2 * i, 3, "%02x", key[i]);
	text[2 * KFIPMEM_KEY_SIZE] = '\n';

	/* Never over a key that a peer may depend on. */
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		die_usage("cannot make key file %.200s: %s", path,
			  strerror(errno));
	if (write(fd, text, 2 * KFIPMEM_KEY_SIZE + 1) !=
	    2 * KFIPMEM_KEY_SIZE + 1 || fsync(fd) || close(fd)) {
		err = errno;
		unlink(path);
		die_usage("cannot write key file %.200s: %s", path,
			  strerror(err));
	}
	explicit_bzero(key, sizeof(key));
	explicit_bzero(text, sizeof(text));
	if (o->json) {
		json_begin();
		json_bool("ok", true);
		json_str("file", path);
		json_end();
	}
	return EXIT_OK;
}
