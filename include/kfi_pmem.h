/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Persistent memory over kfabric: what a client needs beyond libfabric.
 *
 * A region is a named, persistent byte range of a pool. A peer that a region
 * is exported to attaches it by name and gets a remote key for kfi_rma.h. A
 * completion then promises one of two levels:
 *
 *   visible      what a plain completion, or KFI_DELIVERY_COMPLETE, promises;
 *   persistent   what KFI_COMMIT_COMPLETE and kfi_commit() promise: the bytes
 *                survive the loss of the target's power.
 *
 * Where the second cannot be given it is refused with -EOPNOTSUPP, never
 * acknowledged. Administration of pools and exports is in kfi_pool.h, what a
 * provider needs at the target in kfi_pmem_prov.h.
 */
#ifndef KFI_PMEM_H
#define KFI_PMEM_H

#include <linux/list.h>
#include <linux/uuid.h>
#include "kfi_domain.h"
#include "kfi_endpoint.h"
#include "kfi_rma.h"

struct kfi_region;

#define KFI_PMEM_NAME_MAX	64	/* pool, region and peer names, with NUL */
#define KFI_PMEM_KEY_SIZE	32	/* bytes of a key shared with a peer */

/* Operation flag: with KFI_COMMIT_COMPLETE, commit to the medium itself. */
#define KFI_COMMIT_DEEP		BIT_ULL(32)

/**
 * enum kfi_pmem_domain - what the target's platform carries over a power loss
 * @KFI_PMEM_DOMAIN_NONE: nothing, or nothing that the platform vouches for
 * @KFI_PMEM_DOMAIN_ASYNC: the medium needs a flush request (virtio-pmem)
 * @KFI_PMEM_DOMAIN_MEM_CTRL: the memory controller's queues (ADR)
 * @KFI_PMEM_DOMAIN_CPU_CACHE: the processor's caches (eADR)
 * @KFI_PMEM_DOMAIN_EMULATED: the medium is DRAM: good for tests, and says so
 * @KFI_PMEM_DOMAIN_MAX: number of domains
 */
enum kfi_pmem_domain {
	KFI_PMEM_DOMAIN_NONE,
	KFI_PMEM_DOMAIN_ASYNC,
	KFI_PMEM_DOMAIN_MEM_CTRL,
	KFI_PMEM_DOMAIN_CPU_CACHE,
	KFI_PMEM_DOMAIN_EMULATED,
	KFI_PMEM_DOMAIN_MAX,
};

/**
 * enum kfi_commit_method - how a commit is carried out for a remote region
 * @KFI_COMMIT_REFUSED: not at all, see -EOPNOTSUPP
 * @KFI_COMMIT_ASSISTED: write and request in one post; the target writes its
 *	caches back, fences and replies
 * @KFI_COMMIT_INLINE: as assisted, the data rides in the request
 * @KFI_COMMIT_EADR: the acknowledged write itself
 * @KFI_COMMIT_ASYNC: request; the target flushes its block device
 * @KFI_COMMIT_NATIVE: the fabric's own flush operation
 * @KFI_COMMIT_METHOD_MAX: number of methods
 */
enum kfi_commit_method {
	KFI_COMMIT_REFUSED,
	KFI_COMMIT_ASSISTED,
	KFI_COMMIT_INLINE,
	KFI_COMMIT_EADR,
	KFI_COMMIT_ASYNC,
	KFI_COMMIT_NATIVE,
	KFI_COMMIT_METHOD_MAX,
};

/**
 * enum kfi_commit_level - how deep a commit goes
 * @KFI_COMMIT_VISIBLE: every reader at the target sees the bytes
 * @KFI_COMMIT_PERSISTENT: they survive a power loss
 * @KFI_COMMIT_MEDIA: they left every queue that a power loss would have to
 *	drain (deep flush); dearer, and seldom needed
 */
enum kfi_commit_level {
	KFI_COMMIT_VISIBLE,
	KFI_COMMIT_PERSISTENT,
	KFI_COMMIT_MEDIA,
};

/**
 * struct kfi_pmem_attr - facts about a region, attested by its target
 * @uuid: identity of the region
 * @incarnation: changes each time the target's pool is opened, so also with
 *	each reboot; uncommitted writes of an earlier incarnation are lost
 * @size: bytes
 * @generation: which bytes; moves when the region's content is replaced
 * @epoch: who may write; a writer of an older epoch is fenced
 * @access: KFI_REMOTE_READ and KFI_REMOTE_WRITE as granted
 * @domain: the target's persistence domain
 * @method: how this endpoint commits to it
 * @atomic_width: bytes of the largest store that is never found torn
 * @inline_max: bytes that a durable write carries in its request
 */
