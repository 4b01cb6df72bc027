/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The target side of persistent memory, for providers only: where a region's
 * bytes are, how they are made durable, and who may reach them.
 *
 * Contexts: everything marked "any" neither sleeps nor allocates and may be
 * called with bottom halves disabled; the rest is for process context.
 */
#ifndef KFI_PMEM_PROV_H
#define KFI_PMEM_PROV_H

#include <linux/list.h>
#include "kfi_pmem.h"

struct kfi_export;

/**
 * struct kfi_region_map - where a region's bytes are while it is open
 * @kaddr: first byte; the whole region is contiguous in kernel addresses
 * @size: bytes
 * @block_shift: log2 of the aligned, physically contiguous blocks that the
 *	region consists of (PAGE_SHIFT to PMD_SHIFT)
 */
struct kfi_region_map {
	void *kaddr;
	u64 size;
	unsigned int block_shift;
};

/* any */
void kfi_region_get(struct kfi_region *region);
void kfi_region_get_map(struct kfi_region *region, struct kfi_region_map *map);
struct page *kfi_region_page(struct kfi_region *region, u64 offset);

/**
 * kfi_region_persist_sleeps() - does making a range durable sleep?
 * @region: the region
 * @length: bytes
 *
 * True for domain ASYNC, for a region with a target handler, and for ranges
 * so long that writing them back would hold a completion context up.
 *
 * Context: any.
 */
bool kfi_region_persist_sleeps(struct kfi_region *region, u64 length);

/**
 * kfi_region_persist() - make a range durable: write back, fence, flush
 * @region: the region
 * @offset: first byte
 * @length: bytes; 0 is the whole region
 * @level: how deep
 *
 * When it returns 0 the range survives a power loss. Runs the target handler.
 *
 * Context: any where kfi_region_persist_sleeps() is false, else process.
 * Return: 0; -EIO: poison in the range, or the device's flush failed; -ENODEV: it
 * is gone; -EINVAL; -EOPNOTSUPP: domain NONE; or what the target handler returned.
 */
int kfi_region_persist(struct kfi_region *region, u64 offset, u64 length,
		       enum kfi_commit_level level);

/**
 * kfi_region_store_durable() - store bytes past the caches, and fence
 * @region: the region
 * @offset: where to
 * @src: bytes
 * @length: how many
 *
 * What an inline commit does: one pass over the data. Context and return as
 * kfi_region_persist().
 */
int kfi_region_store_durable(struct kfi_region *region, u64 offset,
			     const void *src, u64 length);

/**
 * kfi_region_acknowledge() - a commit is about to be acknowledged
 * @region: the region
 * @offset: first byte
 * @length: bytes, 0 for all of the region
 *
 * To be called where kfi_region_persist() or kfi_region_store_durable() has
 * returned 0 and the answer goes out. Nothing happens: it is a marker for the
 * power-cut microscope, which then looks for lines that are not durable.
 *
 * Context: any.
 */
void kfi_region_acknowledge(struct kfi_region *region, u64 offset, u64 length);

/**
 * kfi_region_check() - may the CPU touch these bytes?
 * @region: the region
 * @offset: first byte
 * @length: bytes
 *
 * To be asked before memory is touched through kfi_region_get_map(): a load
 * from poison is a machine check.
 *
 * Context: any. Return: 0; -EIO: poison; -ENODEV: the device is gone; -EINVAL.
 */
int kfi_region_check(struct kfi_region *region, u64 offset, u64 length);

/* process */
bool kfi_region_direct_begin(struct kfi_region *region);
void kfi_region_direct_end(struct kfi_region *region);

/**
 * kfi_region_store() - store bytes visibly
 * @region: the region
 * @offset: where to
 * @src: bytes
 * @length: how many
 *
 * Context: any. Return: 0, -EINVAL, -EIO for poison, -ENODEV.
 */
int kfi_region_store(struct kfi_region *region, u64 offset, const void *src,
		     u64 length);

/**
 * kfi_atomic_size() - bytes of a datatype that can be operated on
 * @datatype: enum kfi_datatype
 *
 * Context: any.
 * Return: bytes, or 0 for a type that nobody operates on.
 */
u32 kfi_atomic_size(u8 datatype);

/**
 * kfi_atomic_operands() - operand vectors that an operation takes
 * @op: enum kfi_op
 *
 * Context: any.
 * Return: 0 for a read, 2 with comparands, else 1; U32_MAX: no such operation.
 */
u32 kfi_atomic_operands(u8 op);

/**
 * kfi_atomic_supported() - does this machine carry an operation out?
 * @datatype: enum kfi_datatype
 * @op: enum kfi_op
 *
 * Context: any.
 * Return: whether it does; floating point needs an architecture that lets the
 * kernel use its FPU, and knows no bitwise operations.
 */
