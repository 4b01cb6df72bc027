/* SPDX-License-Identifier: ((GPL-2.0-only WITH Linux-syscall-note) OR BSD-3-Clause) */
/*
 * Markers: what kernel code and programs tell the power-cut microscope
 * (Documentation/microscope.rst). A marker is a NOP with an operand, as
 * compilers use them for alignment, with a displacement that no compiler
 * chooses. It reads and writes nothing and needs no privilege, so it is in every
 * build: what is looked at is what is used.
 *
 *	nopl 0x4b4649NN(%base, %index, 1)	0f 1f 84 SIB NN 49 46 4b
 *
 * NN is the marker; base and index are two values.
 */
#ifndef _UAPI_KFI_MARKER_H
#define _UAPI_KFI_MARKER_H

#define KFI_MARKER_MAGIC	0x4b464900U	/* "KFI" */

/* address, length: these bytes are acknowledged to be durable */
#define KFI_MARKER_DURABLE	1
/* number, argument: an operation of a workload begins, and is over */
#define KFI_MARKER_BEGIN	2
#define KFI_MARKER_END		3
/* All of the NVDIMM is to be durable here. */
#define KFI_MARKER_ALL_DURABLE	4
/* two values that mean what the workload says */
#define KFI_MARKER_NOTE		5
/* address, length: a commit takes these bytes as they are, or newer ones */
#define KFI_MARKER_COMMIT	6

#ifdef __x86_64__
#define KFI_MARK(marker, a, b) \
	({ __asm__ __volatile__("nopl %c0(%1, %2, 1)" : : \
				"i" (KFI_MARKER_MAGIC + (marker)), \
				"r" ((unsigned long)(a)), \
				"r" ((unsigned long)(b)) : "memory"); })
#else
#define KFI_MARK(marker, a, b)	((void)(marker), (void)(a), (void)(b))
#endif

#endif
