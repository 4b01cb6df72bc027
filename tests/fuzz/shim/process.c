// SPDX-License-Identifier: GPL-2.0-only
/* Memory of a process, with another thread that changes it. */
#include "kernel.h"
#include "process.h"

struct fuzz_user fuzz_user;

static struct task_struct task;
struct task_struct *current = &task;

/* Return: where it is, or NULL: that is not the process's. */
static u8 *user_memory(const void *addr, size_t size)
{
	uintptr_t at = (uintptr_t)addr - FUZZ_USER_BASE;

	if (at > FUZZ_USER_SIZE || size > FUZZ_USER_SIZE - at)
		return NULL;
	return fuzz_user.memory + at;
}

unsigned long copy_from_user(void *to, const void *from, unsigned long size)
{
	const u8 *memory = user_memory(from, size);

	if (!memory) {
		memset(to, 0, size);
		return size;
	}
	memcpy(to, memory, size);
	if (fuzz_user.racing)
		fuzz_user.memory[fuzz_user.raced_at] ^= fuzz_user.raced_with;
	return 0;
}

unsigned long copy_to_user(void *to, const void *from, unsigned long size)
{
	u8 *memory = user_memory(to, size);

	if (!memory)
		return size;
	memcpy(memory, from, size);
	return 0;
}

unsigned long clear_user(void *to, unsigned long size)
{
	u8 *memory = user_memory(to, size);

	if (!memory)
		return size;
	memset(memory, 0, size);
	return 0;
}

int copy_struct_from_user(void *to, size_t size, const void *from,
			  size_t user_size)
{
	size_t both = min(size, user_size);
	const u8 *rest;

	memset(to, 0, size);
	if (user_size > size) {
		rest = user_memory((const u8 *)from + size, user_size - size);
		if (!rest)
			return -EFAULT;
		if (memchr_inv(rest, 0, user_size - size))
			return -E2BIG;
	}
	return copy_from_user(to, from, both) ? -EFAULT : 0;
}

void *memdup_array_user(const void *from, size_t n, size_t size)
{
	size_t all;
	void *copy;

	if (__builtin_mul_overflow(n, size, &all))
		return ERR_PTR(-EOVERFLOW);
	copy = malloc(all);
	if (!copy)
		return ERR_PTR(-ENOMEM);
	if (copy_from_user(copy, from, all)) {
		free(copy);
		return ERR_PTR(-EFAULT);
	}
	return copy;
}

/* As in the kernel, whether the memory is there is seen when it is used. */
int import_ubuf(int dir, void *addr, size_t size, struct iov_iter *iter)
{
	*iter = (struct iov_iter){
		.dir = dir, .addr = (uintptr_t)addr, .count = size,
	};
	return 0;
}