struct kfi_pmem_attr {
	uuid_t uuid;
	uuid_t incarnation;
	u64 size;
	u64 generation;
	u64 epoch;
	u64 access;
	enum kfi_pmem_domain domain;
	enum kfi_commit_method method;
	u32 atomic_width;
	u32 inline_max;
};

/**
 * struct kfi_auth - who an endpoint is, for ep_attr->auth_key
 * @peer: the name that the target exports to
 * @insecure: no key is held: only --insecure-any exports can be attached
 * @key: the key shared with the target
 *
 * ep_attr->auth_key_size is sizeof(struct kfi_auth). The provider copies it.
 */
struct kfi_auth {
	char peer[KFI_PMEM_NAME_MAX];
	bool insecure;
	u8 key[KFI_PMEM_KEY_SIZE];
};

/**
 * struct kfi_pmem_attach - what to attach, and what it has to be
 * @region: name of the region at the target
 * @access: KFI_READ, KFI_WRITE or both, as the client will use it
 * @uuid: the region that is meant, or the null UUID for any
 * @generation: the generation that is meant, or 0 for any
 * @epoch: the writer's epoch, or 0 for the region's present one
 * @raise: have the target accept @epoch first: it makes it durable, revokes
 *	every key of older writers, and only then grants. Takes an @epoch above
 *	the region's present one, and KFI_WRITE in @access
 * @sole: the client is the one writer that its endpoint's peer has: attachments
 *	of the peer's to this region that said so as well, over whatever endpoint
 *	and connection, are revoked before this one is granted. So nothing that
 *	was posted before a loss of the connection lands on what is written after
 *	it. A key that was revoked ends every operation with -ESTALE until it is
 *	detached. Takes KFI_WRITE in @access
 * @pin: the key dies with the target's incarnation. Once the region was
 *	attached anew and attested another one, every operation on the key,
 *	reads too, is refused or ends with -ESTALE until it is detached
 *
 * A region that is not what was meant is refused with -ESTALE.
 */
struct kfi_pmem_attach {
	const char *region;
	u64 access;
	uuid_t uuid;
	u64 generation;
	u64 epoch;
	bool raise;
	bool sole;
	bool pin;
};

/**
 * struct kfi_msg_publish - data, and a word that is never found without it
 * @data: source buffer and target range of the data
 * @word_addr: offset of the word in its region, a multiple of 8
 * @word_key: remote key of the word's region
 * @word: what is stored there, as a little-endian 8-byte store, after the
 *	data is durable
 */
struct kfi_msg_publish {
	struct kfi_msg_rma data;
	u64 word_addr;
	u64 word_key;
	u64 word;
};

#define KFI_STAT_LATENCY_BUCKETS	32

/**
 * enum kfi_stat_op - operations that are counted apart
 * @KFI_STAT_WRITE: plain writes
 * @KFI_STAT_READ: reads
 * @KFI_STAT_WRITE_COMMIT: writes with KFI_COMMIT_COMPLETE
 * @KFI_STAT_COMMIT: kfi_commit()
 * @KFI_STAT_PUBLISH: kfi_write_publish()
 * @KFI_STAT_ATOMIC: atomics, committed or not
 * @KFI_STAT_SEND: messages sent
 * @KFI_STAT_RECV: messages received
 * @KFI_STAT_MAX: number of operations
 */
enum kfi_stat_op {
	KFI_STAT_WRITE,
	KFI_STAT_READ,
	KFI_STAT_WRITE_COMMIT,
	KFI_STAT_COMMIT,
	KFI_STAT_PUBLISH,
	KFI_STAT_ATOMIC,
	KFI_STAT_SEND,
	KFI_STAT_RECV,
	KFI_STAT_MAX,
};

/**
 * struct kfi_op_stats - counters of one kind of operation at its initiator
 * @ops: operations completed with success
 * @errors: operations completed with an error
 * @posts: calls that handed work to the hardware
 * @requests: work requests in those posts
 * @replies: messages that came back for them
 * @bytes_out: payload and headers of this provider sent
 * @bytes_in: the same received
 * @latency: histogram of post to completion; bucket i counts [2^i, 2^(i+1)) ns;
 *	a sample of the operations: the first of each clock tick
 */
struct kfi_op_stats {
	u64 ops;
	u64 errors;
	u64 posts;
	u64 requests;
	u64 replies;
	u64 bytes_out;
	u64 bytes_in;
	u64 latency[KFI_STAT_LATENCY_BUCKETS];
};

