// SPDX-License-Identifier: BSD-3-Clause
/* What people write: sizes, names, addresses, key files. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "kfipmem.h"

#define EXTENT_MIN	(64ULL << 10)
#define EXTENT_MAX	(1ULL << 30)

/* Return: NULL, or what is wrong with the text. */
const char *parse_number(const char *text, uint64_t max, uint64_t *value)
{
	char *end;

	/* strtoull() takes blanks, a minus and a plus. */
	if (!isdigit((unsigned char)*text))
		return "is not a number";
	errno = 0;
	*value = strtoull(text, &end, 10);
	if (errno == ERANGE || *value > max)
		return "is too large";
	if (*end)
		return "is not a number";
	return NULL;
}

/* Return: NULL, or what is wrong with the text. */
const char *parse_size(const char *text, struct size_spec *size)
{
	static const char units[] = "KMGTPE";
	unsigned int shift;
	const char *unit;
	char *end;

	size->percent = false;
	if (!isdigit((unsigned char)*text))
		return "is not a size (examples: 4096, 64K, 512M, 2G, 50%)";
	errno = 0;
	size->value = strtoull(text, &end, 10);
	if (errno == ERANGE)
		return "is too large";
	if (!strcmp(end, "%")) {
		size->percent = true;
		if (size->value > 100)
			return "is more than 100%";
	} else if (*end) {
		unit = strchr(units, toupper((unsigned char)*end));
		if (!unit || (end[1] && strcmp(end + 1, "iB")))
			return "has an unknown unit (known: K, M, G, T, P, E, %)";
		shift = 10 * (unsigned int)(unit - units + 1);
		if (size->value > UINT64_MAX >> shift)
			return "is too large";
		size->value <<= shift;
	}
	if (!size->value)
		return "is zero";
	return NULL;
}

/* Bytes, at least one. */
uint64_t get_bytes(const char *what, const char *text)
{
	struct size_spec size;
	const char *fault;

	fault = parse_size(text, &size);
	if (!fault && size.percent)
		fault = "is a share of nothing; write bytes";
	if (fault)
		die_usage("%s '%.80s' %s", what, text, fault);
	return size.value;
}

uint64_t get_extent_size(const char *text)
{
	uint64_t size = get_bytes("extent size", text);

	if (size < EXTENT_MIN || size > EXTENT_MAX || (size & (size - 1)))
		die_usage("extent size '%.80s' is not a power of two from 64K to 1G",
			  text);
	return size;
}

static const char *name_fault(const char *name)
{
	const char *c;

	if (!*name)
		return "is empty";
	if (strlen(name) > KFIPMEM_NAME_MAX)
		return "is longer than 63 characters";
	if (!isalnum((unsigned char)*name) || (unsigned char)*name > 0x7f)
		return "does not start with a letter or a digit";
	for (c = name; *c; c++)
		if ((unsigned char)*c > 0x7f ||
		    (!isalnum((unsigned char)*c) && !strchr("._-", *c)))
			return "has characters other than letters, digits, '.', '_' and '-'";
	return NULL;
}

void check_name(const char *what, const char *name)
{
	const char *fault = name_fault(name);

	if (fault)
		die_usage("%s name '%.80s' %s", what, name, fault);
}

/* POOL/NAME. Both buffers have KFIPMEM_NAME_MAX + 1 bytes. */
void split_region(const char *text, char *pool, char *region)
{
	const char *slash = strchr(text, '/');

	if (!slash)
		die_usage("'%.80s' names no pool; write POOL/NAME", text);
	if (slash - text > KFIPMEM_NAME_MAX ||
	    strlen(slash + 1) > KFIPMEM_NAME_MAX)
		die_usage("'%.80s...' is too long; a name has at most %d characters",
			  text, KFIPMEM_NAME_MAX);
	memcpy(pool, text, (size_t)(slash - text));
	pool[slash - text] = '\0';
	memcpy(region, slash + 1, strlen(slash + 1) + 1);
	check_name("pool", pool);
	check_name("region", region);
}

uint16_t get_port(const char *text)
{
	const char *fault;
	uint64_t port;

	fault = parse_number(text, UINT16_MAX, &port);
	if (!fault && !port)
		fault = "is not a port (1 to 65535)";
	if (fault)
		die_usage("port '%.80s' %s", text, fault);
	return (uint16_t)port;
}

/*
 * HOST[:PORT]/REGION, the host of IPv6 in brackets. @host has
 * KFIPMEM_HOST_MAX + 1 bytes, @region KFIPMEM_NAME_MAX + 1.
 */
