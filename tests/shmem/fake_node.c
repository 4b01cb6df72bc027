// SPDX-License-Identifier: BSD-3-Clause
/*
 * Preloaded into PEs of machines.sh: a plain file does what a node of
 * /dev/kfi does, so that "machines" of one host reach each other's memory.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <kfi_user.h>

static int info(int fd, struct kfi_ioc_info *arg)
{
	struct stat st;

	if (fstat(fd, &st))
		return -1;
	arg->size = st.st_size;
	return 0;
}

#define OPERATION(T) \
static int op_##T(const struct kfi_ioc_atomic *arg, T *at) \
{ \
	T a = arg->operand ? *(T *)(uintptr_t)arg->operand : 0, old = 0; \
	switch (arg->op) { \
	case KFIPMEM_ATOMIC_READ: old = __atomic_load_n(at, __ATOMIC_SEQ_CST); break; \
	case KFIPMEM_ATOMIC_WRITE: old = __atomic_exchange_n(at, a, __ATOMIC_SEQ_CST); break; \
	case KFIPMEM_ATOMIC_SUM: old = __atomic_fetch_add(at, a, __ATOMIC_SEQ_CST); break; \
	case KFIPMEM_ATOMIC_BAND: old = __atomic_fetch_and(at, a, __ATOMIC_SEQ_CST); break; \
	case KFIPMEM_ATOMIC_BOR: old = __atomic_fetch_or(at, a, __ATOMIC_SEQ_CST); break; \
	case KFIPMEM_ATOMIC_BXOR: old = __atomic_fetch_xor(at, a, __ATOMIC_SEQ_CST); break; \
	case KFIPMEM_ATOMIC_CSWAP: \
		old = *(T *)(uintptr_t)arg->compare; \
		__atomic_compare_exchange_n(at, &old, a, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
		break; \
	default: \
		errno = EOPNOTSUPP; \
		return -1; \
	} \
	if (arg->result) \
		*(T *)(uintptr_t)arg->result = old; \
	return 0; \
}
OPERATION(uint32_t)
OPERATION(uint64_t)

static int atomic(int fd, const struct kfi_ioc_atomic *arg)
{
	uint64_t page = arg->offset & ~4095ULL;
	char *at;
	int rc;

	if (arg->argsz != sizeof(*arg) || arg->count != 1) {
		errno = EINVAL;
		return -1;
	}
	at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, page);
	if (at == MAP_FAILED)
		return -1;
	if (arg->type == KFIPMEM_TYPE_UINT64)
		rc = op_uint64_t(arg, (uint64_t *)(at + arg->offset - page));
	else
		rc = op_uint32_t(arg, (uint32_t *)(at + arg->offset - page));
	munmap(at, 4096);
	return rc;
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	switch (request) {
	case KFI_IOC_INFO: return info(fd, arg);
	case KFI_IOC_ATOMIC: return atomic(fd, arg);
	default: return syscall(SYS_ioctl, fd, request, arg);
	}
}