/**
 * struct kfi_pmem_stats - counters of an endpoint
 * @op: by operation
 * @commits: durable operations by method, as initiator
 * @served: requests served by kind of operation, as target
 * @served_commits: commits carried out as target
 * @refused: requests refused, and connections dropped for a bad message
 * @peers: connected peers
 * @peer_memory: bytes of memory that one idle peer holds
 * @reconnects: connections made anew after a loss
 * @credit_stalls: posts that had to wait for a credit
 */
struct kfi_pmem_stats {
	struct kfi_op_stats op[KFI_STAT_MAX];
	u64 commits[KFI_COMMIT_METHOD_MAX];
	u64 served[KFI_STAT_MAX];
	u64 served_commits;
	u64 refused;
	u64 peers;
	u64 peer_memory;
	u64 reconnects;
	u64 credit_stalls;
};

struct kfi_ops_pmem {
	size_t size;
	int (*attach)(struct kfid_ep *ep, kfi_addr_t addr,
		      const struct kfi_pmem_attach *what, u64 *key,
		      struct kfi_pmem_attr *attr);
	int (*detach)(struct kfid_ep *ep, kfi_addr_t addr, u64 key);
	int (*query)(struct kfid_ep *ep, kfi_addr_t addr, u64 key,
		     struct kfi_pmem_attr *attr);
	ssize_t (*commit)(struct kfid_ep *ep, const struct kfi_rma_iov *iov,
			  size_t count, kfi_addr_t addr,
			  enum kfi_commit_level level, void *context);
	ssize_t (*publish)(struct kfid_ep *ep,
			   const struct kfi_msg_publish *msg, u64 flags);
	int (*stats)(struct kfid_ep *ep, struct kfi_pmem_stats *stats);
};

/**
 * kfi_pmem_attach() - attach a region of a peer
 * @ep: an enabled endpoint whose auth_key the peer knows
 * @addr: the peer, from the address vector
 * @what: the region and what it has to be
 * @key: where the remote key goes, for struct kfi_rma_iov
 * @attr: where the attested facts go, or NULL. With -ESTALE: what the region
 *	is at present, in uuid, generation and epoch alone; all zero where the
 *	target told nothing. Zero with any other error
 *
 * Connects to the peer if need be. The key stays good over a reconnect, but
 * for one with @what->pin; the provider attaches the same region anew by
 * itself, with the epoch that was attested, and never raises it again.
 *
 * An epoch is accepted once. So where @what->raise is set and the answer is
 * lost (-ENOLINK), or the attach fails after the epoch was accepted, the epoch
 * is used up: who tries again takes a higher one.
 *
 * Clients of one endpoint share a region that several of them attach, as it
 * was attached first: @what->pin has to be the same, and @what->raise is for a
 * region that is not attached.
 *
 * Context: process; sleeps until the peer answered or the attempt timed out.
 * Return: 0; -ENOENT: no such region exported to us; -EACCES: not with this
 * access, or a wrong key; -EKEYREVOKED: fenced; -ESTALE: not the region that
 * was meant, or an epoch to raise to that is not above the present one, or a
 * pinned key that has died; -EBUSY: attached already, and not so; -EINVAL:
 * @what->raise without an epoch, or with one beyond every epoch; -EOPNOTSUPP:
 * the epoch cannot be made durable; -ENOLINK: peer out of reach; -ENOSYS:
 * provider has no regions.
 */
static inline int kfi_pmem_attach(struct kfid_ep *ep, kfi_addr_t addr,
				  const struct kfi_pmem_attach *what, u64 *key,
				  struct kfi_pmem_attr *attr)
{
	return ep->pmem->attach(ep, addr, what, key, attr);
}

/**
 * kfi_pmem_detach() - give an attached region back
 * @ep: endpoint that attached it
 * @addr: the peer
 * @key: the remote key
 *
 * Context: process; waits for operations that use the key.
 * Return: 0 or -ENOENT.
 */
static inline int kfi_pmem_detach(struct kfid_ep *ep, kfi_addr_t addr, u64 key)
{
	return ep->pmem->detach(ep, addr, key);
}

/**
 * kfi_pmem_query() - what the target attested of an attached region
 * @ep: endpoint that attached it
 * @addr: the peer
 * @key: the remote key
 * @attr: where the facts go
 *
 * Asks the peer when the connection is new since the last answer. Where there
 * is no connection it makes none: @attr then has what was attested last.
 *
 * Context: process; sleeps where it asks.
 * Return: 0; -ENOLINK: not connected; -ENOENT; or what an attach would return.
 */
