/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kfabric: error codes. Calls return negative errno values; the codes below are
 * for what errno has no word for. An error entry of a queue holds the positive
 * code.
 */
#ifndef _KFI_ERRNO_H_
#define _KFI_ERRNO_H_

#include <linux/errno.h>
#include <linux/types.h>

#define KFI_SUCCESS		0
#define KFI_EPERM		EPERM
#define KFI_ENOENT		ENOENT
#define KFI_EINTR		EINTR
#define KFI_EIO			EIO
#define KFI_E2BIG		E2BIG
#define KFI_EBADF		EBADF
#define KFI_EAGAIN		EAGAIN
#define KFI_ENOMEM		ENOMEM
#define KFI_EACCES		EACCES
#define KFI_EFAULT		EFAULT
#define KFI_EBUSY		EBUSY
#define KFI_ENODEV		ENODEV
#define KFI_EINVAL		EINVAL
#define KFI_EMFILE		EMFILE
#define KFI_ENOSPC		ENOSPC
#define KFI_ENOSYS		ENOSYS
#define KFI_ENOMSG		ENOMSG
#define KFI_ENODATA		ENODATA
#define KFI_ENOLINK		ENOLINK
#define KFI_EOVERFLOW		EOVERFLOW
#define KFI_EMSGSIZE		EMSGSIZE
#define KFI_ENOPROTOOPT		ENOPROTOOPT
#define KFI_EOPNOTSUPP		EOPNOTSUPP
#define KFI_EADDRINUSE		EADDRINUSE
#define KFI_EADDRNOTAVAIL	EADDRNOTAVAIL
#define KFI_ENETDOWN		ENETDOWN
#define KFI_ENETUNREACH		ENETUNREACH
#define KFI_ECONNABORTED	ECONNABORTED
#define KFI_ECONNRESET		ECONNRESET
#define KFI_ENOBUFS		ENOBUFS
#define KFI_EISCONN		EISCONN
#define KFI_ENOTCONN		ENOTCONN
#define KFI_ESHUTDOWN		ESHUTDOWN
#define KFI_ETIMEDOUT		ETIMEDOUT
#define KFI_ECONNREFUSED	ECONNREFUSED
#define KFI_EHOSTDOWN		EHOSTDOWN
#define KFI_EHOSTUNREACH	EHOSTUNREACH
#define KFI_EALREADY		EALREADY
#define KFI_EINPROGRESS		EINPROGRESS
#define KFI_ESTALE		ESTALE
#define KFI_EREMOTEIO		EREMOTEIO
#define KFI_ECANCELED		ECANCELED
#define KFI_EKEYREVOKED		EKEYREVOKED
#define KFI_EKEYREJECTED	EKEYREJECTED

#define KFI_ERRNO_OFFSET	256

/*
 * Below the kernel's private codes (512 and up), so that neither is taken for
 * the other.
 */
enum {
	KFI_EOTHER = KFI_ERRNO_OFFSET,	/* unspecified */
	KFI_EAVAIL = 257,		/* an error entry is waiting */
	KFI_EOPBADSTATE = 258,		/* not in this state */
	KFI_ETOOSMALL = 259,		/* the buffer is too small */
	KFI_EBADFLAGS = 260,		/* unknown flags */
	KFI_ENOEQ = 261,		/* no event queue */
	KFI_EDOMAIN = 262,		/* objects of different domains */
	KFI_ENOCQ = 263,		/* no completion queue */
	KFI_ECRC = 264,			/* checksum error */
	KFI_ETRUNC = 265,		/* truncated */
	KFI_ENOKEY = 266,		/* key not available */
	KFI_ENOAV = 267,		/* no address vector */
	KFI_EOVERRUN = 268,		/* the queue was overrun */
	KFI_ENORX = 269,		/* no receive was posted */
	KFI_ERRNO_MAX
};

/**
 * kfi_strerror() - text of an error code
 * @errnum: errno or KFI_E*, of either sign
 *
 * Context: any context.
 * Return: a constant string; "Unknown error" for a code without text.
 */
const char *kfi_strerror(int errnum);

#endif /* _KFI_ERRNO_H_ */