bool kfi_atomic_supported(u8 datatype, u8 op);

/**
 * kfi_atomic_execute() - carry out one element of an atomic
 * @datatype: enum kfi_datatype
 * @op: enum kfi_op
 * @p: target, aligned to the type's size
 * @operand: operand; not read by an operation without
 * @compare: comparand; not read by an operation without
 * @result: where the old value goes
 *
 * With the CPU's compare-and-exchange: atomic against everything else that the
 * CPUs do there.
 *
 * Context: any.
 * Return: 0 or -EOPNOTSUPP.
 */
int kfi_atomic_execute(u8 datatype, u8 op, void *p, const void *operand,
		       const void *compare, void *result);

/**
 * struct kfi_atomic_args - an atomic operation on elements that follow another
 * @datatype: enum kfi_datatype
 * @op: enum kfi_op
 * @count: elements
 * @operand: one operand for each, where the operation has them
 * @compare: one comparand for each, where the operation has them
 * @result: where the old values go
 */
struct kfi_atomic_args {
	u8 datatype;
	u8 op;
	u32 count;
	const void *operand;
	const void *compare;
	void *result;
};

/**
 * kfi_region_atomic() - operate on elements of a region, visibly
 * @region: the region
 * @offset: of the first element, a multiple of its size
 * @args: what to do
 *
 * Each element is operated on atomically, all of them together are not.
 *
 * Context: any.
 * Return: 0; -EINVAL; -EIO: poison; -EOPNOTSUPP.
 */
int kfi_region_atomic(struct kfi_region *region, u64 offset,
		      const struct kfi_atomic_args *args);

/**
 * kfi_peer_key() - the key shared with a peer
 * @peer: the name it claims
 * @key: where the key goes
 * @insecure: set when nothing exported to it asks for a key
 *
 * Context: process.
 * Return: 0; -ENOKEY: nothing is exported to this peer.
 */
int kfi_peer_key(const char *peer, u8 key[KFI_PMEM_KEY_SIZE], bool *insecure);

/**
 * struct kfi_export_user - one connection's use of an export
 * @list: belongs to kfi_pmem
 * @epoch: belongs to kfi_pmem: the epoch that the use began with
 * @told: belongs to kfi_pmem: @notify was called
 * @export: the export in use; set by kfi_export_use()
 * @sole: the use is that of the peer's only writer, which has come back where
 *	there is another such use: that one is revoked before this one begins.
 *	Packets of a connection that its peer has given up may still be on
 *	their way; they land on no later write. Set before kfi_export_use()
 * @notify: tell the peer that @revoke follows, without waiting; or NULL. Called
 *	at most once, as @revoke is
 * @revoke: withdraw every hardware key given out for this use. When it
 *	returns no access lands any more. Context: process, may sleep, called
 *	with the export's mutex held, so it must not call kfi_export_*().
 */
struct kfi_export_user {
	struct list_head list;
	u64 epoch;
	bool told;
	struct kfi_export *export;
	bool sole;
	void (*notify)(struct kfi_export_user *user);
	void (*revoke)(struct kfi_export_user *user);
};

/**
 * kfi_export_get() - find what is exported to a peer
 * @peer: proven name of the peer
 * @authenticated: whether it proved the key; without, only insecure exports
 * @region: region name, or NULL to look up by @uuid
 * @uuid: region's UUID, when @region is NULL
 * @access: KFI_REMOTE_READ | KFI_REMOTE_WRITE that is asked for
 *
 * Context: process.
 * Return: the export with a reference; ERR_PTR: -ENOENT, -EACCES,
 * -EKEYREVOKED.
 */
struct kfi_export *kfi_export_get(const char *peer, bool authenticated,
				  const char *region, const uuid_t *uuid,
				  u64 access);
void kfi_export_put(struct kfi_export *export);
struct kfi_region *kfi_export_region(struct kfi_export *export);
u64 kfi_export_access(const struct kfi_export *export);

/**
 * kfi_export_use() - start to use an export
 * @export: the export; the use holds a reference of its own
 * @user: the use
 * @epoch: writer's epoch, 0 for the region's present one
 *
 * Call before hardware keys are handed out.
 *
 * Context: process.
 * Return: 0; -EKEYREVOKED: fenced; -ESTALE: @epoch is not the region's (an older
 * one is fenced, a newer one has to be accepted by kfi_region_raise_epoch()
 * first); -ENODEV: the pool's device is gone.
 */
int kfi_export_use(struct kfi_export *export, struct kfi_export_user *user,
		   u64 epoch);
void kfi_export_unuse(struct kfi_export_user *user);

#endif