static inline int kfi_pmem_query(struct kfid_ep *ep, kfi_addr_t addr, u64 key,
				 struct kfi_pmem_attr *attr)
{
	return ep->pmem->query(ep, addr, key, attr);
}

/**
 * kfi_commit() - make earlier writes durable
 * @ep: endpoint that wrote
 * @iov: ranges, each with its remote key; a length of 0 means the whole region
 * @count: number of ranges, at most tx_attr->rma_iov_limit
 * @addr: the peer
 * @level: how deep
 * @context: returned in the completion
 *
 * Covers every write that this endpoint posted to those ranges before. Where
 * such a write may have been lost with the target's power, the commit ends
 * with -ESTALE, once, and the client writes anew.
 *
 * Context: any but hard interrupt; does not sleep.
 * Return: 0 when posted; -EAGAIN: queue full; -EOPNOTSUPP: cannot be made
 * durable; -EINVAL: a range beyond the region.
 */
static inline ssize_t kfi_commit(struct kfid_ep *ep,
				 const struct kfi_rma_iov *iov, size_t count,
				 kfi_addr_t addr, enum kfi_commit_level level,
				 void *context)
{
	return ep->pmem->commit(ep, iov, count, addr, level, context);
}

/**
 * kfi_write_publish() - write data and then, durably, a word that announces it
 * @ep: endpoint
 * @msg: data and word
 * @flags: as for kfi_writemsg(); KFI_COMMIT_COMPLETE is implied
 *
 * Data, durable, aligned 8-byte store, durable: after a crash the word is
 * never found without the data. One round trip.
 *
 * Context: any but hard interrupt; does not sleep.
 * Return: as kfi_commit(); -EINVAL for a word that is not aligned.
 */
static inline ssize_t kfi_write_publish(struct kfid_ep *ep,
					const struct kfi_msg_publish *msg,
					u64 flags)
{
	return ep->pmem->publish(ep, msg, flags);
}

/**
 * kfi_pmem_stats() - an endpoint's counters
 * @ep: endpoint
 * @stats: where they go
 *
 * Context: process.
 * Return: 0 or -ENOSYS.
 */
static inline int kfi_pmem_stats(struct kfid_ep *ep,
				 struct kfi_pmem_stats *stats)
{
	return ep->pmem->stats(ep, stats);
}

/* A provider without persistent memory points ep->pmem here. */
extern const struct kfi_ops_pmem kfi_no_ops_pmem;

/**
 * struct kfi_target_handler - runs at the target before a commit is answered
 * @commit: called when the range is durable; what it returns is the commit's
 *	status at the initiator. Context: work item, may sleep, and holds up
 *	the reply of this commit alone.
 */
struct kfi_target_handler {
	int (*commit)(struct kfi_region *region, u64 offset, u64 length,
		      void *context);
};

/**
 * struct kfi_region_user - a local use of a region, fenced like a peer's
 * @list: belongs to kfi_pmem
 * @epoch: the epoch that the use began with; set by kfi_region_use()
 * @revoke: stop using the region. When it returns no store of this use lands
 *	any more. Called once at most, because the epoch was raised above
 *	@epoch or the pool's device is gone; kfi_region_unuse() is still to be
 *	called. Context: process, may sleep. It must not call
 *	kfi_region_unuse() or kfi_region_raise_epoch() for this region, open or
 *	close pools, or create or remove regions, nor wait for somebody who does
 */
struct kfi_region_user {
	struct list_head list;
	u64 epoch;
	void (*revoke)(struct kfi_region_user *user);
};

/* Local regions: exported by kfi_pmem.ko, documented there. */
struct kfi_region *kfi_region_open(const char *pool, const char *name);
void kfi_region_put(struct kfi_region *region);
void kfi_region_query(struct kfi_region *region, struct kfi_pmem_attr *attr);
int kfi_region_raise_epoch(struct kfi_region *region, u64 epoch);
int kfi_region_use(struct kfi_region *region, struct kfi_region_user *user,
		   u64 epoch);
void kfi_region_unuse(struct kfi_region *region, struct kfi_region_user *user);
int kfi_region_revoke(struct kfi_region *region, const char *peer);
int kfi_region_set_handler(struct kfi_region *region,
			   const struct kfi_target_handler *handler,
			   void *context);

const char *kfi_pmem_domain_name(enum kfi_pmem_domain domain);
const char *kfi_commit_method_name(enum kfi_commit_method method);

#endif
