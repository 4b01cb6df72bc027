// SPDX-License-Identifier: BSD-3-Clause
/* Children: by system(), popen() and fork(), one that ends by exit(). */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <shmem.h>

static int got, own;

int main(void)
{
	char text[8] = "";
	FILE *pipe;
	pid_t child;

	start_pes(0);
	if (system("exit 3") != 3 << 8)
		return 1;
	pipe = popen("echo yes", "r");
	if (!pipe || !fgets(text, sizeof(text), pipe) || pclose(pipe) || text[0] != 'y')
		return 2;
	child = fork();
	if (!child) {
		own = 5;
		exit(0);
	}
	if (child < 0 || waitpid(child, NULL, 0) != child || own)
		return 3;
	shmem_int_p(&got, 1, (shmem_my_pe() + 1) % shmem_n_pes());
	shmem_barrier_all();
	exit(!got);
}
