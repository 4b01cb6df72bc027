// SPDX-License-Identifier: BSD-3-Clause
/* kfirig: nodes with NVDIMMs and a network between them, in QEMU. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kfirig.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{ "image", cmd_image, "build the initramfs that nodes boot from" },
	{ "up", cmd_up, "boot nodes and leave them running" },
	{ "run", cmd_run, "boot nodes, run a command of the host, stop the nodes" },
	{ "exec", cmd_exec, "run a command on a node" },
	{ "put", cmd_put, "copy a file to a node" },
	{ "get", cmd_get, "copy a file from a node" },
	{ "cut", cmd_cut, "cut a node's power" },
	{ "thaw", cmd_thaw, "let a node go on that stands still" },
	{ "power-on", cmd_power_on, "boot a node again, with its NVDIMMs" },
	{ "link", cmd_link, "cut or connect a node's network link" },
	{ "netem", cmd_netem, "delay or lose what a node sends" },
	{ "dmesg", cmd_dmesg, "show or check a node's kernel log" },
	{ "console", cmd_console, "show a node's console log" },
	{ "status", cmd_status, "show the nodes of a rig" },
	{ "down", cmd_down, "stop a rig" },
};

#define NR_COMMANDS (sizeof(commands) / sizeof(*commands))

static void usage(FILE *f)
{
	size_t i;

	fputs("Usage: kfirig COMMAND [OPTION]...\n"
	      "Boots nodes with NVDIMMs and a network between them in QEMU, runs commands\n"
	      "on them, and cuts their power.\n\n", f);
	for (i = 0; i < NR_COMMANDS; i++)
		fprintf(f, "  %-10s %s\n", commands[i].name, commands[i].help);
	fputs("\nkfirig COMMAND --help tells about a command.\n"
	      "For example: kfirig run a b -- sh -c 'kfirig exec a ping -c 1 b'\n", f);
}

int main(int argc, char **argv)
{
	size_t i;
	int fd;

	if (argc < 2) {
		usage(stderr);
		return EXIT_RIG;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    !strcmp(argv[1], "help")) {
		usage(stdout);
		return 0;
	}
	/* A closed standard stream must not become a socket of ours. */
	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= 2);
	close(fd);
	/* A reader that goes away is an error of write(), not our end. */
	signal(SIGPIPE, SIG_IGN);
	for (i = 0; i < NR_COMMANDS; i++) {
		if (strcmp(argv[1], commands[i].name))
			continue;
		argv[1] = xasprintf("kfirig %s", commands[i].name);
		program_invocation_name = argv[1];
		return commands[i].run(argc - 1, argv + 1);
	}
	die("unknown command %s: kfirig --help lists them", argv[1]);
}
