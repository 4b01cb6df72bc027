// SPDX-License-Identifier: BSD-3-Clause
/*
 * Gives a harness the inputs of a corpus, without a fuzzer:
 *
 *   NAME CORPUS.txt          each line once; the last one says how many
 *   NAME --unpack DIR CORPUS.txt   a file for each line, as libFuzzer wants them
 *
 * A corpus is text: an input to a line, in hexadecimal digits, "-" for none;
 * "#" begins a comment.
 */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

static unsigned int replaying;

/* A sanitizer ends the process as well, and not by a signal. */
static void say_which(void)
{
	if (replaying)
		fprintf(stderr, "in line %u of the corpus\n", replaying);
}

static void on_abort(int sig)
{
	say_which();
	_exit(128 + sig);
}

static int digit(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* Return: bytes, which replace the digits, or -1: this is no input. */
static ssize_t decode(char *line)
{
	ssize_t n;

	line[strcspn(line, "# \t\r\n")] = '\0';
	if (!strcmp(line, "-"))
		return 0;
	for (n = 0; line[2 * n]; n++) {
		int high = digit(line[2 * n]), low = digit(line[2 * n + 1]);

		if (high < 0 || low < 0)
			return -1;
		line[n] = (char)(high << 4 | low);
	}
	return n;
}

static void unpack(const char *dir, int number, const char *data, size_t size)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%04d", dir, number);
	file = fopen(path, "w");
	if (!file || fwrite(data, 1, size, file) != size || fclose(file))
		err(2, "%s", path);
}

int main(int argc, char **argv)
{
	const char *dir = NULL, *path;
	unsigned int at = 0;
	int inputs = 0;
	char *line = NULL;
	size_t room = 0;
	ssize_t size;
	FILE *file;

	if (argc == 4 && !strcmp(argv[1], "--unpack")) {
		dir = argv[2];
		if (mkdir(dir, 0777) && errno != EEXIST)
			err(2, "%s", dir);
	} else if (argc != 2) {
		errx(2, "usage: %s [--unpack DIR] CORPUS.txt", argv[0]);
	}
	path = argv[argc - 1];
	atexit(say_which);
	signal(SIGABRT, on_abort);
	file = fopen(path, "r");
	if (!file)
		err(2, "%s", path);
	while (getline(&line, &room, file) >= 0) {
		at++;
		if (*line == '#' || *line == '\n')
			continue;
		size = decode(line);
		if (size < 0)
			errx(2, "%s:%u: not hexadecimal digits", path, at);
		inputs++;
		if (dir) {
			unpack(dir, inputs, line, (size_t)size);
			continue;
		}
		replaying = at;
		LLVMFuzzerTestOneInput((const uint8_t *)line, (size_t)size);
	}
	if (ferror(file))
		err(2, "%s", path);
	replaying = 0;
	fclose(file);
	free(line);
	if (!inputs)
		errx(2, "%s: holds no input", path);
	printf("%d inputs\n", inputs);
	return 0;
}
