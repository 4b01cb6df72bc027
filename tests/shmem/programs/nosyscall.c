// SPDX-License-Identifier: BSD-3-Clause
/* flags: -pthread */
/*
 * Put, get and atomics to PEs of the same machine make no system call: while
 * they run the kernel ends the thread that makes one.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <shmem.h>

#define TIMES	100000
#define LONGS	512	/* 4 KiB */

static long there[LONGS], here[LONGS];
static uint64_t signal_word;
static long counter, told, *heap;

static int no_calls(void)
{
	struct sock_filter code[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_THREAD) };
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static int work(int peer)
{
	long i, seen = 0;

	for (i = 0; i < TIMES; i++) {
		here[0] = i;
		shmem_putmem(there, here, 8, peer);
		shmem_putmem(heap, here, sizeof(here), peer);
		shmem_quiet();
		shmem_long_p(&told, i, peer);
		shmem_fence();
		shmem_long_put_signal(heap, here, 1, &signal_word, i, SHMEM_SIGNAL_SET, peer);
		shmem_long_atomic_inc(&counter, peer);
		shmem_getmem(here, heap, sizeof(here), peer);
		seen += here[0] != i || shmem_long_g(&told, peer) != i ||
			shmem_long_atomic_fetch(&counter, peer) != i + 1;
	}
	return seen ? 9 : 0;
}

static int result;

/* A thread does it, which the kernel ends at its first call: at the latest when it is done. */
static void *work_thread(void *call)
{
	if (no_calls())
		return NULL;
	if (call)
		syscall(SYS_getppid);
	result = work(1);
	return NULL;
}

static int run(void *call)
{
	pthread_t thread;

	result = -1;
	if (pthread_create(&thread, NULL, work_thread, call) || pthread_join(thread, NULL))
		return -2;
	return result;
}

int main(void)
{
	int wrong = 0, provided;

	shmem_init_thread(SHMEM_THREAD_SERIALIZED, &provided);
	heap = shmem_malloc(sizeof(here));
	if (shmem_my_pe() == 0) {
		/* That the kernel does end it is seen first. */
		if (run(&wrong) != -1)
			wrong = printf("a system call is not noticed\n");
		if (run(NULL))
			wrong = printf("without any call: %d\n", result);
	}
	shmem_barrier_all();
	if (shmem_my_pe() == 1 && (counter != TIMES || heap[0] != TIMES - 1))
		wrong = printf("what came: %ld, %ld\n", counter, heap[0]);
	shmem_finalize();
	return !!wrong;
}