void split_remote(const char *text, char *host, uint16_t *port, char *region)
{
	const char *slash = strrchr(text, '/');
	const char *end, *start = text;
	char *colon;

	if (!slash)
		die_usage("'%.80s' names no region; write HOST[:PORT]/REGION",
			  text);
	if (strlen(slash + 1) > KFIPMEM_NAME_MAX)
		die_usage("region name '%.80s...' is longer than %d characters",
			  slash + 1, KFIPMEM_NAME_MAX);
	memcpy(region, slash + 1, strlen(slash + 1) + 1);
	check_name("region", region);

	end = slash;
	*port = KFIPMEM_DEFAULT_PORT;
	if (*text == '[') {
		start = text + 1;
		end = memchr(text, ']', (size_t)(slash - text));
		if (!end)
			die_usage("'%.80s' has no closing bracket", text);
	}
	if (end - start > KFIPMEM_HOST_MAX)
		die_usage("the host name is longer than %d characters",
			  KFIPMEM_HOST_MAX);
	memcpy(host, start, (size_t)(end - start));
	host[end - start] = '\0';

	if (*text == '[') {
		if (end + 1 < slash) {
			char buf[8] = "";

			if (end[1] != ':' || slash - end - 2 > 5)
				die_usage("'%.80s' has no port after the bracket",
					  text);
			memcpy(buf, end + 2, (size_t)(slash - end - 2));
			*port = get_port(buf);
		}
	} else {
		colon = strchr(host, ':');
		if (colon && strchr(colon + 1, ':'))
			die_usage("write an IPv6 address in brackets: [%.80s]/%s",
				  host, region);
		if (colon) {
			*port = get_port(colon + 1);
			*colon = '\0';
		}
	}
	if (!*host)
		die_usage("'%.80s' names no host; write HOST[:PORT]/REGION",
			  text);
}

/* The kernel knows addresses, not names. */
void resolve_host(const char *host, char *numeric, size_t size)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *result;
	int ret;

	ret = getaddrinfo(host, NULL, &hints, &result);
	if (!ret) {
		ret = getnameinfo(result->ai_addr, result->ai_addrlen, numeric,
				  (socklen_t)size, NULL, 0, NI_NUMERICHOST);
		freeaddrinfo(result);
	}
	if (ret)
		die_usage("cannot resolve '%.80s': %s", host,
			  gai_strerror(ret));
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

static bool decode_hex(const uint8_t *text, uint8_t key[KFIPMEM_KEY_SIZE])
{
	int high, low, i;

	for (i = 0; i < KFIPMEM_KEY_SIZE; i++) {
		high = hex_digit((char)text[2 * i]);
		low = hex_digit((char)text[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		key[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static size_t read_all(int fd, uint8_t *buf, size_t size, const char *path)
{
	size_t got = 0;
	ssize_t ret;

	while (got < size) {
		ret = read(fd, buf + got, size - got);
		if (ret < 0 && errno == EINTR)
			continue;
		if (ret < 0)
			die_usage("cannot read key file %s: %s", path,
				  strerror(errno));
		if (!ret)
			break;
		got += (size_t)ret;
	}
	return got;
}

/* 32 raw bytes, or 64 hex digits and perhaps a newline. */
void read_key_file(const char *path, uint8_t key[KFIPMEM_KEY_SIZE])
{
	static const uint8_t zero[KFIPMEM_KEY_SIZE];
	uint8_t buf[2 * KFIPMEM_KEY_SIZE + 2];
	struct stat st;
	size_t len;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		die_usage("cannot open key file %s: %s", path,
			  strerror(errno));
	if (fstat(fd, &st))
		die_usage("cannot look at key file %s: %s", path,
			  strerror(errno));
	if (!S_ISREG(st.st_mode))
		die_usage("key file %s is not a regular file", path);
	if (st.st_mode & 0007)
		die_usage("key file %s is open to everybody (mode %03o); make a new key, or chmod 600 it if nobody looked",
			  path, st.st_mode & 0777);
	if (st.st_mode & 0070)
		warn("key file %s is open to its group (mode %03o)", path,
		     st.st_mode & 0777);

	len = read_all(fd, buf, sizeof(buf), path);
	close(fd);
	if (len == 2 * KFIPMEM_KEY_SIZE + 1 && buf[len - 1] == '\n')
		len--;
	if (len == KFIPMEM_KEY_SIZE)
		memcpy(key, buf, KFIPMEM_KEY_SIZE);
	else if (len != 2 * KFIPMEM_KEY_SIZE)
		die_usage("key file %s has the wrong length: a key is 32 raw bytes or 64 hex digits ('kfipmem key generate' makes one)",
			  path);
	else if (!decode_hex(buf, key))
		die_usage("key file %s has 64 characters that are not all hex digits",
			  path);
	explicit_bzero(buf, sizeof(buf));
	if (!memcmp(key, zero, sizeof(zero)))
		die_usage("key file %s holds nothing but zeros", path);
}
