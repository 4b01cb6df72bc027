/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Persistent symmetric memory: an extension to OpenSHMEM of this library.
 *
 * A space is a range of symmetric memory that has a name and stays when the job
 * ends. It is beside the heap and the variables: put, get, atomics, waiting,
 * locks and collectives work on it. Its content survives in two ways:
 *
 * - by epochs: shmemx_pspace_commit() saves all of it, at all PEs or at none.
 *   A job that dies between two commits finds, at its next open, the content of
 *   the last one.
 * - by ranges: shmemx_persist() and the others make stores durable one by one,
 *   for programs that keep their own order and open with SHMEMX_PSPACE_KEEP.
 *
 * shmem_quiet() and shmem_fence() say nothing about durability. Before a power
 * loss is relied upon, shmemx_pspace_durability() has to be asked.
 *
 * Sizes and offsets are in bytes. Routines that return int return 0, or an
 * errno value as a negative number; shmemx_pspace_error() is then a sentence
 * with the object and the remedy. A collective routine is called by all PEs of
 * the world with the same arguments, and returns the same at all PEs.
 *
 * Documentation/shmem-pmem.rst has the semantics, the format and the protocol.
 */
#ifndef SHMEMX_PMEM_H
#define SHMEMX_PMEM_H

#include <shmem.h>

