/* SPDX-License-Identifier: BSD-3-Clause */
/* What errors mean here. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "libkfipmem.h"

const char *kfipmem_strerror(int err)
{
	switch (abs(err)) {
	case 0:
		return "no error";
	case ENOENT:
		return "there is no such node in /dev/kfi; see 'kfipmem status'";
	case EACCES:
		return "the node's mode, or a read-only attachment, does not allow it";
	case EBADF:
		return "the node was not opened for this: writing, or reading";
	case EINVAL:
		return "outside of the region, not aligned, or not a known flag";
	case E2BIG:
		return "too many elements for one atomic operation";
	case EFAULT:
		return "not memory of the program, or not of a registered buffer";
	case EOPNOTSUPP:
		return "the region's owner, or a replica set, does not have this";
	case ESTALE:
		return "the region's epoch moved, or writes were lost; attach it again";
	case EKEYREVOKED:
		return "fenced by the region's owner; it has to export the region again";
	case ENODEV:
		return "the region was detached or removed";
	case ENOLINK:
	case ETIMEDOUT:
	case ECONNRESET:
		return "the machine that has the region does not answer";
	case EIO:
		return "the medium has lost bytes of the range";
	case ENOSPC:
		return "past the end of the region";
	case ECANCELED:
		return "cancelled; it may have been carried out";
	default:
		return strerror(abs(err));
	}
}