#ifdef __cplusplus
extern "C" {
#endif

struct shmemx_pspace_opaque_;
typedef struct shmemx_pspace_opaque_ *shmemx_pspace_t;

/* Letters, digits, '.', '_' and '-', the first not a '.'. */
#define SHMEMX_PSPACE_NAME_MAX 47	/* characters of a space's name */
#define SHMEMX_PSPACE_OBJECT_NAME_MAX 39	/* characters of an object's name */

/* Flags of shmemx_pspace_open() */
#define SHMEMX_PSPACE_CREATE (1 << 0)	/* make the space if there is none */
#define SHMEMX_PSPACE_EXCL (1 << 1)	/* with CREATE: there has to be none */
#define SHMEMX_PSPACE_KEEP (1 << 2)	/* uncommitted content stays as it was found */
#define SHMEMX_PSPACE_WAIT (1 << 3)	/* wait for another job that has it open */
#define SHMEMX_PSPACE_FORCE (1 << 4)	/* take what a restarted machine has left */

/* What a space's content outlives, and what makes it durable. */
enum shmemx_durability {
	SHMEMX_DURABLE_NONE,	/* the death of processes; no power loss */
	SHMEMX_DURABLE_COMMIT,	/* a power loss: the kernel commits ranges on demand */
	SHMEMX_DURABLE_FLUSH,	/* a power loss: the CPU's caches are flushed */
	SHMEMX_DURABLE_CACHE,	/* a power loss: the platform saves the CPU's caches */
};

/* How a part was found when the space was opened. */
enum shmemx_pspace_found {
	SHMEMX_FOUND_NEW,	/* it was made */
	SHMEMX_FOUND_CLEAN,	/* closed with nothing uncommitted */
	SHMEMX_FOUND_DIRTY,	/* not closed, or closed with something uncommitted */
};

/**
 * struct shmemx_pspace_stat - what a space is
 * @size: bytes that can be allocated, for each PE; the library's lists are extra
 * @part_size: bytes that each PE's part takes on the medium
 * @npes: number of PEs it was made for
 * @epoch: number of the last committed epoch, 0 before the first commit
 * @uuid: its identity
 * @dirty: it is open, or was not closed cleanly
 */
struct shmemx_pspace_stat {
	uint64_t size;
	uint64_t part_size;
	uint64_t epoch;
	int npes;
	int dirty;
	unsigned char uuid[16];
};

/**
 * struct shmemx_pspace_info - an open space, and how one PE's part was found
 * @size: as in struct shmemx_pspace_stat
 * @allocated: bytes of the objects that are allocated now
 * @epoch: number of the last committed epoch
 * @found_epoch: that of the open; 0 if the space was made by it
 * @found: enum shmemx_pspace_found
 * @rolled_forward: pages of 4096 bytes that the open brought to the last epoch,
 *	because the job died while it committed
 * @rolled_back: pages that the open, or the last rollback, set back to it
 */
struct shmemx_pspace_info {
	uint64_t size;
	uint64_t allocated;
	uint64_t epoch;
	uint64_t found_epoch;
	uint64_t rolled_forward;
	uint64_t rolled_back;
	int found;
};

/**
 * shmemx_pspace_open() - open a space by its name, or make it (collective)
 * @name: of the space
 * @size: bytes for objects at each PE, rounded up to pages; 0: as it is
 * @flags: SHMEMX_PSPACE_*
 * @space: the handle
 *
 * Without SHMEMX_PSPACE_KEEP all that was not committed is undone: content,
 * allocations, names and the root are those of the last epoch. With it they are
 * what reached the medium; allocations and names are whole in any case.
 *
 * Addresses may differ from those of the last run: keep offsets, see
 * shmemx_pspace_offset(), in memory that stays.
 *
 * Errors: -ENOENT there is no such space; -EEXIST with EXCL there is one;
 * -EINVAL it was made for another size or number of PEs, or an argument is
 * wrong; -EBUSY another job has it open; -EUCLEAN the medium is damaged, or the
 * machine was restarted while a space without durability was open;
 * -ENOSPC, -ENOMEM and what the system says of the files.
 */
SHMEM_F_(int, shmemx_pspace_open,
	 (const char *name, size_t size, int flags, shmemx_pspace_t *space))

/**
 * shmemx_pspace_close() - close a space (collective)
 * @space: handle; ends, as do all addresses in the space
 *
 * Commits nothing: the next open undoes what was not committed, or keeps it.
 * shmem_finalize() closes what is open.
 */
SHMEM_F_(int, shmemx_pspace_close, (shmemx_pspace_t space))

/**
 * shmemx_pspace_unlink() - remove a space and its content (collective)
 * @name: of the space; may be damaged, or lack parts
 *
 * Errors: -ENOENT, -EBUSY it is open.
 */
SHMEM_F_(int, shmemx_pspace_unlink, (const char *name))

/* Not collective; needs no open space. The space may be open in any job. */
SHMEM_F_(int, shmemx_pspace_stat, (const char *name, struct shmemx_pspace_stat *stat))

/* Not collective: how the part of @pe was found, and what the space has now. */
SHMEM_F_(int, shmemx_pspace_info,
	 (shmemx_pspace_t space, int pe, struct shmemx_pspace_info *info))

/* Not collective: the least of all parts that can be told from here. */
SHMEM_F_(enum shmemx_durability, shmemx_pspace_durability, (shmemx_pspace_t space))

/* The calling thread's last error of these routines: object and remedy. */
SHMEM_F_(const char *, shmemx_pspace_error, (void))

/**
 * shmemx_pspace_malloc() - allocate an object (collective)
 * @space: handle
 * @size: bytes at each PE
 *
 * _align: at a multiple of @alignment, a power of 2 up to 4096.
 * _calloc: the object is zero at all PEs, durably, before it is allocated.
 * The allocation is durable on return, but undone with its epoch.
 *
 * Return: symmetric address, 64-byte aligned; NULL when there is no room.
 */
SHMEM_F_(void *, shmemx_pspace_malloc, (shmemx_pspace_t space, size_t size))
SHMEM_F_(void *, shmemx_pspace_calloc, (shmemx_pspace_t space, size_t count, size_t size))
SHMEM_F_(void *, shmemx_pspace_align, (shmemx_pspace_t space, size_t alignment, size_t size))

/**
 * shmemx_pspace_free() - free an object (collective)
 * @space: handle
 * @ptr: its address, or NULL
 *
 * Durable on return, but undone with its epoch.
 * Errors: -EINVAL not an object's address; -EBUSY it has a name or is the root.
 */
SHMEM_F_(int, shmemx_pspace_free, (shmemx_pspace_t space, void *ptr))

/**
 * shmemx_pspace_root() - the object to start from (collective)
 * @space: handle
 * @size: bytes; 0: only look whether there is one
 *
 * The first call makes it, zeroed as by _calloc.
 *
 * Return: its address; NULL: there is none, no room, or it is smaller.
 */
SHMEM_F_(void *, shmemx_pspace_root, (shmemx_pspace_t space, size_t size))

/**
 * shmemx_pspace_set_name() - name an object (collective)
 * @space: handle
 * @name: of the object, at most SHMEMX_PSPACE_OBJECT_NAME_MAX characters
 * @ptr: the object's address; NULL removes the name
 *
 * A name that is there moves to the object, in one step. Durable on return.
 */
SHMEM_F_(int, shmemx_pspace_set_name, (shmemx_pspace_t space, const char *name, void *ptr))

/* Not collective. Returns the object's address, and its size unless @size is NULL. */
SHMEM_F_(void *, shmemx_pspace_lookup, (shmemx_pspace_t space, const char *name, size_t *size))

/* Not collective: an address as an offset, which stays the same, and back. 0 is NULL. */
SHMEM_F_(uint64_t, shmemx_pspace_offset, (shmemx_pspace_t space, const void *ptr))
SHMEM_F_(void *, shmemx_pspace_pointer, (shmemx_pspace_t space, uint64_t offset))

/**
 * shmemx_pspace_commit() - save the content of all parts as one epoch (collective)
 * @space: handle
 * @epoch: where the number of the new epoch goes, or NULL
 *
 * Waits for all PEs, as shmem_barrier_all() does; the content is that of this
 * moment. Nobody may store to the space before all have returned. A crash at
 * any moment leaves the old epoch or the new one, the same at all PEs. On
 * success it is the new one.
 *
 * Reads what was ever allocated, twice, and writes the changed pages, twice.
 */
SHMEM_F_(int, shmemx_pspace_commit, (shmemx_pspace_t space, uint64_t *epoch))

/* Collective: content, allocations and names are those of the last epoch again. */
SHMEM_F_(int, shmemx_pspace_rollback, (shmemx_pspace_t space))

/**
 * shmemx_persist() - make what this PE has put durable (not collective)
 * @ctx: whose operations
 *
 * Includes shmem_ctx_quiet(). Every put and atomic operation to space memory
 * that the context has done before, at any PE, is durable on return. Not
 * included are stores by the processor, as with shmem_ptr(), and what
 * collectives store: these have shmemx_persist_range() and _local().
 *
 * _pe_persist: only of the @npes PEs in @pes, which are numbers of the context's.
 * _persist_nbi: only begins; durable after the next shmemx_persist() of @ctx.
 */
SHMEM_F_(int, shmemx_persist, (shmem_ctx_t ctx))
SHMEM_F_(int, shmemx_pe_persist, (shmem_ctx_t ctx, const int *pes, size_t npes))
SHMEM_F_(int, shmemx_persist_nbi, (shmem_ctx_t ctx))

/* Not collective: these bytes at @pe, whoever has stored them before. */
SHMEM_F_(int, shmemx_persist_range, (const void *addr, size_t len, int pe))

/* Not collective: bytes of the own part. */
SHMEM_F_(int, shmemx_persist_local, (const void *addr, size_t len))

/**
 * shmemx_putmem_persist_signal() - put, durably, and then signal (not collective)
 * @dest: symmetric address in a space
 * @source: data
 * @nelems: bytes
 * @sig_addr: symmetric address of the signal word, anywhere
 * @signal: value
 * @sig_op: SHMEM_SIGNAL_SET or SHMEM_SIGNAL_ADD
 * @pe: whom to
 *
 * Whoever sees the signal may rely on the data being durable; also when the
 * signal word is in a space itself and is found there after a crash. Blocking;
 * the signal word itself is not durable on return. Ends the job when the data
 * cannot be made durable, since there is no signal that says so.
 */
SHMEM_F_(void, shmemx_putmem_persist_signal,
	 (void *dest, const void *source, size_t nelems, uint64_t *sig_addr,
	  uint64_t signal, int sig_op, int pe))
SHMEM_F_(void, shmemx_ctx_putmem_persist_signal,
	 (shmem_ctx_t ctx, void *dest, const void *source, size_t nelems,
	  uint64_t *sig_addr, uint64_t signal, int sig_op, int pe))

#ifdef __cplusplus
}
#endif

#endif
